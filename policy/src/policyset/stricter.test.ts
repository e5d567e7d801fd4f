import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type AgentPolicySpec, ClusterAgentPolicySpec } from '@sentinel/crds';
import { admit } from '../admission/admit.ts';
import { judgeParent } from '../admission/lineage.ts';
import { whyPerson } from '../approval/auto-review.ts';
import { allowedLag, jobSeconds, judgePlan, requiresEvidence, requiresSink } from '../approval/requirements.ts';
import { judgeCommand } from '../commands/index.ts';
import { activity as base } from '../limits/activity.fixture.ts';
import { frozenAt } from '../limits/freeze.ts';
import { holdStart, judgeFiling } from '../limits/limits.ts';
import { holdSandbox } from '../limits/sandboxes.ts';
import { judgeHighRisk } from '../rules/high-risk.ts';
import { judgeHost } from '../rules/hosts.ts';
import { judgeImage } from '../rules/images.ts';
import { aParent } from '../testing/action.fixture.ts';
import { anEffect } from '../testing/effect.fixture.ts';
import { aPlaybook, TRUSTED } from '../testing/playbook.fixture.ts';
import { aPolicySet } from '../testing/policies.fixture.ts';
import { seconds, stricter } from '../verdict/order.ts';
import { readPolicy } from './compile.ts';
import type { ApplicablePolicy } from './policy-set.ts';

// One policy more never loosens anything, in any order: the promise of the floor, over random policies and random actions.

let state = 11;
const random = (below: number) => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return (state >>> 8) % below;
};
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
const maybe = <T>(value: () => T): T | undefined => (random(5) === 0 ? value() : undefined);
const some = <T>(list: readonly T[]): T[] => {
  const chosen = list.filter(() => random(2) === 0);
  return chosen.length > 0 ? chosen : [pick(list)];
};
const decisions = ['Allow', 'RequireApproval', 'Deny'] as const;
const risks = ['Low', 'Medium', 'High', 'Critical'] as const;

function randomSpec(): object {
  return {
    modes: pick([['DryRun', 'Apply'], ['DryRun', 'Apply'], ['DryRun']]),
    environments: maybe(() => ({ allow: some(['staging', 'production']), deny: maybe(() => ['production']) })),
    playbooks: { trustedOnly: random(6) === 0, allow: maybe(() => some(['fix', 'other'])), adHocSteps: pick(decisions) },
    commands: maybe(() =>
      Array.from({ length: 1 + random(3) }, () => ({
        prefix: pick([['kubectl'], ['kubectl', 'get|delete'], ['rm'], ['kubectl', 'delete']]),
        decision: pick(decisions),
      })),
    ),
    kubernetes: maybe(() =>
      Array.from({ length: 1 + random(3) }, () => ({
        apiGroups: [pick(['apps', '*', ''])],
        resources: [pick(['deployments', '*', 'pods'])],
        verbs: [pick(['patch', '*', 'get'])],
        decision: pick(decisions),
      })),
    ),
    network: maybe(() => ({
      allow: maybe(() => some(['a.acme.io', '*.acme.io'])),
      deny: maybe(() => ['b.acme.io']),
      unfamiliar: pick(decisions),
    })),
    images: maybe(() => ({ allow: maybe(() => some(['docker.io/**', 'ghcr.io/*'])), requireDigest: random(4) === 0 })),
    approvals: maybe(() =>
      some(risks).map((upToRisk) => ({
        upToRisk,
        approvals: 1 + random(3),
        groups: maybe(() => some(['x', 'y'])),
        autoReview: random(4) > 0,
        autoReviewAfter: maybe(() => random(3)),
        expiresAfter: pick(['1h', '4h']),
      })),
    ),
    reasons: maybe(() => ({
      approvals: maybe(() => ({ comment: random(2) === 0, ticket: maybe(() => pick(['A-[0-9]+', 'B-[0-9]+'])) })),
    })),
    highRisk: maybe(() => [
      { apiGroups: ['apps'], resources: [pick(['deployments', 'pods'])], raiseTo: pick(risks), refuse: random(3) === 0 },
    ]),
    evidence: maybe(() => ({ required: random(2) === 0 })),
    audit: maybe(() => ({ requireSink: random(2) === 0, maxLag: maybe(() => pick(['1m', '5m'])) })),
    limits: maybe(() => ({
      duration: maybe(() => pick(['1m', '1h'])),
      objects: maybe(() => 1 + random(2)),
      concurrent: maybe(() => 1 + random(2)),
      sandboxes: maybe(() => 1 + random(2)),
      perDay: maybe(() => 1 + random(2)),
      children: maybe(() => random(3)),
      depth: maybe(() => random(3)),
    })),
    freeze: maybe(() => [{ schedule: pick(['* * * * *', '0 0 1 1 *']), duration: pick(['1m', '2h']), reason: 'x' }]),
    suspended: random(8) === 0,
  };
}

