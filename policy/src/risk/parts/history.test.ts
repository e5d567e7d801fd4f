import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { activity } from '../../limits/activity.fixture.ts';
import type { Activity } from '../../limits/limits.ts';
import { historyOf, partsOfHistory } from './history.ts';

const run = (ended: number, outcome: 'failed' | 'succeeded' | 'neither', more: Partial<Activity> = {}): Activity =>
  activity(`u${ended}`, {
    playbookDigest: 'v1',
    admitted: 1,
    ended,
    failed: outcome === 'failed',
    succeeded: outcome === 'succeeded',
    targets: ['web'],
    ...more,
  });
const self = { uid: 'self', namespace: 'shop', playbook: 'fix', playbookDigest: 'v1', targets: ['web'] };

describe('The history of a Playbook', () => {
  const rows: Record<string, { runs: Activity[]; targets?: string[]; rules: string[] }> = {
    'begins with its first run': { runs: [], rules: ['first-run'] },
    'adds nothing after one that went well': { runs: [run(1, 'succeeded')], rules: [] },
    'adds nothing after a long row of successes': {
      runs: Array.from({ length: 50 }, (_, index) => run(index, 'succeeded')),
      rules: [],
    },
    'is not that of another namespace': { runs: [run(1, 'succeeded', { namespace: 'bank' })], rules: ['first-run'] },
    'is not that of another Playbook': { runs: [run(1, 'failed', { playbook: 'other' })], rules: ['first-run'] },
    'is not the action itself': { runs: [run(1, 'succeeded', { uid: 'self' })], rules: ['first-run'] },
    'is not what only was rehearsed': { runs: [run(1, 'neither')], rules: ['first-run'] },
    'is not what still runs': { runs: [run(1, 'failed', { phase: 'Running' })], rules: ['first-run'] },
    'begins again when the Playbook changed': { runs: [run(1, 'succeeded', { playbookDigest: 'v0' })], rules: ['first-run'] },
    'knows a failure of an earlier version': {
      runs: [run(1, 'failed', { playbookDigest: 'v0' })],
      rules: ['first-run', 'failed-before'],
    },
    'knows that the last run failed': { runs: [run(1, 'succeeded'), run(2, 'failed')], rules: ['failed-before'] },
    'forgives when it went well since': { runs: [run(2, 'succeeded'), run(1, 'failed')], rules: [] },
    'does not forgive for what went well elsewhere': {
      runs: [run(1, 'failed'), run(2, 'succeeded', { targets: ['api'] })],
      rules: ['failed-before'],
    },
    'takes the worse of two that ended together': { runs: [run(1, 'succeeded'), run(1, 'failed')], rules: ['failed-before'] },
    'names an object that it never changed': { runs: [run(1, 'succeeded')], targets: ['api', 'web'], rules: ['new-target'] },
  };
  for (const [name, { runs, targets, rules }] of Object.entries(rows))
    it(name, () => {
      const history = historyOf(runs, { ...self, targets: targets ?? self.targets });
      assert.deepEqual(
        partsOfHistory(history).map(({ rule }) => rule),
        rules,
      );
    });

  it('is said in sentences', () =>
    assert.deepEqual(
      partsOfHistory(historyOf([run(1, 'failed', { playbookDigest: 'v0' })], self)).map(({ message }) => message),
      [
        "Playbook 'fix', as it is now, has never run in namespace 'shop'",
        "the last run of Playbook 'fix' on 1 object of this plan did not end well",
      ],
    ));
});
