import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { visible, visibleBlock } from './visible.ts';

const hostile: readonly [name: string, text: string, shown: string][] = [
  ['colours', '\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m'],
  ['cursor moves', '\u001b[2A\u001b[K', '\\u001b[2A\\u001b[K'],
  ['a C1 control sequence introducer', '\u009b31m', '\\u009b31m'],
  ['a hyperlink', '\u001b]8;;http://evil\u0007ok', '\\u001b]8;;http://evil\\u0007ok'],
  ['a carriage return that overwrites', 'deny\rallow', 'deny\\u000dallow'],
  ['a backspace', 'deny\b\b', 'deny\\u0008\\u0008'],
  ['a line break', 'one\ntwo', 'one\\u000atwo'],
  ['right-to-left override', 'gnp.\u202eexe', 'gnp.\\u202eexe'],
  ['isolates', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['zero-width characters', 'a\u200bb\u200dc\ufeff', 'a\\u200bb\\u200dc\\ufeff'],
  ['a no-break space', 'a\u00a0b', 'a\\u00a0b'],
  ['line and paragraph separators', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
  ['tag characters', '\u{e0041}', '\\u{e0041}'],
  ['variation selectors', 'a\ufe0f', 'a\\ufe0f'],
  ['left-to-right override and marks', '\u202da\u200e\u061c', '\\u202da\\u200e\\u061c'],
  ['DEL and NUL', 'a\u007f\u0000', 'a\\u007f\\u0000'],
  ['a device control string', '\u001bPq\u001b\\', '\\u001bPq\\u001b\\'],
  ['a soft hyphen and a word joiner', 'a\u00adb\u2060', 'a\\u00adb\\u2060'],
  ['blanks that are not the blank', 'a\u2003b\u3000c\u2800', 'a\\u2003b\\u3000c\\u2800'],
  ['Hangul fillers', 'a\u3164\uffa0', 'a\\u3164\\uffa0'],
  ['half of a surrogate pair', 'a\ud800', 'a\\ud800'],
  ['a tower of marks', 'a\u0300\u0301\u0302\u0303\u0304', 'a\u0300\u0301\u0302\\u0303\\u0304'],
  ['a mark that encloses', 'a\u20dd', 'a\\u20dd'],
  ['plain text of any language', 'Größe 日本語 → ok', 'Größe 日本語 → ok'],
];

describe('visible', () => {
  for (const [name, text, shown] of hostile) it(`shows ${name}`, () => assert.equal(visible(text), shown));

  it('lets no carriage return through a block', () => {
    assert.equal(visibleBlock('a\rPLAN sha256\r\nb', '| '), '| a\\u000dPLAN sha256\n| b');
  });

  it('keeps the lines of a block, each behind its prefix', () => {
    assert.equal(visibleBlock('a\nApprove? y\u001b[0m', '| '), '| a\n| Approve? y\\u001b[0m');
  });
});
