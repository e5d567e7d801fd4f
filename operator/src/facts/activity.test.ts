import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StageStatus, State } from '@sentinel/crds';
import { action, stage } from '../decide/decide.fixture.ts';
import { activityOf } from './activity.ts';

describe('An action, as limits and autonomy see it', () => {
  const run = (outcome: StageStatus['outcome']) => stage('run', outcome === undefined ? {} : { outcome });
  const rows: readonly [name: string, state: State, stages: StageStatus[], failed: boolean, succeeded: boolean][] = [
    ['failed when its run did', 'RunFailed', [run('Failed')], true, false],
    [
      'failed when it was rolled back',
      'RolledBack',
      [run('Succeeded'), stage('verification', { outcome: 'Failed' })],
      true,
      false,
    ],
    // The requester of an action may cancel it at any moment, also when they see it fail.
    ['failed when it was cancelled after its run had begun', 'Cancelled', [run('Unknown')], true, false],
    ['failed when it was cancelled while it was verified', 'Cancelled', [run('Succeeded'), stage('verification')], true, false],
    ['has done nothing when it was cancelled before', 'Cancelled', [stage('rehearsal')], false, false],
    ['has done nothing when it was refused', 'Denied', [stage('rehearsal')], false, false],
    ['succeeded when it did', 'Succeeded', [run('Succeeded')], false, true],
    ['is neither while it runs', 'Running', [run(undefined)], false, false],
  ];
  for (const [name, state, stages, failed, succeeded] of rows)
    it(name, () => {
      const seen = activityOf(action(state, { stages }));
      assert.deepEqual([seen.failed, seen.succeeded], [failed, succeeded]);
    });

  it('failed when another action had to undo it', () => {
    const { status, ...rest } = action('Succeeded', { stages: [run('Succeeded')] });
    const seen = activityOf({ ...rest, status: { ...status, rolledBackBy: { name: 'back', uid: 'b' } } });
    assert.deepEqual([seen.failed, seen.succeeded, seen.isGood], [true, false, true]);
  });
});
