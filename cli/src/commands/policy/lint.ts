import type { AgentPolicySpec, RiskLevel } from '@sentinel/crds';
import { coversHost, frozenAt } from '@sentinel/policy';
import type { Sources } from './sources.ts';

/** Something about a policy that is probably not what its author meant. */
export interface Finding {
  readonly level: 'error' | 'warning';
  readonly policy: string;
  readonly path: string;
  readonly message: string;
}

const RISKS: readonly RiskLevel[] = ['Low', 'Medium', 'High', 'Critical'];
const DECISIONS = ['Allow', 'RequireApproval', 'Deny'] as const;
type Policy = {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
  readonly spec: AgentPolicySpec;
};

/** Finds dead and shadowed rules, rules that allow everything, and approvals that nobody could give. */
export function lintPolicies(sources: Sources, now: number): Finding[] {
  const all: readonly Policy[] = [...sources.clusterPolicies, ...sources.policies];
  return [
    ...all.flatMap((policy) => lintOne(policy, now)),
    ...lintFloor(sources),
    ...all.flatMap((policy) => groupFindings(policy, all)),
  ];
}

function lintOne(policy: Policy, now: number): Finding[] {
  const found: Finding[] = [];
  const add = (level: Finding['level'], path: string, message: string) =>
    found.push({ level, policy: nameOf(policy), path, message });
  const { spec } = policy;
  for (const [index, line] of (spec.approvals ?? []).entries()) {
    const before = (spec.approvals ?? [])
      .slice(0, index)
      .findIndex((one) => RISKS.indexOf(one.upToRisk) >= RISKS.indexOf(line.upToRisk));
    if (before >= 0)
      add(
        'error',
        `approvals[${index}]`,
        `is dead: approvals[${before}] covers up to '${spec.approvals?.[before]?.upToRisk}' and comes first`,
      );
  }
  for (const [index, rule] of (spec.kubernetes ?? []).entries()) {
    if (
      rule.apiGroups.includes('*') &&
      rule.resources.includes('*') &&
      rule.verbs.includes('*') &&
      rule.decision === 'Allow' &&
      !rule.resourceNames
    )
      add('error', `kubernetes[${index}]`, "allows every verb on every resource: name what is needed, or use 'RequireApproval'");
    const by = (spec.kubernetes ?? []).findIndex(
      (other, at) => at !== index && isStricterOrEqual(other.decision, rule.decision, at < index) && coversRule(other, rule),
    );
    if (by >= 0)
      add('warning', `kubernetes[${index}]`, `is shadowed: kubernetes[${by}] matches all of it and is at least as strict`);
  }
  for (const [index, rule] of (spec.commands ?? []).entries()) {
    const by = (spec.commands ?? []).findIndex(
      (other, at) =>
        at !== index && isStricterOrEqual(other.decision, rule.decision, at < index) && coversPrefix(other.prefix, rule.prefix),
    );
    if (by >= 0) add('warning', `commands[${index}]`, `is shadowed: commands[${by}] matches all of it and is at least as strict`);
    if (rule.decision === 'Deny' && rule.justification === undefined)
      add('warning', `commands[${index}]`, 'denies without a justification: the agent is not told what to do instead');
  }
  for (const [index, pattern] of (spec.network?.allow ?? []).entries())
    if ((spec.network?.deny ?? []).some((other) => other === pattern || coversHost(other, pattern.replace(/^\*\./, 'x.'))))
      add('error', `network.allow[${index}]`, `'${pattern}' is dead: network.deny covers it, and deny wins`);
  for (const list of ['environments', 'repositories'] as const)
    for (const [index, value] of (spec[list]?.allow ?? []).entries())
      if (spec[list]?.deny?.includes(value))
        add('error', `${list}.allow[${index}]`, `'${value}' is dead: ${list}.deny has it, and deny wins`);
  for (const [list, path] of [
    [spec.environments?.allow, 'environments.allow'],
    [spec.playbooks.allow, 'playbooks.allow'],
    [spec.images?.allow, 'images.allow'],
  ] as const)
    if (list?.length === 0) add('error', path, 'is an empty list: it lets nothing through; leave it out to allow any');
  for (const [index] of (spec.freeze ?? []).entries())
    if (isFrozenForGood(policy, index, now))
      add('error', `freeze[${index}]`, 'covers every hour of the next month: nothing would ever start');
  if (spec.suspended) add('warning', 'suspended', 'the kill switch is on: nothing starts');
  if (spec.auditOnly) add('warning', 'auditOnly', 'the policy refuses nothing');
  if (!spec.playbooks.trustedOnly) add('warning', 'playbooks.trustedOnly', 'lets Playbooks run that nobody has trusted');
  return found;
}