// Undefined fields are not fields: what a YAML file would hold.
const clean = (value: object): AgentPolicySpec => JSON.parse(JSON.stringify(value)) as AgentPolicySpec;

function applicable(kind: ApplicablePolicy['kind'], name: string, spec: object): ApplicablePolicy {
  const read = readPolicy({ kind, metadata: { name }, spec: clean(spec) });
  assert.deepEqual(read.faults, []);
  return { kind, name, ...read };
}

const floor = applicable('ClusterAgentPolicy', 'floor', {
  modes: ['DryRun', 'Apply'],
  playbooks: { trustedOnly: false, adHocSteps: 'Allow' },
  kubernetes: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'], decision: 'Allow' }],
  approvals: [{ upToRisk: 'Critical', autoReview: true, autoReviewAfter: 0 }],
  limits: { children: 9, depth: 9 },
});
ClusterAgentPolicySpec.parse(floor.spec);

const NOW = Date.parse('2026-01-01T12:00:30Z');
const effect = (resource: string) => anEffect({ resource, kind: 'X' });
const activity = (uid: string, phase: 'Filed' | 'Running') => base(uid, { admitted: phase === 'Filed' ? undefined : NOW, phase });

const RANK = { Allow: 0, RequireApproval: 1, Deny: 2 } as const;
const refusedBy = (list: readonly unknown[]) => (list.length > 0 ? 1 : 0);

/** Everything that a set of policies says of one action, each as a number that may only grow. */
function judgements(policies: readonly ApplicablePolicy[], action: ReturnType<typeof randomAction>): Record<string, number> {
  const set = aPolicySet(policies, { environment: action.environment });
  const playbook = aPlaybook({
    account: 'a',
    sandbox: { image: action.image },
    steps: [{ name: 'one', command: action.command }],
    autonomy: 'Auto',
  });
  const admission = admit({
    spec: { intent: { summary: 'x' }, playbookRef: { name: 'fix' }, mode: action.mode, cancelled: false },
    policies: set,
    playbook,
    trust: { trusted: false, why: 'x' },
    mayUseAccount: true,
  });
  const adHoc = admit({
    spec: {
      intent: { summary: 'x' },
      steps: [{ name: 'one', command: action.command }],
      account: 'a',
      image: action.image,
      mode: action.mode,
      cancelled: false,
    },
    policies: set,
    playbook,
    trust: { trusted: false, why: 'x' },
    mayUseAccount: true,
  });
  const review = whyPerson({
    policies: set,
    namespace: 'shop',
    effects: action.effects,
    risk: action.risk,
    playbook,
    trust: TRUSTED,
    adHoc: action.adHoc,
    undeclared: [],
    notObservable: [],
    asks: [],
    succeeded: 1,
  });
  const family = judgeParent(
    set,
    { spec: { intent: { summary: 'x', parentAction: 'w' }, mode: 'Apply' }, requester: { user: 'agent', groups: [] } },
    aParent({ name: 'w' }),
    1,
  );
  const plan = judgePlan(set, 'shop', action.effects, action.risk);
  const commands = policies.map((policy) => policy.commands).filter((one) => one !== undefined);
  return {
    admission: refusedBy(admission),
    adHoc: refusedBy(adHoc),
    person: review?.length === 0 ? 0 : 1,
    family: refusedBy(family),
    plan: refusedBy(plan.refusals),
    approvals: plan.requirements.approvals,
    sooner: -seconds(plan.requirements.expiresAfter),
    fewer: -['x', 'y'].filter((group) => plan.requirements.groups?.includes(group) ?? true).length,
    anyone: plan.requirements.groups === undefined ? 0 : 1,
    comment: plan.requirements.reasons?.comment ? 1 : 0,
    tickets: plan.requirements.reasons?.tickets?.length ?? 0,
    command: RANK[judgeCommand(commands, action.command).decision],
    image: RANK[judgeImage(set, action.image).decision],
    highRisk: Math.max(-1, ...judgeHighRisk(set, action.effects).raised.map(({ level }) => risks.indexOf(level))),
    shorter: -jobSeconds(set),
    sink: requiresSink(set) ? 1 : 0,
    evidence: requiresEvidence(set) ? 1 : 0,
    frozen: frozenAt(set, NOW)?.until ?? 0,
    filing: refusedBy(judgeFiling(set, activity('self', 'Filed'), [activity('a', 'Running')], NOW)),
    waits: holdSandbox(set, activity('self', 'Filed'), [activity('a', 'Running')]) ? 1 : 0,
    held: holdStart(set, activity('self', 'Filed'), [activity('a', 'Running')]) ? 1 : 0,
  };
}

