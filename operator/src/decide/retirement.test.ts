import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction } from '@sentinel/crds';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import { action, facts, iso, policies } from './decide.fixture.ts';
import { decideNextStep } from './next-step.ts';

describe('An action that has ended', () => {
  const kept = (more: object = {}) => policies({ dataHandling: { retainFor: '1h' }, ...more });
  const record = { previous: '', hash: '', time: '', actor: '', summary: '', action: 'u' };
  const ended = (sequence = 1, transition = 'Ended', hoursAgo = 2): AgentAction => ({
    ...action('Succeeded'),
    status: {
      ...action('Succeeded').status,
      finishedAt: iso(-60 * hoursAgo),
      outbox: { sequence, head: '', exported: 0, records: [{ ...record, sequence, transition }] },
    },
  });
  const all = { policies: kept(), sink: { id: 's', since: 1, acknowledged: 1 } };
  const rows: [name: string, facts: Facts, step: object][] = [
    ['is kept where no policy says how long', facts(ended()), { kind: 'Wait' }],
    ['is looked at when its time comes', facts(ended(1, 'Ended', 0.5), all), { kind: 'Wait', requeueAfterMs: 30 * 60_000 }],
    ['gets the record of its retirement first', facts(ended(), all), { kind: 'Retire' }],
    [
      'is deleted when a sink has that',
      facts(ended(2, 'Retired'), { ...all, sink: { id: 's', since: 1, acknowledged: 2 } }),
      { kind: 'Delete' },
    ],
    ['stays until a sink has that', facts(ended(2, 'Retired'), all), { kind: 'Wait', requeueAfterMs: 60_000 }],
    ['stays without a sink', facts(ended(), { ...all, sink: undefined }), { kind: 'Wait' }],
    [
      'is deleted by no cache',
      facts(ended(2, 'Retired'), { ...all, sink: { id: 's', since: 1, acknowledged: 2 }, live: false }),
      { kind: 'LookAgainLive' },
    ],
    ['stays while the kill switch is on', facts(ended(), { ...all, policies: kept({ suspended: true }) }), { kind: 'Wait' }],
    [
      'stays as long as a limit counts it',
      facts(ended(), { ...all, policies: kept({ limits: { perDay: 1 } }) }),
      { kind: 'Wait' },
    ],
    [
      'stays while a part of it lives',
      facts(ended(), { ...all, activity: [{ ...activityOf(action('Running')), uid: 'c', parent: 'u', root: 'u' }] }),
      { kind: 'Wait', requeueAfterMs: 60_000 },
    ],
  ];
  for (const [name, given, step] of rows) it(name, () => assert.partialDeepStrictEqual(decideNextStep(given), step));
});
