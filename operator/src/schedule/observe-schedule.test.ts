import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction, PlaybookStatus, ScheduleStatus, State } from '@sentinel/crds';
import { anAction } from '@sentinel/policy/testing';
import { healthChanged, healthOf, nextLook, observeSchedule } from './observe-schedule.ts';
import { aScheduledPlaybook } from './schedule.fixture.ts';

const at = (time: string) => Date.parse(`2026-05-01T${time}Z`);
const iso = (time: string) => `2026-05-01T${time}.000Z`;
const record = (codes: string) => ({ details: [{ name: 'sentinel.refusal.codes', value: codes }] });

/** The action of a schedule that was due at a time and ended at another. */
const ran = (due: string, state: State, ended?: string, codes?: string): AgentAction =>
  anAction({
    metadata: { name: `fix-scheduled-${at(due) / 60_000}` },
    status: {
      conditions: [{ type: 'Succeeded', status: 'False', reason: state, message: 'pods crash', lastTransitionTime: iso(due) }],
      ...(ended === undefined ? {} : { finishedAt: iso(ended) }),
      ...(codes === undefined ? {} : { outbox: { sequence: 1, exported: 0, head: '', records: [record(codes)] } as never }),
    },
  });

const observe = (
  actions: AgentAction[],
  now: string,
  before: ScheduleStatus = {},
  runsSince: string | undefined = '00:00:00',
) => {
  const playbook = { ...aScheduledPlaybook({ cron: '0 * * * *' }), status: { schedule: before } };
  return (
    observeSchedule({ playbook, actions, runsSince: runsSince === undefined ? undefined : at(runsSince), now: at(now) }) ?? {}
  );
};

describe('What came of a schedule', () => {
  it('is its latest action, its last success, and how many ended in the same way', () => {
    const actions = [
      ran('02:00:00', 'NoEffect', '02:00:30'),
      ran('01:00:00', 'RehearsalFailed', '01:01:00'),
      ran('03:00:00', 'Rehearsing'),
    ];
    const found = observe(actions, '03:00:10');
    assert.deepEqual(found.lastRun, { action: actions[2]?.metadata.name, dueTime: iso('03:00:00'), state: 'Rehearsing' });
    assert.equal(found.lastSuccessTime, iso('02:00:30'));
    assert.deepEqual(found.streak, { outcome: 'Succeeded', count: 1, lastEnded: iso('02:00:30') });
    assert.equal(found.nextRunTime, iso('04:00:00'));
    // Each end counts once, and counts on when its action is gone.
    assert.deepEqual(observe(actions, '03:00:20', found).streak, found.streak);
    const later = observe([ran('03:00:00', 'NoEffect', '03:01:00')], '03:02:00', found);
    assert.deepEqual(later.streak, { outcome: 'Succeeded', count: 2, lastEnded: iso('03:01:00') });
    const failed = observe([ran('04:00:00', 'RunFailed', '04:01:00')], '04:02:00', later);
    assert.deepEqual(failed.streak, { outcome: 'Failed', count: 1, lastEnded: iso('04:01:00') });
    assert.equal(failed.lastSuccessTime, iso('03:01:00'));
  });

  it('says nothing of what people decided, nor of times that were skipped', () => {
    const actions = [
      ran('01:00:00', 'Rejected', '01:01:00'),
      ran('02:00:00', 'Cancelled', '02:01:00'),
      ran('03:00:00', 'Expired', '03:01:00'),
      ran('04:00:00', 'Denied', '04:01:00', 'ScheduleOverlap'),
    ];
    assert.equal(observe(actions, '04:10:00').streak, undefined);
    assert.equal(observe([ran('01:00:00', 'Denied', '01:01:00', 'PolicySuspended')], '01:02:00').streak?.outcome, 'Failed');
  });

  it('counts the times that went by without an action, each once', () => {
    const actions = [ran('02:00:00', 'NoEffect', '02:01:00')];
    const found = observe(actions, '03:10:00');
    assert.deepEqual([found.missed, found.lastMissedTime], [3, iso('03:00:00')]);
    assert.deepEqual([observe([], '03:10:00', found).missed, observe([], '04:10:00', found).missed], [3, 4]);
    // It may still be filed.
    assert.equal(observe([], '00:04:00', {}, '00:00:00').missed, 0);
  });

  it('counts none of a time at which the schedule was suspended', () => {
    assert.equal(observe([], '03:10:00', {}, '02:30:00').missed, 1);
    const suspended = observeSchedule({ playbook: aScheduledPlaybook(), actions: [], runsSince: undefined, now: at('03:10:00') });
    assert.deepEqual([suspended?.missed, suspended?.nextRunTime], [0, undefined]);
  });

  it('is looked at again when an action is due, or counts as missed', () => {
    const playbook = aScheduledPlaybook({ cron: '0 * * * *' });
    const look = (now: string, since = '00:30:00') => nextLook({ playbook, runsSince: at(since), now: at(now) });
    assert.equal(look('00:40:00'), at('01:00:00'));
    assert.equal(look('01:00:01'), at('01:06:00'));
    assert.equal(nextLook({ playbook, runsSince: undefined, now: 0 }), undefined);
  });
});

describe('The health of a schedule', () => {
  const failed = ran('01:00:00', 'RehearsalFailed', '01:01:00');
  it('is that of the last action that counts, with its finding', () => {
    assert.equal(healthOf({}, []), undefined);
    assert.deepEqual(healthOf(observe([failed], '01:02:00'), [failed]), {
      status: 'False',
      reason: 'Unhealthy',
      message: `'${failed.metadata.name}' failed (RehearsalFailed): pods crash`,
    });
    assert.equal(healthOf(observe([ran('01:00:00', 'NoEffect', '01:01:00')], '01:02:00'), [])?.status, 'True');
  });

  it('is news when it changes, and when the first one is bad', () => {
    const status = (health: 'True' | 'False'): PlaybookStatus => ({
      conditions: [{ type: 'Healthy', status: health, reason: '', message: '', lastTransitionTime: '' }],
    });
    assert.equal(healthChanged(undefined, status('True')), false);
    assert.equal(healthChanged(undefined, status('False')), true);
    assert.equal(healthChanged(status('False'), status('True')), true);
    assert.equal(healthChanged(status('True'), status('True')), false);
  });
});
