import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction } from '@sentinel/crds';
import { type Answer, ok, refusal, runAgainst } from '../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../test/fixtures.ts';

const plan = aPlan();
const wholly = aPlan({ effects: plan.spec.effects.map((effect) => ({ ...effect, reversible: true })) });
const none = aPlan({ rollback: { from: 'None', reason: 'the Playbook has none' } });
const cancelled = (action: AgentAction): AgentAction => ({ ...action, spec: { ...action.spec, cancelled: true } });

interface Served {
  readonly action?: AgentAction;
  readonly planned?: unknown;
  readonly answer?: Answer;
  readonly others?: readonly unknown[];
  readonly policies?: readonly unknown[];
}

/** Serves an action, what stands around it, and the answer to the patch. */
const cluster =
  ({ action = anAction(plan, 'Running'), planned = plan, answer, others = [], policies = [] }: Served) =>
  ({ method, path }: { method: string; path: string }): Answer => {
    if (method === 'PATCH') return answer ?? ok(cancelled(action));
    if (path.includes('/actionplans/')) return planned === null ? undefined : ok(planned);
    if (path.endsWith('/agentactions')) return ok({ metadata: {}, items: [action, ...others] });
    if (path.endsWith('policies')) return ok({ metadata: {}, items: policies });
    return path.endsWith('/agentactions/repair-web') ? ok(action) : undefined;
  };
const argv = ['cancel', 'repair-web', '--yes'];
const patches = (requests: readonly { method: string; body?: unknown }[]) =>
  requests.filter(({ method }) => method === 'PATCH').map(({ body }) => JSON.parse(String(body)) as unknown);

