import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finalStates, type StageStatus, type State, successStates } from '@sentinel/crds';
import { closingOf, withClosing } from './closing.ts';

const action = { metadata: { name: 'a', namespace: 'shop' } };
const run = { stages: [{ stage: 'run' } as StageStatus] };

describe('The message of an end', () => {
  for (const state of finalStates) {
    const good = successStates.has(state);
    it(`says of ${state} before the run ${good ? 'nothing more' : 'that nothing was changed'}`, () =>
      assert.equal(closingOf(state, action, {}), good ? '' : 'Nothing was changed.'));
  }

  const afterRun: readonly [State, RegExp][] = [
    ['RolledBack', /^Correct the cause, then create the action again\.$/],
    ['RollbackIncomplete', /correct by hand what must not stay: kubectl sentinel report a -n shop$/],
    ['VerificationFailed', /correct by hand what must not stay: kubectl sentinel report a -n shop$/],
    ['Cancelled', /^$/],
  ];
  for (const [state, expected] of afterRun)
    it(`says of ${state} after a run what to do next`, () => assert.match(closingOf(state, action, run), expected));

  it('is whole sentences, and keeps what to do next when it is cut', () => {
    assert.equal(
      withClosing('the action was cancelled by sid', 'Nothing was changed.'),
      'the action was cancelled by sid. Nothing was changed.',
    );
    assert.equal(withClosing('File it again.', 'Nothing was changed.'), 'File it again. Nothing was changed.');
    assert.equal(withClosing('x', ''), 'x');
    const long = withClosing('x'.repeat(5000), 'Nothing was changed.');
    assert.ok(long.length <= 2048);
    assert.match(long, /x… Nothing was changed\.$/);
  });
});
