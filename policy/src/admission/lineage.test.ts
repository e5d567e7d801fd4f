import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, annotations } from '@sentinel/crds';
import { activity as base } from '../limits/activity.fixture.ts';
import { type Activity, childrenOf, judgeBudget, runsSinceFailure } from '../limits/limits.ts';
import { defaultedLimit } from '../limits/quota.ts';
import { aParent } from '../testing/action.fixture.ts';
import { clusterPolicies } from '../testing/policies.fixture.ts';
import { endedByParent, judgeParent, parentOf } from './lineage.ts';

const set = (...limits: object[]) => clusterPolicies(...limits.map((one) => ({ limits: one })));
const parent = aParent;
const child = (more: object = {}) => ({
  spec: { intent: { summary: 's', parentAction: 'whole' }, mode: 'Apply' as const, ...more },
  requester: { user: 'agent', groups: [] },
});
const three = set({ children: 3, depth: 2 });

describe('How many parts an action may have', () => {
  it('is not for a namespace to loosen where the floor does not say', () => {
    const local = set({ children: 9, depth: 5 });
    const policies = local.policies.map((policy) => ({ ...policy, kind: 'AgentPolicy' as const }));
    assert.deepEqual(defaultedLimit({ ...local, policies }, 'children'), { policy: 'Sentinel', limit: 0, text: '0' });
    assert.deepEqual(
      defaultedLimit({ ...local, policies: [...policies, ...set({ children: 20 }).policies] }, 'children').limit,
      9,
    );
    assert.equal(defaultedLimit({ ...local, policies }, 'depth').limit, 1);
  });
});

describe('A part of another action', () => {
  it('is admitted where policy lets actions have parts', () => assert.deepEqual(judgeParent(three, child(), parent(), 2), []));
  it('is what names a parent, and nothing else', () =>
    assert.deepEqual(judgeParent(set({}), { ...child(), spec: { intent: { summary: 's' }, mode: 'Apply' } }, undefined, 0), []));

  const refused: readonly [name: string, refusals: ReturnType<typeof judgeParent>, message: RegExp][] = [
    ['where no policy lets actions have any', judgeParent(set({}), child(), parent(), 0), /may have no children/],
    ['of what does not exist', judgeParent(three, child(), undefined, 0), /there is no AgentAction 'whole'/],
    [
      "of somebody else's action",
      judgeParent(three, child(), parent({ requester: { user: 'eve', groups: [] } }), 0),
      /another requester/,
    ],
    ['of an action that nobody stamped', judgeParent(three, child(), parent({ requester: undefined }), 0), /another requester/],
    [
      'of what has ended',
      judgeParent(three, child(), parent({ end: { state: 'Succeeded', wellDone: true } }), 0),
      /has ended \(Succeeded\)/,
    ],
    ['of what is cancelled', judgeParent(three, child(), parent({ cancelled: true }), 0), /has ended \(Cancelled\)/],
    ['that would do more than its parent', judgeParent(three, child(), parent({ mode: 'DryRun' }), 0), /must be DryRuns too/],
    ['of itself', judgeParent(three, { ...child(), uid: 'w' }, parent(), 0), /is a descendant of this action/],
    [
      'of what is a part of it',
      judgeParent(three, { ...child(), uid: 'a' }, parent({ lineage: [{ name: 'a', uid: 'a' }] }), 0),
      /is a descendant of this action/,
    ],
    ['beyond the number of children', judgeParent(three, child(), parent(), 3), /has 3 children; at most 3/],
    ['beyond the strictest number', judgeParent(set({ children: 9 }, { children: 1 }), child(), parent(), 1), /at most 1/],
    [
      'beyond the depth',
      judgeParent(
        three,
        child(),
        parent({
          lineage: [
            { name: 'a', uid: 'a' },
            { name: 'b', uid: 'b' },
          ],
        }),
        0,
      ),
      /2 ancestors itself; an action may have at most 2/,
    ],
  ];
  for (const [name, refusals, message] of refused)
    it(`is refused ${name}`, () => assert.match(refusals.map((one) => one.message).join('\n'), message));

  it('ends with its parent', () => {
    assert.equal(endedByParent(parent(), 'w', 'Apply'), undefined);
    assert.equal(endedByParent(parent({ end: { state: 'Succeeded', wellDone: true } }), 'w', 'Apply'), undefined);
    assert.equal(endedByParent(undefined, undefined, 'Apply'), undefined);
    assert.match(endedByParent(undefined, 'w', 'Apply') ?? '', /no longer exists/);
    assert.match(endedByParent(parent({ uid: 'another' }), 'w', 'Apply') ?? '', /no longer exists/);
    assert.match(endedByParent(parent({ mode: 'DryRun' }), 'w', 'Apply') ?? '', /is a DryRun now/);
    assert.equal(endedByParent(parent({ mode: 'DryRun' }), 'w', 'DryRun'), undefined);
    assert.match(endedByParent(parent({ cancelled: true }), 'w', 'Apply') ?? '', /was cancelled/);
    assert.match(endedByParent(parent({ end: { state: 'Blocked', wellDone: false } }), 'w', 'Apply') ?? '', /ended Blocked/);
  });

  it('reads its parent from what the API server stores', () => {
    const action: AgentAction = {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: {
        name: 'whole',
        uid: 'w',
        annotations: { [annotations.requestedBy]: '{"user":"agent","uid":"","groups":[]}' },
      },
      spec: { intent: { summary: 's' }, mode: 'DryRun', cancelled: false },
      status: {
        conditions: [{ type: 'Succeeded', status: 'False', reason: 'Blocked', message: '', lastTransitionTime: '' }],
        lineage: [{ name: 'a', uid: 'a' }],
      },
    };
    assert.partialDeepStrictEqual(parentOf(action), {
      requester: { user: 'agent' },
      end: { state: 'Blocked', wellDone: false },
      lineage: [{ uid: 'a' }],
      mode: 'DryRun',
    });
    assert.equal(parentOf({ ...action, metadata: { ...action.metadata, deletionTimestamp: 'x' } }).cancelled, true);
  });
});