const isStricterOrEqual = (a: (typeof DECISIONS)[number], b: (typeof DECISIONS)[number], isBefore: boolean) =>
  DECISIONS.indexOf(a) > DECISIONS.indexOf(b) || (a === b && isBefore);

type KubernetesRule = NonNullable<AgentPolicySpec['kubernetes']>[number];

function coversRule(wide: KubernetesRule, narrow: KubernetesRule): boolean {
  const within = (a: readonly string[], b: readonly string[], any: (entry: string) => boolean) =>
    b.every((entry) => a.includes(entry) || (a.includes('*') && any(entry)));
  return (
    within(wide.apiGroups, narrow.apiGroups, () => true) &&
    within(wide.resources, narrow.resources, (entry) => !entry.includes('/')) &&
    within(wide.verbs, narrow.verbs, () => true) &&
    (wide.resourceNames === undefined || (narrow.resourceNames ?? ['']).every((name) => wide.resourceNames?.includes(name))) &&
    JSON.stringify(wide.namespaces ?? []) === JSON.stringify(narrow.namespaces ?? [])
  );
}

function coversPrefix(wide: readonly string[], narrow: readonly string[]): boolean {
  if (wide.length > narrow.length) return false;
  return wide.every((position, index) => {
    const alternatives = new Set(position.split('|'));
    return (narrow[index] ?? '').split('|').every((token) => alternatives.has(token));
  });
}

const HOUR_MS = 3600_000;

function isFrozenForGood(policy: Policy, index: number, now: number): boolean {
  const window = policy.spec.freeze?.[index];
  if (!window) return false;
  const set = {
    policies: [{ kind: 'AgentPolicy' as const, name: 'x', digest: '', spec: { ...policy.spec, freeze: [window] } }],
    environment: undefined,
    refusals: [],
  };
  for (let hour = 0; hour < 31 * 24; hour++) if (!frozenAt(set, now + hour * HOUR_MS)) return false;
  return true;
}

function lintFloor({ clusterPolicies }: Sources): Finding[] {
  const inForce = clusterPolicies.filter(({ spec }) => !spec.auditOnly);
  const found: Finding[] = [];
  const add = (path: string, message: string) => found.push({ level: 'error', policy: 'the floor', path, message });
  if (inForce.length === 0)
    return [
      {
        level: 'warning',
        policy: 'the floor',
        path: '',
        message: 'there is no ClusterAgentPolicy here: without one nothing runs',
      },
    ];
  if (!inForce.some(({ spec }) => spec.kubernetes))
    add('kubernetes', 'no ClusterAgentPolicy has it: every request to the API is denied');
  if (!inForce.some(({ spec }) => spec.approvals)) add('approvals', 'no ClusterAgentPolicy has it: every plan is denied');
  return found;
}

// Lines of the floor and of a namespace meet: without a group in common nobody could approve.
function groupFindings(policy: Policy, all: readonly Policy[]): Finding[] {
  const others = all.filter((other) => other !== policy && other.kind === 'ClusterAgentPolicy');
  return (policy.spec.approvals ?? []).flatMap((line, index) => {
    const groups = line.groups;
    if (groups === undefined) return [];
    return others.flatMap((other): Finding[] => {
      const met = other.spec.approvals?.find(({ upToRisk }) => RISKS.indexOf(upToRisk) >= RISKS.indexOf(line.upToRisk));
      if (met?.groups === undefined || met.groups.some((group) => groups.includes(group))) return [];
      const message = `nobody could approve: ${nameOf(other)} asks for ${met.groups.join(', ')}, this for ${groups.join(', ')}`;
      return [{ level: 'error', policy: nameOf(policy), path: `approvals[${index}].groups`, message }];
    });
  });
}

const nameOf = ({ kind, metadata }: Policy) =>
  `${kind}/${metadata.namespace === undefined || kind === 'ClusterAgentPolicy' ? '' : `${metadata.namespace}/`}${metadata.name}`;
