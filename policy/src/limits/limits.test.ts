import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { agentPolicy, aPolicySet, clusterPolicy } from '../testing/policies.fixture.ts';
import { activity as base } from './activity.fixture.ts';
import { type Activity, holdStart, judgeFiling } from './limits.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const MINUTE = 60_000;
const set = (limits: object, kind: 'AgentPolicy' | 'ClusterAgentPolicy' = 'AgentPolicy') =>
  aPolicySet([kind === 'AgentPolicy' ? agentPolicy({ limits }) : clusterPolicy({ limits }, 'p')]);
const activity = (uid: string, more: Partial<Activity> = {}) => base(uid, { admitted: NOW, ...more });
const self = activity('self', { admitted: undefined, phase: 'Filed', targets: ['web'] });
const before = (uid: string, minutes: number, more: Partial<Activity> = {}) =>
  activity(uid, { admitted: NOW - minutes * MINUTE, ...more });

describe('An action that is filed', () => {
  const failed = { failed: true, ended: NOW - 5 * MINUTE };
  const rows: [name: string, limits: object, others: Activity[], refused: RegExp | undefined][] = [
    ['is refused past the limit of a day', { perDay: 2 }, [before('a', 1), before('b', 2)], /has had 2 actions in 24 hours/],
    ['is allowed below it', { perDay: 2 }, [before('a', 1)], undefined],
    [
      'is held to the edits of what was filed',
      { perDay: 3 },
      [before('a', 1, { attempts: 3 })],
      /has had 3 actions in 24 hours, edits/,
    ],
    [
      'is held to the edits of what asked people',
      { escalationsPerHour: 2 },
      [before('a', 5, { attempts: 2, asked: NOW - MINUTE })],
      /submitted 2 plans for approval in an hour, edits/,
    ],
    ['is not held to what was filed a day ago', { perDay: 1 }, [before('a', 24 * 60 + 1)], undefined],
    ['is not held to what others filed', { perDay: 1 }, [before('a', 1, { requester: { user: 'x', groups: [] } })], undefined],
    [
      'is not held to what was never admitted',
      { perDay: 1 },
      [before('a', 1, { admitted: undefined, phase: 'Ended' })],
      undefined,
    ],
    ['is not held to what happens in other namespaces', { perDay: 1 }, [before('a', 1, { namespace: 'bank' })], undefined],
    [
      'is paused when its requester asked people too often',
      { escalationsPerHour: 1 },
      [before('a', 50, { phase: 'Waiting', asked: NOW - 40 * MINUTE })],
      /submitted 1 plans for approval in an hour/,
    ],
    [
      'counts what is still rehearsed as asking',
      { escalationsPerHour: 1 },
      [before('a', 1, { phase: 'Rehearsing' })],
      /plans for approval/,
    ],
    [
      'may ask again when the hour is over',
      { escalationsPerHour: 1 },
      [before('a', 90, { asked: NOW - 61 * MINUTE })],
      undefined,
    ],
    [
      'is refused while its Playbook is in cool-down',
      { coolDown: '10m' },
      [before('a', 9, failed)],
      /is in cool-down until 2026-01-01T12:05/,
    ],
    ['is allowed when it has rested', { coolDown: '5m' }, [before('a', 9, failed)], undefined],
    [
      'is not held to failures of other Playbooks',
      { coolDown: '10m' },
      [before('a', 9, { ...failed, playbook: 'x' })],
      undefined,
    ],
    ['is allowed without limits', {}, [before('a', 1), before('b', 1)], undefined],
  ];
  for (const [name, limits, others, refused] of rows) {
    it(name, () => {
      const text = judgeFiling(set(limits), self, [self, ...others], NOW)
        .map(({ message }) => message)
        .join();
      if (refused) assert.match(text, refused);
      else assert.equal(text, '');
    });
  }

  const minutes = (...ago: number[]) => ago.map((one) => NOW - one * MINUTE);
  it('is held to its own edits, however long ago it was filed', () => {
    const old = activity('self', { admitted: NOW - 25 * 60 * MINUTE, attempts: 4, rehearsed: minutes(1500, 50, 40, 30) });
    assert.match(judgeFiling(set({ perDay: 3 }), old, [old], NOW)[0]?.message ?? '', /has had 3 actions/);
    assert.match(
      judgeFiling(set({ escalationsPerHour: 3 }), old, [old], NOW)[0]?.message ?? '',
      /submitted 3 plans for approval/,
    );
    assert.deepEqual(judgeFiling(set({ escalationsPerHour: 4 }), old, [old], NOW), []);
  });
  it('is held to what others asked again within the hour, also where the status has forgotten how often', () => {
    const other = before('a', 300, { attempts: 60, asked: NOW - MINUTE, rehearsed: minutes(30, 20, 10) });
    assert.match(
      judgeFiling(set({ escalationsPerHour: 60 }), self, [self, other], NOW)[0]?.message ?? '',
      /submitted 60 plans for approval/,
    );
    const known = before('a', 300, { attempts: 60, asked: NOW - MINUTE, rehearsed: minutes(90, 20, 10) });
    assert.match(
      judgeFiling(set({ escalationsPerHour: 2 }), self, [self, known], NOW)[0]?.message ?? '',
      /submitted 2 plans for approval/,
    );
    assert.deepEqual(judgeFiling(set({ escalationsPerHour: 3 }), self, [self, known], NOW), []);
  });

  it('is held to its own edits', () => {
    const edited = activity('self', { phase: 'Filed', attempts: 5 });
    assert.match(judgeFiling(set({ perDay: 5 }), edited, [edited], NOW)[0]?.message ?? '', /has had 5 actions/);
    assert.deepEqual(judgeFiling(set({ perDay: 6 }), edited, [edited], NOW), []);
  });

  it('counts everywhere for a policy of the cluster', () => {
    const elsewhere = before('a', 1, { namespace: 'bank' });
    assert.equal(judgeFiling(set({ perDay: 1 }, 'ClusterAgentPolicy'), self, [elsewhere], NOW).length, 1);
  });
});

