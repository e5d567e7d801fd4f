import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, API_VERSION } from '@sentinel/crds';
import { type Handler, ok, runAgainst } from '../../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../../test/fixtures.ts';
import { assertGolden } from '../../../test/golden.ts';
import { examples, file, policy } from '../../../test/offline.ts';

const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'patch', 'create'], decision: 'RequireApproval' }];
const floor = {
  apiVersion: API_VERSION,
  kind: 'ClusterAgentPolicy',
  metadata: { name: 'floor' },
  spec: {
    modes: ['DryRun', 'Apply'],
    playbooks: { trustedOnly: true },
    kubernetes: rules,
    approvals: [{ upToRisk: 'Critical', approvals: 2, groups: ['sre'], expiresAfter: '1h' }],
  },
};
const own = {
  apiVersion: API_VERSION,
  kind: 'AgentPolicy',
  metadata: { name: 'shop', namespace: 'shop' },
  spec: {
    modes: ['DryRun', 'Apply'],
    playbooks: { trustedOnly: true },
    commands: [{ prefix: ['kubectl', 'set'], decision: 'Deny', justification: 'Images come from Git.' }],
  },
};
const playbook = {
  apiVersion: API_VERSION,
  kind: 'Playbook',
  metadata: { name: 'set-image', namespace: 'shop' },
  spec: {
    category: 'Other',
    description: 'Set an image.',
    account: 'remediator',
    sandbox: { profile: 'Change', image: 'x' },
    steps: [{ name: 'set', command: ['kubectl', 'set', 'image', 'deployment/web', 'web=x'] }],
    rollback: { from: 'PreImages' },
  },
};
const plan = aPlan();
const action = anAction(plan);
const list = (...items: object[]) => ok({ metadata: { resourceVersion: '1' }, items });

const cluster =
  (served: { action?: AgentAction; own?: object[] } = {}): Handler =>
  ({ path }) => {
    if (path.endsWith('/clusteragentpolicies')) return list(floor);
    if (path.endsWith('/agentpolicies')) return list(...(served.own ?? [own]));
    if (path.endsWith('/playbooks')) return list(playbook);
    if (path === '/api/v1/namespaces/shop')
      return ok({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'sentinel.dev/enabled': 'true' } } });
    if (path.includes('/agentactions/')) return ok(served.action ?? action);
    if (path.endsWith('/agentactions')) return list(served.action ?? action);
    return path.includes('/actionplans/') ? ok(plan) : undefined;
  };

describe('policy explain ACTION', () => {
  it('names every policy and rule that speaks of it, and what would be allowed', async () => {
    const ran = await runAgainst(cluster(), ['policy', 'explain', 'repair-web']);
    assert.equal(ran.code, 0, ran.error);
    assertGolden('policy-explain', ran.out.trimEnd());
    assert.ok(ran.requests.every(({ method }) => method === 'GET'));
  });

  it('gives programs the digests and rules', async () => {
    const ran = await runAgainst(cluster({ own: [{ ...own, spec: { ...own.spec, commands: undefined } }] }), [
      'policy',
      'explain',
      'repair-web',
      '-o',
      'json',
    ]);
    const { policies, opinions, needs } = JSON.parse(ran.out) as {
      policies: { since: string; digest: string }[];
      opinions: { decision: string; policy: string; rule: string }[];
      needs: { approvals: number };
    };
    assert.deepEqual(
      policies.map(({ since }) => since),
      ['not recorded', 'not recorded'],
    );
    assert.match(policies[0]?.digest ?? '', /^sha256:/);
    assert.deepEqual(
      opinions.filter(({ decision }) => decision === 'Deny').map(({ policy: by, rule }) => `${by}: ${rule}`),
      ['ClusterAgentPolicy/floor: kubernetes', 'ClusterAgentPolicy/floor: kubernetes'],
    );
    assert.equal(needs.approvals, 2);
  });

  it('needs an action or --effective', async () => {
    const ran = await runAgainst(cluster(), ['policy', 'explain']);
    assert.equal(ran.code, 2);
    assert.match(ran.error, /name an action, or pass --effective/);
  });

  it('does not guess who asked', async () => {
    const ran = await runAgainst(cluster({ action: { ...action, metadata: { ...action.metadata, annotations: {} } } }), [
      'policy',
      'explain',
      'repair-web',
    ]);
    assert.equal(ran.code, 2);
    assert.match(ran.error, /not known who asked/);
  });
});

