import type { ClusterAgentPolicySpec } from '@sentinel/crds';
import { coversHost, frozenAt, isNamedSecret, judgeRepository, OWN_GROUP, protectedAgainst, readPolicy } from '@sentinel/policy';
import { ruleFault } from '../input/known-resources.ts';
import { isClusterScoped } from '../input/scope.ts';
import { lintAutonomy } from './autonomy.ts';
import { type AnyPolicy, type Finding, nameOf, RISKS, sampleOf, setOf } from './finding.ts';

type KubernetesRule = NonNullable<AnyPolicy['spec']['kubernetes']>[number];
type Add = (level: Finding['level'], path: string, message: string) => void;

/** Findings about a single policy: rules that do nothing, and rules that allow everything. */
export function lintPolicy(policy: AnyPolicy, now: number): Finding[] {
  const found: Finding[] = [];
  const add: Add = (level, path, message) => found.push({ level, policy: nameOf(policy), path, message });
  const { spec } = policy;
  // Files with faults are not linted; in a cluster an invalid policy may have been stored while the webhook was down.
  for (const fault of readPolicy(policy).faults) add('error', 'spec', `is treated as deny-all until it is fixed: ${fault}`);
  subjects(policy, add);
  approvals(policy, add);
  lintAutonomy(policy, add);
  kubernetes(spec.kubernetes ?? [], add);
  resources(policy, add);
  lists(policy, add);
  highRisk(policy, add);
  freeze(policy, now, add);
  if (spec.suspended) add('warning', 'suspended', 'the kill switch is on: nothing starts');
  if (spec.auditOnly) add('warning', 'auditOnly', 'the policy refuses nothing');
  if (!spec.playbooks.trustedOnly) add('warning', 'playbooks.trustedOnly', 'lets Playbooks run that nobody has trusted');
  if (spec.modes.length === 0) add('error', 'modes', 'is an empty list: nothing runs, not even a rehearsal');
  return found;
}

function subjects({ spec }: AnyPolicy, add: Add): void {
  if (spec.subjects?.length === 0)
    add('error', 'subjects', 'is an empty list: the policy applies to nobody; leave it out for everyone');
  for (const [index, { kind, name }] of (spec.subjects ?? []).entries()) {
    const path = `subjects[${index}].name`;
    if (kind === 'ServiceAccount' && !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name))
      add(
        'error',
        path,
        `'${name}' matches nobody: a ServiceAccount is named by \`namespace\` and \`name\`, each the name of an object`,
      );
    else if (name !== name.trim()) add('error', path, `'${name}' matches nobody: no name begins or ends with a blank`);
  }
}

function approvals({ spec }: AnyPolicy, add: Add): void {
  const lines = spec.approvals ?? [];
  if (spec.approvals?.length === 0) add('error', 'approvals', 'is an empty list: every plan is denied');
  for (const [index, line] of lines.entries()) {
    const before = lines.slice(0, index).findIndex((one) => RISKS.indexOf(one.upToRisk) >= RISKS.indexOf(line.upToRisk));
    if (before >= 0)
      add(
        'error',
        `approvals[${index}]`,
        `is unreachable: approvals[${before}] covers up to '${lines[before]?.upToRisk}' and comes first`,
      );
    if (line.groups?.length === 0) add('error', `approvals[${index}].groups`, 'is an empty list: nobody could approve');
  }
}

function kubernetes(rules: readonly KubernetesRule[], add: Add): void {
  for (const [index, rule] of rules.entries()) {
    const { apiGroups, resources, verbs, decision, resourceNames } = rule;
    const path = `kubernetes[${index}]`;
    const isAny = (list: readonly string[]) => list.includes('*');
    if (isAny(apiGroups) && isAny(resources) && isAny(verbs) && decision === 'Allow' && !resourceNames)
      add('error', path, "allows every verb on every resource: name what is needed, or use 'RequireApproval'");
    if (decision !== 'Deny' && isOutOfReach(rule))
      add('warning', path, 'does nothing: no policy can allow what it names, a person does it by hand');
    if (resourceNames?.length === 0 || rule.namespaces?.length === 0)
      add('error', path, 'never matches: an empty list of names or namespaces matches nothing');
    const by = rules.findIndex(
      (other, at) => at !== index && isStricter(other.decision, decision, at < index) && covers(other, rule),
    );
    if (by >= 0) add('warning', path, `is shadowed: kubernetes[${by}] matches all of it and is at least as strict`);
  }
}

function resources({ spec }: AnyPolicy, add: Add): void {
  for (const list of ['kubernetes', 'highRisk'] as const)
    for (const [index, rule] of (spec[list] ?? []).entries())
      for (const [at, resource] of rule.resources.entries()) {
        const fault = ruleFault(rule.apiGroups, resource);
        if (fault !== undefined) add('error', `${list}[${index}].resources[${at}]`, fault);
      }
}

const DECISIONS = ['Allow', 'RequireApproval', 'Deny'];

/** Whether one rule makes another one unnecessary; of two equal rules the first one is kept. */
export const isStricter = (a: string, b: string, isBefore: boolean): boolean =>
  DECISIONS.indexOf(a) > DECISIONS.indexOf(b) || (a === b && isBefore);

function isOutOfReach({ apiGroups, resources, verbs, resourceNames }: KubernetesRule): boolean {
  // The floor can show the certificates of Secrets, by name.
  const canBeNamed = (resourceNames?.length ?? 0) > 0;
  const requests = apiGroups.flatMap((apiGroup) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ verb, apiGroup, resource, namespace: 'x', name: 'x' }))),
  );
  return requests.every(
    (request) =>
      Object.values(request).every((part) => part !== '*') &&
      protectedAgainst(request) !== undefined &&
      !(canBeNamed && isNamedSecret(request)),
  );
}

