import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diffBudget, lineDiff } from './line-diff.ts';
import { MASK } from './secrets.ts';
import { splitText } from './split-text.ts';

const lines = (count: number, change: Record<number, string> = {}) =>
  Array.from({ length: count }, (_, index) => `${change[index + 1] ?? `line ${index + 1}`}\n`).join('');
const text = (value: string | undefined, ...hidden: [number, number][]) =>
  value === undefined ? undefined : { text: value, hidden };
const diff = (before: string | undefined, after: string | undefined) => lineDiff(text(before), text(after), diffBudget()).lines;

describe('The lines that differ between two texts', () => {
  const rows: Record<string, { before: string | undefined; after: string | undefined; shown: string[] }> = {
    'are shown with three lines around them': {
      before: lines(300),
      after: lines(300, { 290: 'evil' }),
      shown: [
        '@@ -287 +287 @@',
        ' line 287',
        ' line 288',
        ' line 289',
        '-line 290',
        '+evil',
        ' line 291',
        ' line 292',
        ' line 293',
      ],
    },
    'are shown apart where they are far from each other': {
      before: lines(20),
      after: lines(20, { 1: 'a', 20: 'b' }),
      shown: [
        '@@ -1 +1 @@',
        '-line 1',
        '+a',
        ' line 2',
        ' line 3',
        ' line 4',
        '@@ -17 +17 @@',
        ' line 17',
        ' line 18',
        ' line 19',
        '-line 20',
        '+b',
      ],
    },
    'are all of a text that is new': { before: undefined, after: 'a\nb\n', shown: ['@@ -0 +1 @@', '+a', '+b'] },
    'are all of a text that goes': { before: 'a\nb\n', after: undefined, shown: ['@@ -1 +0 @@', '-a', '-b'] },
    'include a line end that goes': {
      before: 'a\n',
      after: 'a',
      shown: ['@@ -1 +1 @@', '-a', '+a', '\\ the text has no line end here'],
    },
    'cannot imitate rows of the diff': {
      before: 'x\n',
      after: '@@ -1 +1 @@\n+y\n',
      shown: ['@@ -1 +1 @@', '-x', '+@@ -1 +1 @@', '++y'],
    },
    'keep the blanks and returns that they have': { before: 'a\r\n', after: ' a\n', shown: ['@@ -1 +1 @@', '-a\r', '+ a'] },
  };
  for (const [name, { before, after, shown }] of Object.entries(rows))
    it(name, () => assert.deepEqual(diff(before, after).split('\n'), shown));

  it('are the pieces that differ of a long line', () => {
    const json = (value: string) =>
      `{${Array.from({ length: 2000 }, (_, index) => `"key${index}":"${index === 1500 ? value : index}"`).join(',')}}`;
    const rows = diff(json('good'), json('evil')).split('\n');
    assert.ok(rows.includes('-"key1500":"good",') && rows.includes('+"key1500":"evil",'), rows.join('\n'));
    assert.ok(rows.length < 20);
  });

  it('leave out only what is equal: with what is around them they give the new text', () => {
    const random = seeded(7);
    for (let round = 0; round < 300; round++) {
      const before = words(random);
      const after = mutated(before, random);
      const rows = diff(before.join(''), after.join('')).split('\n');
      const removed = rows.filter((row) => row.startsWith('-')).length;
      const added = rows.filter((row) => row.startsWith('+')).length;
      assert.equal(after.length - before.length, added - removed);
      const left = [...after];
      for (const row of rows.filter((one) => one.startsWith('+'))) {
        const at = left.indexOf(`${row.slice(1)}\n`);
        assert.ok(at >= 0, row);
        left.splice(at, 1);
      }
      const kept = [...before];
      for (const row of rows.filter((one) => one.startsWith('-'))) kept.splice(kept.indexOf(`${row.slice(1)}\n`), 1);
      assert.deepEqual(left.sort(), kept.sort());
    }
  });

  it('show that something hidden changes, and not what it is', () => {
    const before = 'a: 1\npassword: hunter22\nb: 2\n';
    const after = 'a: 1\npassword: hunter33\nb: 2\n';
    const { lines: shown, hidden } = lineDiff(text(before, [15, 23]), text(after, [15, 23]), diffBudget());
    assert.deepEqual(shown.split('\n'), ['@@ -1 +1 @@', ' a: 1', `-password: ${MASK}`, `+password: ${MASK}`, ' b: 2']);
    assert.equal(hidden, true);
  });

  it('hide every line of a secret that has several, also where only its middle changes', () => {
    const key = (middle: string) => `BEGIN\n${'k\n'.repeat(10)}${middle}\n${'k\n'.repeat(10)}END\n`;
    const cover = (value: string): [number, number] => [0, value.length - 1];
    const { lines: shown } = lineDiff(text(key('one'), cover(key('one'))), text(key('two'), cover(key('two'))), diffBudget());
    assert.doesNotMatch(shown, /one|two|k$/m);
    assert.match(shown, /^-<redacted>\n\+<redacted>$/m);
  });

  it('take no more steps than there are, whatever the texts are', () => {
    const many = 'x\n'.repeat(700_000);
    const hostile: [string, string][] = [
      [many, `${many}y\n`],
      [lines(40_000), lines(40_000).replaceAll('line', 'word')],
      ['\n'.repeat(150_000), 'a\n\n'.repeat(75_000)],
      ['ab'.repeat(700_000), 'ba'.repeat(700_000)],
      [',;'.repeat(300_000), ';,'.repeat(300_000)],
    ];
    for (const [before, after] of hostile) {
      const budget = diffBudget();
      assert.ok(lineDiff(text(before), text(after), budget).lines.length > 0);
      assert.ok(budget.steps >= 0, String(budget.steps));
    }
  });

  it('take no more than a budget for all texts of a plan, and are complete when it is spent', () => {
    const budget = { steps: 0 };
    const { lines: shown } = lineDiff(text(lines(10)), text(lines(10, { 2: 'a', 9: 'b' })), budget);
    assert.deepEqual(shown.split('\n').filter((row) => /^[-+]/.test(row)).length, 16);
  });
});

describe('The pieces of a text', () => {
  it('are the text when they are joined, and hold no half of a character', () => {
    for (const value of ['', 'a', 'a\nb', `${'😀'.repeat(2000)}\n`, `x${'😀'.repeat(2000)}`, `${'a,b;c{d}'.repeat(500)}`]) {
      const pieces = splitText(value, 100_000);
      assert.equal(pieces?.join(''), value);
      assert.ok(pieces?.every((piece) => piece.isWellFormed() && piece.length <= 480));
    }
  });
  it('are not made of a text that has too many', () => assert.equal(splitText('\n'.repeat(11), 10), undefined));
});

function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % below;
  };
}
const words = (random: (below: number) => number) => Array.from({ length: random(40) }, () => `w${random(6)}\n`);
function mutated(before: readonly string[], random: (below: number) => number): string[] {
  const after = [...before];
  for (let count = random(6); count > 0; count--)
    after.splice(random(after.length + 1), random(3), ...words(random).slice(0, random(3)));
  return after;
}
