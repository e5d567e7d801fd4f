import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, type AgentPolicy, annotations } from '@sentinel/crds';
import { ok, runAgainst } from '../../../test/fake-cluster.ts';
import { anAction, aPlan, NOW } from '../../../test/fixtures.ts';
import { assertGolden } from '../../../test/golden.ts';
import { agentsOf, agentsTable } from './list.ts';
import { subjectOf, suspendingPolicy } from './suspend.ts';

function asked(user: string | undefined, name: string, state: string, time: string): AgentAction {
  const action = anAction(aPlan(), state);
  const stamp = user === undefined ? {} : { [annotations.requestedBy]: JSON.stringify({ user, uid: 'u', groups: [] }) };
  return { ...action, metadata: { ...action.metadata, name, uid: name, creationTimestamp: time, annotations: stamp } };
}

const ROBOT = 'system:serviceaccount:shop:repair-agent';
const actions = [
  asked(ROBOT, 'repair-web', 'AwaitingApproval', '2026-03-02T10:00:00Z'),
  asked(ROBOT, 'repair-api', 'RunFailed', '2026-03-02T09:00:00Z'),
  asked('ada@acme.io', 'look', 'NoEffect', '2026-03-02T10:20:00Z'),
  asked(undefined, 'no-stamp', 'Pending', '2026-03-02T10:29:00Z'),
];

describe('agents', () => {
  const policies = [suspendingPolicy(subjectOf('repair-agent', 'shop'), 'shop')];

  it('are listed with their last action, the most recent first', () => {
    const agents = agentsOf(actions, policies);
    assertGolden('agents', agentsTable(agents, { all: true, wide: false, now: NOW }));
    assertGolden('agents-wide', agentsTable(agents, { all: false, wide: true, now: NOW }));
  });

  it('are listed by default, and without the right to read policies', async () => {
    const ran = await runAgainst(
      ({ path }) => (path.endsWith('/agentactions') ? ok({ metadata: { resourceVersion: '1' }, items: actions }) : undefined),
      ['agents', '-n', 'shop'],
    );
    assert.equal(ran.code, 0, ran.error);
    assert.match(ran.out, /sa:repair-agent +2 +1 +repair-web +AwaitingApproval .*<unknown>/);
  });

  for (const [given, expected] of [
    ['bot', { kind: 'ServiceAccount', name: 'bot', namespace: 'shop' }],
    ['sa:bot', { kind: 'ServiceAccount', name: 'bot', namespace: 'shop' }],
    ['ops:bot', { kind: 'ServiceAccount', name: 'bot', namespace: 'ops' }],
    ['system:serviceaccount:ops:bot', { kind: 'ServiceAccount', name: 'bot', namespace: 'ops' }],
    ['user:ada@acme.io', { kind: 'User', name: 'ada@acme.io' }],
  ] as const)
    it(`are named as '${given}'`, () => assert.deepEqual(subjectOf(given, 'shop'), expected));

  for (const given of ['', 'a:b:c', 'Ada', 'user:', '../x'])
    it(`are not named as '${given}'`, () => assert.throws(() => subjectOf(given, 'shop'), /is not an agent/));

  it('are suspended by a policy whose kill switch alone counts', async () => {
    let applied: AgentPolicy | undefined;
    const ran = await runAgainst(
      ({ method, body }) => {
        if (method === 'PATCH') applied = JSON.parse(String(body)) as AgentPolicy;
        return method === 'PATCH' ? ok(applied) : undefined;
      },
      ['agents', 'suspend', 'repair-agent', '--yes'],
    );
    assert.equal(ran.code, 0, ran.error);
    assert.ok(applied);
    assert.deepEqual(applied.spec, {
      subjects: [{ kind: 'ServiceAccount', name: 'repair-agent', namespace: 'shop' }],
      auditOnly: true,
      suspended: true,
    });
    assert.match(ran.out, /to resume: kubectl sentinel agents resume repair-agent -n shop/);
  });

  it('are not suspended without a yes', async () => {
    const ran = await runAgainst(() => ok({}), ['agents', 'suspend', 'repair-agent'], 'n\n');
    assert.deepEqual([ran.code, ran.requests], [1, []]);
  });

  it('have names of policies of their own, also when their names look the same', () => {
    const name = (given: string) => suspendingPolicy(subjectOf(given, 'shop'), 'shop').metadata.name;
    const names = ['bot', 'ops:bot', 'user:bot', 'user:Bot', 'user:b.o.t', 'user:bot@'].map(name);
    assert.equal(new Set(names).size, names.length);
    for (const one of names) assert.match(one, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });

  describe('are resumed', () => {
    const policy = suspendingPolicy(subjectOf('repair-agent', 'shop'), 'shop');
    const { name } = policy.metadata;
    const resume = (spec: object | undefined) => {
      const found = spec && { ...policy, metadata: { ...policy.metadata, uid: 'u' }, spec: { ...policy.spec, ...spec } };
      return runAgainst(() => (found ? ok(found) : undefined), ['agents', 'resume', 'repair-agent']);
    };

    it('by deleting the policy that suspends them, and only that one', async () => {
      const ran = await resume({});
      assert.equal(ran.code, 0, ran.error);
      const last = ran.requests.at(-1);
      assert.deepEqual([last?.method, last?.path.endsWith(`/agentpolicies/${name}`)], ['DELETE', true]);
      assert.deepEqual(JSON.parse(String(last?.body)).preconditions, { uid: 'u' });
      assert.match(ran.out, /deleted; it suspends ServiceAccount shop:repair-agent no more\nopen actions .* need approval again/);
    });

    it('with the policy deleted also where its kill switch is off: it still makes its subject an agent', async () => {
      const ran = await resume({ suspended: false });
      assert.deepEqual([ran.code, ran.requests.at(-1)?.method, /approval/.test(ran.out)], [0, 'DELETE', false], ran.error);
    });

    it('by turning the kill switch off if the policy has rules as well', async () => {
      const ran = await resume({ auditOnly: false });
      assert.equal(ran.code, 0, ran.error);
      assert.deepEqual(JSON.parse(String(ran.requests.at(-1)?.body)), { metadata: { uid: 'u' }, spec: { suspended: false } });
      assert.match(ran.out, /kept, with the rules that somebody added to it/);
    });

    for (const [what, spec] of [
      ['there is no such policy', undefined],
      ['its policy has rules, and its kill switch is off', { auditOnly: false, suspended: false }],
    ] as const)
      it(`not if ${what}`, async () => {
        const ran = await resume(spec);
        assert.deepEqual([ran.code, /NothingToDecide/.test(ran.error)], [1, true], ran.out);
      });
  });
});