function covers(wide: KubernetesRule, narrow: KubernetesRule): boolean {
  const within = (a: readonly string[], b: readonly string[], any: (entry: string) => boolean) =>
    b.every((entry) => a.includes(entry) || (a.includes('*') && any(entry)));
  return (
    // '*' is any group but Sentinel's own, unless the rule denies.
    within(wide.apiGroups, narrow.apiGroups, (entry) => entry !== OWN_GROUP || wide.decision === 'Deny') &&
    // '*' is any resource of a namespace, without subresources.
    within(wide.resources, narrow.resources, (entry) => !entry.includes('/') && !isClusterScoped(entry)) &&
    within(wide.verbs, narrow.verbs, () => true) &&
    (wide.resourceNames === undefined || narrow.resourceNames?.every((name) => wide.resourceNames?.includes(name)) === true) &&
    // The default is the namespace of the action, which is unknown here.
    (wide.namespaces === undefined
      ? narrow.namespaces === undefined
      : narrow.namespaces?.every((name) => wide.namespaces?.includes(name)) === true)
  );
}

function lists(policy: AnyPolicy, add: Add): void {
  const { spec } = policy;
  const { network, environments, repositories, images, mcpServers } = spec;
  for (const [index, pattern] of (network?.allow ?? []).entries())
    if ((network?.deny ?? []).some((other) => other === pattern || coversHost(other, pattern.replace(/^\*\./, 'x.'))))
      add('error', `network.allow[${index}]`, `'${pattern}' never matches: network.deny covers it, and deny wins`);
  if (network?.unfamiliar === 'Allow')
    add('error', 'network.unfamiliar', "allows every host that no rule denies: use 'RequireApproval' or 'Deny'");
  for (const [index, value] of (environments?.allow ?? []).entries())
    if (environments?.deny?.includes(value))
      add('error', `environments.allow[${index}]`, `'${value}' never matches: environments.deny has it, and deny wins`);
  for (const [index, value] of (repositories?.allow ?? []).entries())
    if (judgeRepository(setOf([policy]), sampleOf(value)).rule.startsWith('repositories.deny'))
      add('error', `repositories.allow[${index}]`, `'${value}' never matches: repositories.deny covers it, and deny wins`);
  for (const [index, pattern] of (images?.allow ?? []).entries())
    if (/^\*\*?(\/\*\*?)*$/.test(pattern))
      add('warning', `images.allow[${index}]`, `'${pattern}' allows images of every registry`);
  const servers = mcpServers?.allow ?? [];
  for (const [index, entry] of servers.entries()) {
    const by = servers.findIndex(
      (other, at) => at !== index && coversEntry(other, entry) && (at < index || !coversEntry(entry, other)),
    );
    if (by >= 0)
      add(
        'error',
        `mcpServers.allow[${index}]`,
        `has no effect: mcpServers.allow[${by}] allows all of it, and entries of one server are alternatives`,
      );
  }
  for (const [list, path] of [
    [environments?.allow, 'environments.allow'],
    [spec.playbooks.allow, 'playbooks.allow'],
    [images?.allow, 'images.allow'],
    [repositories?.allow, 'repositories.allow'],
    [(spec as ClusterAgentPolicySpec).modelEndpoint?.models, 'modelEndpoint.models'],
  ] as const)
    if (list?.length === 0) add('error', path, 'is an empty list: it lets nothing through; leave it out to allow any');
}

type ServerEntry = NonNullable<NonNullable<AnyPolicy['spec']['mcpServers']>['allow']>[number];

function coversEntry(wide: ServerEntry, narrow: ServerEntry): boolean {
  return (
    wide.url === narrow.url &&
    (wide.schemaDigest === undefined || wide.schemaDigest === narrow.schemaDigest) &&
    (wide.tools === undefined || narrow.tools?.every((tool) => wide.tools?.includes(tool)) === true)
  );
}

function highRisk({ spec }: AnyPolicy, add: Add): void {
  for (const [index, { raiseTo, refuse }] of (spec.highRisk ?? []).entries()) {
    if (raiseTo === 'Low' && !refuse) add('error', `highRisk[${index}]`, "has no effect: no risk is below 'Low'");
    if (raiseTo !== undefined && refuse) add('warning', `highRisk[${index}].raiseTo`, 'does nothing: the rule refuses');
  }
}

const DAYS = 400 * 86_400_000;
const JUMPS = 4000;

// Checks the end of each freeze: if no other freeze is active then, a run can start.
function freeze(policy: AnyPolicy, now: number, add: Add): void {
  const windows = policy.spec.freeze ?? [];
  if (windows.length === 0) return;
  const isEndless = (some: typeof windows) => {
    const set = setOf([{ ...policy, spec: { ...policy.spec, freeze: some } } as AnyPolicy]);
    let at = now;
    for (let jump = 0; jump < JUMPS && at < now + DAYS; jump++) {
      const until = frozenAt(set, at)?.until;
      if (until === undefined) return false;
      at = until;
    }
    return true;
  };
  const alone = windows.findIndex((window) => isEndless([window]));
  if (alone >= 0) add('error', `freeze[${alone}]`, 'covers all time: nothing would ever start');
  else if (windows.length > 1 && isEndless(windows))
    add('error', 'freeze', 'the windows together cover all time: nothing would ever start');
}
