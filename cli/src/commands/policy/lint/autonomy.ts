import type { RiskLevel } from '@sentinel/crds';
import {
  autoReviewAt,
  bytesOfQuantity,
  defaultedLimit,
  judgeApiRequest,
  type PolicySet,
  policyName,
  requiresSink,
  seconds,
} from '@sentinel/policy';
import { candidates } from '../worst-case/candidates.ts';
import { type AnyPolicy, type Finding, nameOf, RISKS, setOf } from './finding.ts';

type Add = (level: Finding['level'], path: string, message: string) => void;
type Line = NonNullable<AnyPolicy['spec']['approvals']>[number];

/** Findings about autonomy in a single policy: lines that never let a plan start, and lines that let too much start. */
export function lintAutonomy(policy: AnyPolicy, add: Add): void {
  const { spec } = policy;
  for (const [index, line] of (spec.approvals ?? []).entries()) {
    const path = `approvals[${index}]`;
    const levels = levelsOf(spec.approvals ?? [], index);
    if (line.autoReviewAfter !== undefined && !line.autoReview)
      add(
        'warning',
        `${path}.autoReviewAfter`,
        'does nothing in this policy but delays plans that other policies let start: the entry does not set `autoReview`',
      );
    if (!line.autoReview || levels.length === 0) continue;
    if (levels.every((level) => level === 'Critical'))
      add(
        'error',
        `${path}.autoReview`,
        'has no effect: the entry covers only Critical, and nothing Critical starts without approval by a person',
      );
    else if (levels.includes('Critical'))
      add('warning', `${path}.upToRisk`, "is never effective up to 'Critical': nothing Critical starts without a person");
    if (levels.includes('High') && spec.playbooks.adHocSteps === 'Allow')
      add(
        'warning',
        'playbooks.adHocSteps',
        `lets steps that nobody has seen start without a person up to risk High (${path}): use 'RequireApproval', or a lower \`upToRisk\``,
      );
  }
  if (spec.limits?.depth === 0 && (spec.limits.children ?? 0) > 0)
    add('error', 'limits.children', 'has no effect: with `depth: 0` no action may have a parent');
}

// The levels that a line decides: those that no earlier line covers.
function levelsOf(lines: readonly Line[], index: number): RiskLevel[] {
  const first = (risk: RiskLevel) => lines.findIndex(({ upToRisk }) => RISKS.indexOf(upToRisk) >= RISKS.indexOf(risk));
  return RISKS.filter((risk) => first(risk) === index);
}

/** Findings about autonomy, child actions and retention in a policy together with the policies that apply with it. */
export function lintAutonomyMeeting(policy: AnyPolicy, meeting: readonly AnyPolicy[]): Finding[] {
  const found: Finding[] = [];
  const add: Add = (level, path, message) => found.push({ level, policy: nameOf(policy), path, message });
  const set = setOf(meeting);
  overruled(policy, set, add);
  outdone(policy, set, add);
  asked(policy, set, add);
  parts(policy, set, add);
  if (policy.spec.dataHandling?.retainFor !== undefined && !requiresSink(set))
    add(
      'warning',
      'dataHandling.retainFor',
      'deletes nothing where no sink acknowledges the audit trail, and no policy asks for one: set `audit.requireSink`',
    );
  for (const { kind, name, spec } of set.policies) {
    const [own, least] = [policy.spec.dataHandling?.retainFor, spec?.dataHandling?.retainAtLeast];
    if (own !== undefined && least !== undefined && seconds(own) < seconds(least))
      add(
        'warning',
        'dataHandling.retainFor',
        `has no effect: ${own} is shorter than the \`retainAtLeast\` of ${kind}/${name} (${least})`,
      );
  }
  return found;
}