const randomAction = () => ({
  environment: pick(['staging', 'production', undefined]),
  mode: pick(['Apply', 'DryRun'] as const),
  image: pick(['busybox', 'ghcr.io/x:1', `ghcr.io/x@sha256:${'a'.repeat(64)}`]),
  command: pick([
    ['kubectl', 'get', 'pods'],
    ['kubectl', 'delete', 'pod', 'x'],
    ['sh', '-c', 'rm -rf x && kubectl get pods'],
    ['sh', '-c', '$x'],
  ]),
  effects: some([effect('deployments'), effect('pods')]),
  risk: pick(risks),
  adHoc: random(2) === 0,
});

it('One policy more never loosens anything, in any order', () => {
  const counts = { refused: 0, allowed: 0, alone: 0 };
  for (let round = 0; round < 800; round++) {
    const kind = () => pick(['AgentPolicy', 'ClusterAgentPolicy'] as const);
    const [a, b] = [applicable(kind(), 'a', randomSpec()), applicable(kind(), 'b', randomSpec())];
    const action = randomAction();
    const [one, both, reversed] = [
      [floor, a],
      [floor, a, b],
      [b, a, floor],
    ].map((policies) => judgements(policies, action));
    assert.deepEqual(reversed, both, JSON.stringify([a.spec, b.spec, action]));
    for (const [what, before] of Object.entries(one ?? {}))
      assert.ok(
        (both?.[what] ?? Number.NEGATIVE_INFINITY) >= before,
        `${what} got looser: ${JSON.stringify([a.spec, b.spec, action])}`,
      );
    if (both?.person === 0) counts.alone += 1;
    counts[both?.admission || both?.plan ? 'refused' : 'allowed'] += 1;
  }
  // Were all of them refused, nothing would have been compared.
  assert.ok(counts.allowed > 50 && counts.refused > 50 && counts.alone > 10, JSON.stringify(counts));
});

it('One policy more never loosens what is said of a host, once one has rules about hosts', () => {
  for (let round = 0; round < 500; round++) {
    const network = () => ({
      allow: some(['a.acme.io', '*.acme.io']),
      deny: maybe(() => ['b.acme.io']),
      unfamiliar: pick(decisions),
    });
    const [a, b] = [
      applicable('AgentPolicy', 'a', { network: network() }),
      applicable('AgentPolicy', 'b', { network: network() }),
    ];
    const host = pick(['a.acme.io', 'b.acme.io', 'evil.io', 'localhost']);
    const of = (...policies: ApplicablePolicy[]) => judgeHost(aPolicySet(policies), host).decision;
    assert.equal(of(a, b), of(b, a));
    assert.equal(stricter(of(a), of(b)), of(a, b));
  }
});

it('A sink may lag as long as the shortest of those that ask for one', () => {
  const lag = (...audits: object[]) =>
    allowedLag(aPolicySet(audits.map((audit, index) => applicable('AgentPolicy', `p${index}`, { audit }))));
  assert.deepEqual(
    [
      lag({ requireSink: true, maxLag: '5m' }, { requireSink: true, maxLag: '1m' }),
      lag({ requireSink: true }, { requireSink: true, maxLag: '1m' }),
    ],
    [60, 0],
  );
});
