import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHostile, visible, visibleLine } from './visible.ts';

describe('Characters that look like others', () => {
  const rows: readonly [name: string, text: string, shown: string][] = [
    ['a Cyrillic letter in a Latin word', 'p\u0430yments', 'p\\u0430yments'],
    ['a Greek letter in a Latin word', 'ngin\u03bf:1.2', 'ngin\\u03bf:1.2'],
    ['an Armenian letter beside digits and Latin', 'w\u0585b2', 'w\\u0585b2'],
    ['a Latin letter outside ASCII that looks like one', 'rem\u0131te \u0261it', 'rem\\u0131te \\u0261it'],
    ['letters of another width', 'we\uff42', 'we\\uff42'],
    ['mathematical letters', 'x\u{1d41a}', 'x\\u{1d41a}'],
    ['a word in mathematical letters', 'to \u{1d699}\u{1d69b}\u{1d698}\u{1d68d}', 'to \\u{1d699}\\u{1d69b}\\u{1d698}\\u{1d68d}'],
    ['a number of mathematical digits', '1.\u{1d7f7}\u{1d7f6}', '1.\\u{1d7f7}\\u{1d7f6}'],
    ['a digit of another kind in a number', '1\u{1d7ce} 5\uff10 1\u09ea', '1\\u{1d7ce} 5\\uff10 1\\u09ea'],
    ['a letter of another script in a number', '1\u041e0', '1\\u041e0'],
    ['a symbol without ink', 'a\u{1d159}b \u{16fe4}', 'a\\u{1d159}b \\u{16fe4}'],
    ['numbers as people write them', '10² 1ª 2024г 5й ① ١٢ １２ ＩＴ', '10² 1ª 2024г 5й ① ١٢ １２ ＩＴ'],
    ['a division slash in an address', 'registry.acme.io\u2215web', 'registry.acme.io\\u2215web'],
    ['a hyphen of another kind in a name', 'kube\u2010system', 'kube\\u2010system'],
    ['a colon of another kind', 'web\ua789latest', 'web\\ua789latest'],
    ['an escape beside another script', '\u202e\u043f\u0440\u0438', '\\u202e\u043f\u0440\u0438'],
    [
      'words of another script',
      'deploy \u043f\u0440\u0438\u0432\u0435\u0442 now',
      'deploy \u043f\u0440\u0438\u0432\u0435\u0442 now',
    ],
    ['words of ordinary languages', 'Größe naïve œuvre Łódź 東京web 서울app', 'Größe naïve œuvre Łódź 東京web 서울app'],
    ['ordinary prose', 'don’t wait… “quoted” – yes — 3–5 → ok ✓ 50 %', 'don’t wait… “quoted” – yes — 3–5 → ok ✓ 50 %'],
  ];
  for (const [name, text, shown] of rows) it(`are shown as what they are: ${name}`, () => assert.equal(visible(text), shown));

  it('are found in texts of any length', () => {
    const long: [string, boolean][] = [
      ['\u0430'.repeat(400_000), false],
      [`a${'\u0430'.repeat(400_000)}`, true],
      ['\u0300'.repeat(400_000), true],
      ['a\u2215'.repeat(200_000), true],
    ];
    for (const [at, [text, hostile]] of long.entries()) assert.equal(isHostile(text), hostile, String(at));
  });
});

describe('A sentence in an Event or a condition', () => {
  it('is one line in which every character can be seen', () =>
    assert.equal(
      visibleLine('step failed:\r\n  \u001b[2Kline two \u202ereversed\n\n\tend\n'),
      'step failed: ↵ \\u001b[2Kline two \\u202ereversed ↵ end',
    ));
});
