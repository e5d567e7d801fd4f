import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, API_VERSION } from '@sentinel/crds';
import { type Handler, ok, runAgainst } from '../../../test/fake-cluster.ts';
import { aPlan } from '../../../test/fixtures.ts';
import { assertGolden } from '../../../test/golden.ts';
import { examples, file, policy } from '../../../test/offline.ts';
import { action, cluster, floor, list, own, plan } from './explain.fixture.ts';

describe('policy explain ACTION', () => {
  it('names every policy and rule that applies, and what would be allowed', async () => {
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
    assert.match(ran.error, /the requester is unknown/);
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

  it('are not used for a namespace that does not exist', async () => {
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
    assertGolden('policy-simulate', ran.out.trimEnd());
    assert.match(ran.out, /mode 'Apply' is not allowed; allowed: DryRun \(AgentPolicy\/shop: modes\)/);
    assert.ok(ran.requests.every(({ method }) => method === 'GET'));
  });

  it('needs changed policies', async () => {
    assert.equal((await runAgainst(cluster(), ['policy', 'simulate'])).code, 2);
  });
});

describe('actions with ad-hoc steps, and parts of others', () => {
  const { playbookRef: _, ...bare } = action.spec;
  const step = { name: 'one', command: ['kubectl', 'set', 'image', 'deployment/web', 'web=x'] };
  const ownSteps = { ...action, spec: { ...bare, steps: [step], account: 'remediator', image: 'x' } };
  const part = { ...action, spec: { ...action.spec, intent: { summary: 'a part', parentAction: 'whole' } } };
  const whole = { ...action, metadata: { ...action.metadata, name: 'whole', uid: 'uid-whole' } };
  const open = { ...own, spec: { ...own.spec, commands: undefined, playbooks: { trustedOnly: true, adHocSteps: 'Allow' } } };
  const served =
    (of: AgentAction, more: { own?: object[]; floor?: object; others?: object[] } = {}): Handler =>
    (request) => {
      if (request.path.endsWith('/clusteragentpolicies')) return list(more.floor ?? floor);
      if (request.path.endsWith('/agentactions')) return list(of, ...(more.others ?? []));
      return cluster({ action: of, own: more.own ?? [own] })(request);
    };
  const explained = async (handler: Handler) => {
    const ran = await runAgainst(handler, ['policy', 'explain', 'repair-web', '-o', 'json']);
    assert.equal(ran.code, 0, ran.error);
    return JSON.parse(ran.out) as {
      opinions: { decision: string; rule: string; message: string }[];
      needs: { approvals: number };
    };
  };

  it('are explained by the rules about them, and by their commands', async () => {
    const { opinions } = await explained(served(ownSteps));
    const rules = opinions.filter(({ decision }) => decision === 'Deny').map(({ rule }) => rule);
    assert.ok(rules.includes('playbooks.adHocSteps'), rules.join());
    assert.ok(rules.includes('commands[0]'), rules.join());
    assert.ok(!rules.includes('playbook'), 'there is no Playbook to miss');
  });

  it('are explained by their parent', async () => {
    const refused = await explained(served(part));
    assert.match(refused.opinions.map(({ message }) => message).join(), /there is no AgentAction 'whole' in this namespace/);
    const none = await explained(served(part, { others: [whole] }));
    assert.ok(none.opinions.some(({ rule }) => rule === 'limits.children'));
    const limits = { ...floor, spec: { ...floor.spec, limits: { children: 1 } } };
    const child = {
      ...whole,
      metadata: { ...whole.metadata, name: 'first', uid: 'uid-0' },
      status: { ...whole.status, lineage: [{ name: 'whole', uid: 'uid-whole' }] },
    };
    const alone = await explained(served(part, { others: [whole], floor: limits }));
    assert.ok(!alone.opinions.some(({ rule }) => rule.startsWith('limits')));
    const second = await explained(served(part, { others: [whole, child], floor: limits }));
    assert.ok(second.opinions.some(({ rule }) => rule === 'limits.children'));
  });

  const anyOf = [{ apiGroups: ['*'], resources: ['*', 'deployments/scale'], verbs: ['*'], decision: 'Allow' }];
  const autonomous = {
    ...floor,
    spec: {
      ...floor.spec,
      playbooks: { trustedOnly: true, adHocSteps: 'Allow' },
      kubernetes: anyOf,
      approvals: [{ upToRisk: 'High', autoReview: true }],
    },
  };
  const tame = aPlan({
    effects: plan.spec.effects.slice(0, 1).map(({ hiddenChanges: __, ...effect }) => effect),
    undeclared: [],
    notObservable: [],
    risk: { level: 'Medium', score: 20, parts: [] },
  });
  const withPlan =
    (handler: Handler): Handler =>
    (request) =>
      request.path.includes('/actionplans/') ? ok(tame) : handler(request);

  it('are explained by what lets their plan start without a person, or does not', async () => {
    const alone = await explained(withPlan(served(ownSteps, { own: [open], floor: autonomous })));
    assert.equal(alone.needs.approvals, 0, JSON.stringify(alone.opinions));
    assert.ok(alone.opinions.some(({ rule, decision }) => rule === 'autoReview' && decision === 'Allow'));
    const waiting = await explained(withPlan(served(action, { own: [open], floor: autonomous })));
    assert.equal(waiting.needs.approvals, 1);
    assert.ok(waiting.opinions.some(({ message }) => /the autonomy of the Playbook is 'Approve'/.test(message)));
  });

  it('are simulated', async () => {
    const changed = file(
      `apiVersion: ${API_VERSION}\nkind: AgentPolicy\nmetadata: {name: shop}\nspec: {modes: [Apply], playbooks: {adHocSteps: RequireApproval}}\n`,
    );
    const ran = await runAgainst(withPlan(served(ownSteps, { own: [open], floor: autonomous })), [
      'policy',
      'simulate',
      '-f',
      changed,
    ]);
    assert.match(
      ran.out,
      /starts without a person +1 approval +AgentPolicy\/shop requires approval by a person for ad-hoc steps/,
    );
    const closed = file(
      `apiVersion: ${API_VERSION}\nkind: ClusterAgentPolicy\nmetadata: {name: floor}\nspec: {modes: [Apply], kubernetes: ${JSON.stringify(anyOf)}, approvals: [{upToRisk: High}], limits: {children: 0}}\n`,
    );
    const lineage = { ...part, status: { ...part.status, lineage: [{ name: 'whole', uid: 'uid-whole' }] } };
    const before = { ...floor, spec: { ...floor.spec, kubernetes: anyOf, limits: { children: 1 } } };
    const parts = await runAgainst(withPlan(served(lineage, { own: [open], floor: before, others: [] })), [
      'policy',
      'simulate',
      '-f',
      closed,
    ]);
    assert.match(parts.out, /refused +an action may have no children/);
  });
});

describe('what holds, and the worst of it', () => {
  const of = (name: string) => ['-f', `${examples}/${name}`, '--as', 'system:serviceaccount:ops:agent'];

  it('is shown with its layers', async () => {
    const ran = await policy(['explain', '--effective', ...of('production-two-person')]);
    assertGolden('policy-effective', ran.out.trimEnd());
  });

  it('is shown as an action', async () => {
    const ran = await policy(['worst-case', ...of('staging-autonomy')]);
    assert.equal(ran.code, 0);
    assertGolden('policy-worst-case', ran.out.trimEnd());
  });

  const gates: readonly [name: string, argv: readonly string[], code: number][] = [
    ['passes what is at the bound', ['--fail-above', 'Critical', ...of('staging-autonomy')], 0],
    ['fails above it', ['--fail-above', 'Medium', ...of('production-two-person')], 1],
    [
      'passes when nothing can change',
      ['--fail-above', 'Low', ...of('read-only-agents'), '--as', 'system:serviceaccount:shop:triage-agent'],
      0,
    ],
    ['says nothing about a user to whom no policy applies', ['--fail-above', 'Low', ...of('read-only-agents')], 2],
    ['refuses a level that there is not', ['--fail-above', 'Terrible', ...of('staging-autonomy')], 2],
    ['refuses to guess who asks', ['-f', `${examples}/staging-autonomy`], 2],
  ];
  for (const [name, argv, code] of gates)
    it(`is a gate that ${name}`, async () => {
      const ran = await policy(['worst-case', ...argv]);
      assert.equal(ran.code, code, ran.out + ran.error);
    });
});