describe('policies of the cluster', () => {
  it('are asked without impersonating whom the question is about', async () => {
    const ran = await runAgainst(cluster(), [
      'policy',
      'can-i',
      '--as',
      'system:serviceaccount:shop:a',
      '--',
      'kubectl',
      'set',
      'image',
      'x',
    ]);
    assert.equal(ran.code, 1, ran.error);
    assert.match(ran.out, /Images come from Git/);
    const paths = ran.requests.map(({ path }) => path);
    assert.ok(paths.includes('/apis/sentinel.dev/v1alpha1/namespaces/shop/agentpolicies'), paths.join());
  });

  it('are not taken for those of a namespace that is not there', async () => {
    const ran = await runAgainst(cluster(), ['policy', 'can-i', '-n', 'elsewhere', '--as', 'ada', '--host', 'a.io']);
    assert.equal(ran.code, 2);
    assert.match(ran.error, /there is no namespace 'elsewhere'/);
  });

  it('answer no question of a batch about a namespace that was not read', async () => {
    const handler = cluster();
    const ran = await runAgainst(
      handler,
      ['policy', 'can-i', '--as', 'ada', '--batch'],
      '{"id":1,"namespace":"other","host":"a.io"}\n{"id":2,"host":"a.io"}\n',
    );
    const [first, second] = ran.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; error?: string; decision?: string });
    assert.match(first?.error ?? '', /only the policies of namespace 'shop' were read; pass -n other/);
    assert.equal(second?.decision, 'Deny');
  });

  it('are linted', async () => {
    const ran = await runAgainst(cluster({ own: [{ ...own, spec: { ...own.spec, suspended: true } }] }), ['policy', 'lint']);
    assert.equal(ran.code, 0, ran.error);
    assert.match(ran.out, /AgentPolicy\/shop\/shop +suspended +the kill switch is on/);
  });
});

describe('policy simulate', () => {
  it('says which actions changed policies would have judged in another way, and why', async () => {
    const changed = file(
      `apiVersion: ${API_VERSION}\nkind: AgentPolicy\nmetadata: {name: shop}\nspec: {modes: [DryRun], playbooks: {allow: [other]}}\n`,
    );
    const allowing = cluster({ own: [{ ...own, spec: { ...own.spec, commands: undefined } }] });
    const ran = await runAgainst(allowing, ['policy', 'simulate', '-f', changed]);
    assert.equal(ran.code, 0, ran.error);
    assert.match(ran.out, /1 of 1 actions would be judged in another way/);
    assert.match(ran.out, /mode 'Apply' is not allowed \(AgentPolicy\/shop: modes\)/);
    assert.ok(ran.requests.every(({ method }) => method === 'GET'));
  });

  it('needs changed policies', async () => {
    assert.equal((await runAgainst(cluster(), ['policy', 'simulate'])).code, 2);
  });
});

describe('what holds, and the worst of it', () => {
  const of = (name: string) => ['-f', `${examples}/${name}`, '--as', 'system:serviceaccount:ops:agent'];

  it('is shown with its layers', async () => {
    const ran = await policy(['explain', '--effective', ...of('production-two-person')]);
    assertGolden('policy-effective', ran.out.trimEnd());
  });

  it('is shown as an action', async () => {
    const ran = await policy(['worst-case', ...of('staging')]);
    assert.equal(ran.code, 0);
    assertGolden('policy-worst-case', ran.out.trimEnd());
  });

  const gates: readonly [name: string, argv: readonly string[], code: number][] = [
    ['passes what is at the bound', ['--fail-above', 'Critical', ...of('staging')], 0],
    ['fails above it', ['--fail-above', 'Medium', ...of('production-two-person')], 1],
    ['passes when nothing can change', ['--fail-above', 'Low', ...of('read-only-agents')], 0],
    ['refuses a level that there is not', ['--fail-above', 'Terrible', ...of('staging')], 2],
    ['refuses to guess who asks', ['-f', `${examples}/staging`], 2],
  ];
  for (const [name, argv, code] of gates)
    it(`is a gate that ${name}`, async () => {
      const ran = await policy(['worst-case', ...argv]);
      assert.equal(ran.code, code, ran.out + ran.error);
    });
});
