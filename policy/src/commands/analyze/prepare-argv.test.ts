import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { prepareArgv } from './prepare-argv.ts';

const script = (mark: string, lines: number) =>
  ['sh', '-c', Array.from({ length: lines }, (_, at) => `kubectl get pod ${mark}-${at}`).join('\n')] as const;

describe('A command line that comes again', () => {
  for (const [what, lines] of Object.entries({ 'a short one': 1, 'a long script': 400 }))
    it(`is read once more and then kept: ${what}`, () => {
      const argv = script(what.replaceAll(' ', '-'), lines);
      const first = prepareArgv(argv, []);
      const second = prepareArgv(argv, []);
      assert.deepEqual(second, first);
      assert.equal(prepareArgv(argv, []), second);
    });

  it('is another one with other variables', () => {
    const argv = script('variables', 400);
    prepareArgv(argv, []);
    const kept = prepareArgv(argv, []);
    assert.notEqual(prepareArgv(argv, ['X']), kept);
  });

  it('is kept no longer when many long ones were read since', () => {
    const argv = script('old', 400);
    prepareArgv(argv, []);
    const kept = prepareArgv(argv, []);
    for (let at = 0; at < 60; at++) for (let time = 0; time < 2; time++) prepareArgv(script(`new-${at}`, 400), []);
    assert.notEqual(prepareArgv(argv, []), kept);
  });
});
