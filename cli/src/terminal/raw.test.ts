import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { raw } from './raw.ts';
import { isHostile } from './visible.ts';

const object = {
  colours: '\u001b[31mred\u001b[0m',
  c1: '\u009b31m',
  bidi: 'gnp.\u202eexe',
  invisible: 'a\u200bb\u{e0041}c\u00a0d',
  block: 'first\nsecond \u009b2K\nthird\n',
  plain: 'Größe: 日本語 😀\nand a second line',
  tab: 'a\tb',
  'key\u202e': ['\r', '# no comment', '- no item'],
};

describe('raw', () => {
  for (const [format, read] of [
    ['json', (text: string): unknown => JSON.parse(text)],
    ['yaml', (text: string): unknown => parse(text)],
  ] as const) {
    it(`prints ${format} that holds nothing hostile`, () => {
      assert.equal(isHostile(raw(object, format).replaceAll('\n', '')), false);
    });
    it(`prints ${format} that reads back the same`, () => assert.deepEqual(read(raw(object, format)), object));
  }
});