const activity = (uid: string, more: Partial<Activity> = {}) => base(uid, { ended: 1, playbookDigest: 'd', ...more });

describe('A family of actions', () => {
  it('draws on one budget of objects', () => {
    const self = activity('c2', { root: 'w', parent: 'w' });
    const all = [
      activity('w', { changed: 3 }),
      activity('c1', { root: 'w', parent: 'w', changed: 4 }),
      activity('x', { changed: 99 }),
      self,
    ];
    assert.deepEqual(judgeBudget(set({ objects: 10 }), self, all, 3), []);
    assert.match(
      judgeBudget(set({ objects: 10 }), self, all, 4)[0]?.message ?? '',
      /changed 7 objects, and its plan changes 4 more; a lineage may change at most 10/,
    );
    assert.deepEqual(judgeBudget(set({ objects: 10 }), activity('alone'), all, 10), []);
    assert.equal(childrenOf('w', self, all), 1);
  });
  it('counts the runs of a Playbook, as it stands, since one failed', () => {
    const all = [
      activity('a', { succeeded: true, ended: 1 }),
      activity('b', { failed: true, ended: 2 }),
      activity('c', { succeeded: true, ended: 3 }),
      activity('d', { succeeded: true, ended: 4 }),
      activity('e', { succeeded: true, ended: 5, playbookDigest: 'other' }),
      activity('f', { succeeded: true, ended: 6, namespace: 'elsewhere' }),
    ];
    assert.equal(runsSinceFailure(activity('self'), all), 2);
    assert.equal(runsSinceFailure(activity('self', { playbookDigest: 'new' }), all), 0);
    assert.equal(runsSinceFailure(activity('self', { playbookDigest: undefined }), all), 0);
  });
});