describe('kubectl sentinel cancel', () => {
  it('sets spec.cancelled of the action that was shown, and of no other of its name', async () => {
    const ran = await runAgainst(cluster({}), argv);
    assert.equal(ran.code, 0, ran.error);
    assert.deepEqual(patches(ran.requests), [{ metadata: { uid: 'uid-1' }, spec: { cancelled: true } }]);
    assert.match(ran.out, /^shop\/repair-web {2}Running\n {2}\| Set the image/);
    assert.match(ran.out, /repair-web cancelled\nsee what happens to it: kubectl sentinel watch repair-web -n shop\n$/);
  });

  it('says why, where somebody says so', async () => {
    const ran = await runAgainst(cluster({}), [...argv, '--comment', ' wrong cluster ']);
    assert.equal(ran.code, 0, ran.error);
    assert.deepEqual(patches(ran.requests), [
      { metadata: { uid: 'uid-1' }, spec: { cancelled: true, cancelComment: 'wrong cluster' } },
    ]);
    const long = await runAgainst(cluster({}), [...argv, '--comment', 'x'.repeat(1025)]);
    assert.match(long.error, /--comment may have at most 1024 characters/);
    assert.deepEqual(patches(long.requests), []);
  });

  const said: readonly [name: string, served: Served, expected: RegExp][] = [
    ['before the rehearsal', { action: anAction(plan, 'Pending') }, /^Nothing was changed, so nothing is rolled back\.$/m],
    ['in the rehearsal', { action: anAction(plan, 'Rehearsing') }, /^The rehearsal is stopped\. Nothing was changed/m],
    [
      'while people decide',
      { action: anAction(plan) },
      /^The plan cannot be approved or started any more\. Nothing was changed/m,
    ],
    [
      'right before the run',
      { action: anAction(plan, 'Starting'), planned: wholly },
      /If the run begins before the cancellation is stored, the run is stopped; what it has changed is rolled back/,
    ],
    [
      'in a run of which a part can be rolled back',
      {},
      /^The run is stopped at once\..* rolled back if nobody has changed it since, except for what cannot be restored and STAYS: 4\. delete ConfigMap shop\/web-cache\.$/m,
    ],
    [
      'in a run that can be rolled back',
      { planned: wholly },
      /what it has changed is rolled back if nobody has changed it since\.$/m,
    ],
    [
      'in a run that cannot be rolled back',
      { planned: none },
      /what it has changed STAYS: rollback is not available \(the Playbook has none\)\.$/m,
    ],
    [
      'while it is verified',
      { action: anAction(plan, 'Verifying'), planned: none },
      /^The run has made its 5 changes already\. Its checks are stopped; what it has changed STAYS/m,
    ],
    [
      'while an outcome is unknown',
      {
        action: {
          ...anAction(plan, 'OutcomeUnknown'),
          status: {
            ...anAction(plan, 'OutcomeUnknown').status,
            unknownEffects: [
              { effect: 0, object: 'o', why: 'w' },
              { effect: 2, object: 'o', why: 'w' },
            ],
          },
        },
      },
      /^The outcome of effects 1, 3 is unknown and can no longer be resolved; .*\nThe report of the action lists the effects that stay unknown\.$/m,
    ],
    [
      'under a kill switch',
      {
        policies: [
          {
            kind: 'AgentPolicy',
            metadata: { name: 'shop', namespace: 'shop' },
            spec: { suspended: true },
            status: { suspension: { suspended: true, by: 'sid', since: '2026-03-02T10:00:00Z' } },
          },
        ],
      },
      /what it has changed STAYS where a kill switch covers the action.*AgentPolicy\/shop in namespace shop \(by sid since 2026-03-02T10:00:00Z\)/,
    ],
    ['whose plan is gone', { planned: null }, /is unknown, because its plan could not be fetched/],
    [
      'with parts',
      {
        others: [
          { metadata: { name: 'part-a' }, spec: { intent: { parentAction: 'repair-web' } } },
          { metadata: { name: 'other' }, spec: { intent: {} } },
        ],
      },
      /^1 child action ends with it: part-a\.$/m,
    ],
  ];
  for (const [name, served, expected] of said)
    it(`says what happens ${name}`, async () => {
      const ran = await runAgainst(cluster(served), argv);
      assert.equal(ran.code, 0, ran.error);
      assert.match(ran.out, expected);
    });

  for (const [state, expected] of [
    ['Succeeded', /it is too late to cancel: 'repair-web' has ended already as Succeeded: waits for people/],
    ['RollingBack', /it is too late to cancel: 'repair-web' is being rolled back already, and the rollback goes on/],
  ] as const)
    it(`says that it is too late in ${state}, and sends nothing`, async () => {
      const ran = await runAgainst(cluster({ action: anAction(plan, state) }), argv);
      assert.equal(ran.code, 1);
      assert.match(ran.error, expected);
      assert.deepEqual(patches(ran.requests), []);
    });

  it('says who has cancelled it already', async () => {
    const action = cancelled(anAction(plan, 'Running'));
    const stamped = { ...action.metadata, annotations: { 'sentinel.dev/cancelled-by': '{"user":"cora"}' } };
    const ran = await runAgainst(cluster({ action: { ...action, metadata: stamped } }), argv);
    assert.equal(ran.code, 0);
    assert.match(ran.out, /repair-web is being cancelled already by cora: Running/);
    const spec = { ...action.spec, cancelComment: 'wrong cluster' };
    const why = await runAgainst(cluster({ action: { ...action, spec, metadata: stamped } }), argv);
    assert.match(why.out, /is being cancelled already by cora \(wrong cluster\): Running/);
    assert.deepEqual(patches(ran.requests), []);
  });

  it('says what is true by the answer when the action went on while a person read', async () => {
    const begun = await runAgainst(cluster({ action: anAction(plan), answer: ok(cancelled(anAction(plan, 'Running'))) }), argv);
    assert.equal(begun.code, 0);
    assert.match(begun.out, /In the meantime the action has become Running:\nThe run is stopped at once/);
    const over = await runAgainst(cluster({ answer: ok(cancelled(anAction(plan, 'Succeeded'))) }), argv);
    assert.equal(over.code, 1);
    assert.match(over.error, /it is too late to cancel: 'repair-web' has ended already as Succeeded/);
    assert.doesNotMatch(over.out, /repair-web cancelled/);
  });

  it('asks on a terminal, and needs --yes without one', async () => {
    const no = await runAgainst(cluster({}), ['cancel', 'repair-web'], 'n\n');
    assert.equal(no.code, 1);
    assert.match(no.error, /Cancel this action\? It cannot be undone\. \[y\/N\] nothing was cancelled/);
    const nobody = await runAgainst(cluster({}), ['cancel', 'repair-web']);
    assert.match(nobody.error, /pass --yes/);
    assert.deepEqual(patches([...no.requests, ...nobody.requests]), []);
  });

  it('works for who may read nothing but the action, and tells what the API server refuses', async () => {
    const forbidden = refusal(403, 'Forbidden', 'no');
    const served = cluster({});
    const alone = await runAgainst(
      (request) => (request.path.endsWith('/repair-web') || request.method === 'PATCH' ? served(request) : forbidden),
      argv,
    );
    assert.equal(alone.code, 0, alone.error);
    const refused = await runAgainst(cluster({ answer: forbidden }), argv);
    assert.equal(refused.code, 3);
    assert.match(refused.error, /forbidden: no/);
  });
});
