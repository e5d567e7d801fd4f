import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { consoleBlocks, isShown } from './console-blocks.ts';

describe('the commands of a text', () => {
  it('are those of its console blocks, with the output that is shown for each', () => {
    const markdown =
      'a\n```console\n$ one --x\nout\n  more\n$ two\n```\n```yaml\n$ not: this\n```\n```console\n$ three\n…\nend\n```\n';
    assert.deepEqual(consoleBlocks(markdown), [
      { command: 'one --x', output: ['out', '  more'] },
      { command: 'two', output: [] },
      { command: 'three', output: ['…', 'end'] },
    ]);
  });
});

describe('an output that is shown', () => {
  for (const [what, output, printed, expected] of [
    ['is what was printed', ['a', 'b'], 'a\nb\n', true],
    ['has no other line', ['a'], 'a\nb\n', false],
    ['has each line', ['a', 'b'], 'a\n', false],
    ['may leave out lines', ['a', '…', 'd'], 'a\nb\nc\nd', true],
    ['may leave out no line if none was printed', ['…', 'a'], 'a', true],
    ['may leave out a part of a line', ['a … (b.c)'], 'a x y (b.c)', true],
    ['means its characters', ['a … (b.c)'], 'a x (bxc)', false],
    ['may be nothing', [], '', true],
    ['is nothing only if nothing was printed', [], 'a\n', false],
  ] as const)
    it(what, () => assert.equal(isShown(output, printed), expected));
});