describe('An approved action', () => {
  const unresolved = (uid: string, targets: string[] = []) => activity(uid, { phase: 'Unresolved', targets });
  const running = (uid: string, targets: string[] = []) => activity(uid, { phase: 'Running', targets });
  const queued = (uid: string, minutes: number, targets: string[] = []) =>
    activity(uid, { phase: 'Queued', queued: NOW - minutes * MINUTE, targets });
  const rows: [name: string, limits: object, others: Activity[], held: RegExp | undefined][] = [
    ['starts when nothing else is going on', { concurrent: 1 }, [activity('a')], undefined],
    ['waits for a run on the same object', {}, [running('a', ['web'])], /waits for shop\/a, which changes the same object/],
    ['does not wait for a run on another object', {}, [running('a', ['api'])], undefined],
    [
      'waits for one on the same object whose outcome is unknown, and says what to do',
      {},
      [unresolved('a', ['web'])],
      /waits for shop\/a, which changes the same object and whose outcome is unknown .*\(kubectl sentinel plan a -n shop\)/,
    ],
    ['has room beside one whose outcome is unknown', { concurrent: 1 }, [unresolved('a', ['api'])], undefined],
    ['waits behind one that waits for the same object', {}, [queued('a', 1, ['web'])], /place 1 in the queue/],
    ['waits while a policy has no room', { concurrent: 1 }, [running('a')], /1 of 1 runs are under way; place 1/],
    ['keeps its place in the queue', { concurrent: 2 }, [running('a'), queued('b', 3), queued('c', 2)], /place 3 in the queue/],
    ['starts when there is room', { concurrent: 2 }, [running('a')], undefined],
  ];
  for (const [name, limits, others, held] of rows) {
    it(name, () => {
      const hold = holdStart(set(limits), self, [self, ...others]);
      if (held) assert.match(hold?.message ?? '', held);
      else assert.equal(hold, undefined);
    });
  }

  it('is let go in the order of the queue, and only as many as there is room for', () => {
    const waiting = [queued('a', 3), queued('b', 2), queued('c', 1)];
    const free = waiting.filter((one) => !holdStart(set({ concurrent: 3 }), one, [running('x'), ...waiting]));
    assert.deepEqual(
      free.map(({ uid }) => uid),
      ['a', 'b'],
    );
  });
});