// A line that another policy always overrules.
function overruled({ spec, kind, metadata }: AnyPolicy, set: PolicySet, add: Add): void {
  const own = policyName({ kind, name: metadata.name });
  for (const [index, { autoReview }] of (spec.approvals ?? []).entries()) {
    const levels = levelsOf(spec.approvals ?? [], index).filter((level) => level !== 'Critical');
    if (!autoReview || levels.length === 0) continue;
    const against = (level: RiskLevel) =>
      autoReviewAt(set, level).lines.filter((line) => line.policy !== own && !line.autoReview);
    const dead = levels.filter((level) => against(level).length > 0);
    const names = [...new Set(dead.flatMap((level) => against(level).map(({ policy }) => policy)))].join(', ');
    if (dead.length === levels.length)
      add(
        'warning',
        `approvals[${index}].autoReview`,
        `has no effect: ${names} requires approval by a person at risk ${dead.join(', ')}`,
      );
    else if (dead.length > 0)
      add(
        'warning',
        `approvals[${index}].autoReview`,
        `has no effect at risk ${dead.join(', ')}: ${names} requires approval by a person there`,
      );
  }
}

// A number of runs that is lower than that of another policy, or than its default.
function outdone({ spec, kind, metadata }: AnyPolicy, set: PolicySet, add: Add): void {
  const own = policyName({ kind, name: metadata.name });
  for (const [index, { autoReview, autoReviewAfter }] of (spec.approvals ?? []).entries()) {
    if (!autoReview || autoReviewAfter === undefined) continue;
    const levels = levelsOf(spec.approvals ?? [], index)
      .filter((level) => level !== 'Critical')
      .map((level) => autoReviewAt(set, level).lines)
      .filter((lines) => lines.every((line) => line.autoReview));
    const more = levels.map((lines) => lines.find(({ policy, runs }) => policy !== own && runs > autoReviewAfter));
    const [first] = more;
    if (first && more.every((line) => line !== undefined))
      add(
        'warning',
        `approvals[${index}].autoReviewAfter`,
        `has no effect: ${autoReviewAfter} is less than the ${first.runs} of ${first.policy} (${first.path})`,
      );
  }
}

// Rules about the API that require a person for every change that they allow.
function asked({ spec, metadata }: AnyPolicy, set: PolicySet, add: Add): void {
  const index = spec.approvals?.findIndex(({ autoReview, upToRisk }) => autoReview && upToRisk !== 'Critical') ?? -1;
  if (index < 0 || !set.policies.some((policy) => policy.kind === 'ClusterAgentPolicy' && policy.spec?.kubernetes)) return;
  const namespace = metadata.namespace ?? 'any';
  // Deletions wait for a person even if rules allow them.
  const changes = candidates(set, namespace).filter(({ request }) => !request.verb.startsWith('delete'));
  const [first] = changes;
  if (!first || changes.some(({ asks }) => !asks)) return;
  const { decidedBy } = judgeApiRequest(set, namespace, first.request);
  add(
    'warning',
    `approvals[${index}].autoReview`,
    `has no effect: the rules about the Kubernetes API require approval by a person for every change that they allow (${decidedBy})`,
  );
}

function parts({ spec, kind, metadata }: AnyPolicy, set: PolicySet, add: Add): void {
  const own = policyName({ kind, name: metadata.name });
  for (const key of ['children', 'depth', 'open', 'storage'] as const) {
    const [said, held] = [spec.limits?.[key], defaultedLimit(set, key)];
    const amount = typeof said === 'string' ? bytesOfQuantity(said) : said;
    if (amount !== undefined && amount > held.limit && held.policy !== own)
      add('warning', `limits.${key}`, `has no effect: ${said} is more than the ${held.text} of ${held.policy}`);
  }
  const children = defaultedLimit(set, 'children');
  const depth = defaultedLimit(set, 'depth');
  if (spec.limits?.depth !== undefined && spec.limits.depth > 0 && children.limit === 0)
    add(
      'warning',
      'limits.depth',
      `has no effect: ${children.policy === 'Sentinel' ? 'no policy says `limits.children`, and then an action may have none' : `${children.policy} lets no action have children`}`,
    );
  if ((spec.limits?.children ?? 0) > 0 && depth.limit === 0 && depth.policy !== own)
    add('warning', 'limits.children', `has no effect: ${depth.policy} lets no action have a parent (limits.depth)`);
}
