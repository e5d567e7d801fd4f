import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, annotations, ScheduleSpec } from '@sentinel/crds';
import { activityOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import { action, facts, iso, NOW, playbook, policies } from './decide.fixture.ts';
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
    [
      'stays while another action may undo it, which needs its pre-images',
      facts(ended(), { ...all, activity: [{ ...activityOf(action('AwaitingApproval')), uid: 'c', root: 'c', undoes: 'u' }] }),
      { kind: 'Wait', requeueAfterMs: 60_000 },
    ],
    ['notes who has undone it', facts(ended(), { ...all, undoneBy: { name: 'b', uid: 'b' } }), { kind: 'NoteUndone' }],
    [
      'notes nothing after its retirement',
      facts(ended(2, 'Retired'), { ...all, undoneBy: { name: 'b', uid: 'b' } }),
      { kind: 'Wait' },
    ],
  ];
  for (const [name, given, step] of rows) it(name, () => assert.partialDeepStrictEqual(decideNextStep(given), step));

  describe('beyond the history of its schedule', () => {
    const requester = { user: 'system:serviceaccount:sentinel-schedules:schedule', uid: '', groups: [] };
    const minutes = Math.floor(NOW / 60_000) - 3 * 60;
    const made: AgentAction = ended(1, 'Ended', 2);
    const scheduled: AgentAction = {
      ...made,
      metadata: {
        ...made.metadata,
        name: `fix-scheduled-${minutes}`,
        annotations: { [annotations.requestedBy]: JSON.stringify(requester) },
      },
    };
    const schedule = { ...playbook.spec, schedule: ScheduleSpec.parse({ cron: '*/30 * * * *', history: { succeeded: 0 } }) };
    const of = (more: object, sink: Facts['sink'] = all.sink) =>
      decideNextStep(
        facts(scheduled, {
          sink,
          policies: policies(more),
          playbook: { ...playbook, spec: schedule, status: { schedule: {} } },
        }),
      );
    const HOUR_MS = 3600_000;
    const cases: [name: string, policies: object, step: object][] = [
      ['is retired if nothing needs it', {}, { kind: 'Retire' }],
      ['stays as long as perDay counts it', { limits: { perDay: 20 } }, { kind: 'Wait', requeueAfterMs: 22 * HOUR_MS }],
      ['stays as long as a cool-down needs it', { limits: { coolDown: '3h' } }, { kind: 'Wait', requeueAfterMs: HOUR_MS }],
      [
        'stays as long as retainAtLeast says, without retainFor',
        { dataHandling: { retainAtLeast: '90d' } },
        { kind: 'Wait', requeueAfterMs: 24 * HOUR_MS },
      ],
      ['stays as long as retainFor says', { dataHandling: { retainFor: '4h' } }, { kind: 'Wait', requeueAfterMs: 2 * HOUR_MS }],
    ];
    for (const [name, more, step] of cases) it(name, () => assert.deepEqual(of(more), step));

    it('stays until a sink has its whole audit trail', () => {
      assert.deepEqual(of({}, { id: 's', since: 1, acknowledged: 0 }), { kind: 'Wait', requeueAfterMs: 60_000 });
      assert.equal(of({}, { id: 's', since: 2, acknowledged: 1 }).kind, 'Wait');
    });
  });
});
