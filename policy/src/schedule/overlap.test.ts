import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlaybookStatus } from '@sentinel/crds';
import { activity } from '../limits/activity.fixture.ts';
import type { Activity } from '../limits/limits.ts';
import { aPlaybook } from '../testing/playbook.fixture.ts';
import { isBeyondHistory, judgeOverlap, replacementOf } from './overlap.ts';

const requester = { user: 'system:serviceaccount:sentinel-schedules:schedule', groups: [] };
const scheduled = (minutes: number, phase: Activity['phase'], more: Partial<Activity> = {}) =>
  activity(`u${minutes}`, { name: `fix-scheduled-${minutes}`, requester, phase, ...more });
const self = scheduled(20, 'Filed');
const policy = (concurrencyPolicy: 'Forbid' | 'Replace' | 'Allow') => ({ concurrencyPolicy });

describe('An action that is due while an earlier one of its schedule has not ended', () => {
  it('is skipped under Forbid', () => {
    const [refusal] = judgeOverlap(policy('Forbid'), self, [scheduled(10, 'Waiting'), self]);
    assert.equal(refusal?.code, 'ScheduleOverlap');
    assert.equal(
      refusal.message,
      "this time is skipped, because the action 'fix-scheduled-10' of the same schedule has not ended",
    );
  });

  it('is skipped under Replace only if the real run of that one has begun', () => {
    assert.deepEqual(judgeOverlap(policy('Replace'), self, [scheduled(10, 'Waiting')]), []);
    assert.equal(judgeOverlap(policy('Replace'), self, [scheduled(10, 'Running')]).length, 1);
    assert.equal(judgeOverlap(policy('Replace'), self, [scheduled(10, 'Unresolved')]).length, 1);
  });

  it('goes on under Allow, and beside actions that have ended, are later, or are of others', () => {
    assert.deepEqual(judgeOverlap(policy('Allow'), self, [scheduled(10, 'Running')]), []);
    const beside = [
      scheduled(10, 'Ended'),
      scheduled(30, 'Running'),
      scheduled(10, 'Running', { playbook: 'other' }),
      scheduled(10, 'Running', { namespace: 'other' }),
      scheduled(10, 'Running', { requester: { user: 'agent', groups: [] } }),
    ];
    assert.deepEqual(judgeOverlap(policy('Forbid'), self, beside), []);
    assert.deepEqual(judgeOverlap(undefined, self, [scheduled(10, 'Running')]), []);
  });
});

describe('An action of a schedule', () => {
  it('is replaced by the latest one after it before its real run begins, and only under Replace', () => {
    const later = [scheduled(30, 'Rehearsing'), scheduled(40, 'Waiting'), scheduled(10, 'Waiting')];
    assert.equal(replacementOf(policy('Replace'), scheduled(20, 'Waiting'), later), 'fix-scheduled-40');
    assert.equal(replacementOf(policy('Replace'), scheduled(20, 'Running'), later), undefined);
    assert.equal(replacementOf(policy('Forbid'), scheduled(20, 'Waiting'), later), undefined);
    // One that was not admitted yet may still be refused.
    assert.equal(replacementOf(policy('Replace'), scheduled(20, 'Waiting'), [scheduled(30, 'Filed')]), undefined);
    assert.equal(replacementOf(policy('Replace'), scheduled(20, 'Waiting'), [scheduled(30, 'Ended')]), undefined);
  });

  it('is kept while fewer later ones ended in the same way than its history has room for', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    const beyond = (self: Activity, all: Activity[], status = seen, at = now) =>
      isBeyondHistory(
        { ...aPlaybook({ schedule: { cron: '* * * * *', history: { succeeded: 2, failed: 0 } } }), status },
        self,
        all,
        at,
      );
    const ended = (minutes: number, isGood: boolean) => scheduled(minutes, 'Ended', { isGood, ended: now - 60_000 });
    const good = (minutes: number) => ended(minutes, true);
    const bad = (minutes: number) => ended(minutes, false);
    const running = (since: string, observedUntil?: string): PlaybookStatus => ({
      conditions: [{ type: 'Scheduled', status: 'True', reason: 'Satisfied', message: '', lastTransitionTime: since }],
      schedule: observedUntil === undefined ? {} : { observedUntil },
    });
    const seen = running('1970-01-01T00:00:00Z', '1970-01-01T00:30:00Z');
    assert.equal(beyond(good(10), [good(20), bad(30), scheduled(40, 'Running')]), false);
    assert.equal(beyond(good(10), [good(20), good(30)]), true);
    assert.equal(beyond(bad(10), []), true);
    assert.equal(beyond(scheduled(10, 'Running'), [good(20), good(30)]), false);
    assert.equal(beyond(activity('a', { isGood: true }), [good(20), good(30)]), false);
    assert.equal(isBeyondHistory(undefined, good(10), [good(20), good(30)], now), false);
    // The status of the Playbook may not have seen its end yet.
    assert.equal(beyond(bad(10), [], seen, now - 1), false);
    // Its time could still count as missed, unless the schedule did not run then, or does not now.
    assert.equal(beyond(bad(10), [], running('1970-01-01T00:00:00Z', '1970-01-01T00:09:00Z')), false);
    assert.equal(beyond(bad(10), [], running('1970-01-01T00:00:00Z')), false);
    assert.equal(beyond(bad(10), [], { schedule: {} }), true);
    assert.equal(beyond(bad(10), [], running('1970-01-01T00:11:00Z')), true);
    assert.equal(beyond(bad(10), [], {}), false);
  });
});
