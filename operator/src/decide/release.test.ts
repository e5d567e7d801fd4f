import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction } from '@sentinel/crds';
import { action, facts, iso, NOW } from './decide.fixture.ts';
import { decideNextStep } from './next-step.ts';

const sink = (acknowledged: number) => ({ id: 's', since: 1, acknowledged });
function ended(deleted?: number, finished = -5): AgentAction {
  const made = action('Succeeded', { finalizers: ['sentinel.dev/end-runs'] });
  return {
    ...made,
    metadata: { ...made.metadata, ...(deleted === undefined ? {} : { deletionTimestamp: iso(deleted) }) },
    status: { ...made.status, finishedAt: iso(finished), outbox: { sequence: 9, head: 'h', exported: 0, records: [] } },
  };
}

describe('The finalizer of an action that has ended', () => {
  const rows: readonly [what: string, of: AgentAction, sink: ReturnType<typeof sink> | undefined, step: object][] = [
    ['comes off when the sink has everything', ended(), sink(9), { kind: 'RemoveFinalizer' }],
    ['comes off at once without a sink', ended(), undefined, { kind: 'RemoveFinalizer' }],
    ['stays until the sink has everything', ended(), sink(8), { kind: 'Wait' }],
    ['stays ten minutes for who deletes it', ended(-4), sink(8), { kind: 'Wait', requeueAfterMs: 6 * 60_000 }],
    [
      'stays ten minutes after the end where that comes later',
      ended(-20, -1),
      sink(8),
      { kind: 'Wait', requeueAfterMs: 9 * 60_000 },
    ],
    [
      'comes off after that, and it is told what is missing',
      ended(-11, -12),
      sink(7),
      { kind: 'RemoveFinalizer', missing: { from: 8, to: 9 } },
    ],
  ];
  for (const [what, of, cursor, step] of rows)
    it(what, () => assert.deepEqual(decideNextStep(facts(of, { sink: cursor, now: NOW })), step));
});
