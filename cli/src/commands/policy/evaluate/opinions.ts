import { type ActionPlan, type AgentAction, count, type Playbook } from '@sentinel/crds';
import {
  admit,
  asksOf,
  fillSteps,
  frozenAt,
  type Identity,
  judgeAgent,
  judgeApiRequest,
  judgeHighRisk,
  judgePlan,
  judgeStep,
  type PolicySet,
  policyName,
  type Refusal,
  type Requirements,
  remedyOf,
  resolveParameters,
  whyPerson,
  withAutoReview,
} from '@sentinel/policy';
import { type Family, judgeFamily } from '../input/lineage-facts.ts';
import { RISKS } from '../lint/finding.ts';
import { type Because, denial } from './reason.ts';
import type { Work } from './work.ts';

/** An action, what it runs, its lineage and its plan. */
export interface Judged {
  readonly action: AgentAction;
  readonly plan: ActionPlan | undefined;
  readonly set: PolicySet;
  readonly work: Work;
  readonly family: Family;
  readonly requester: Identity;
}

/** Why an action would not be admitted now: because of policies, or as a child of its parent. */
export function refusalsOf({ action, set, work, family, requester }: Omit<Judged, 'plan'>): Refusal[] {
  const { playbook, trust } = work;
  return [
    ...judgeAgent(set, requester),
    ...admit({ spec: action.spec, policies: set, playbook, trust, mayUseAccount: true }),
    ...judgeFamily(set, action.spec, requester, family),
  ];
}

/** The evaluation of the plan of an action by the current policies. Earlier runs are not counted here. */
export function judgePlanOf({ action, plan, set, work }: Omit<Judged, 'family' | 'requester' | 'plan'> & { plan: ActionPlan }): {
  readonly requirements: Requirements;
  readonly refusals: readonly Refusal[];
  readonly person: readonly string[] | undefined;
} {
  const namespace = action.metadata.namespace ?? '';
  const { effects, risk, undeclared = [], notObservable = [] } = plan.spec;
  const { requirements, refusals } = judgePlan({ ...set, refusals: [] }, namespace, effects, risk.level);
  const { playbook } = work;
  const asks = playbook ? asksOf(set, playbook.spec, action.spec) : [];
  const facts = { policies: set, namespace, effects, risk: risk.level, undeclared, notObservable, asks, succeeded: undefined };
  const person = whyPerson({ ...facts, ...work });
  return { requirements: withAutoReview(requirements, person), refusals, person };
}

/**
 * Every rule that applies to an action now, the strictest first: for its admission, each of its commands, each effect of its plan, its
 * risk, the time. Trust and the right to use the account are not part of policies, so they are assumed.
 */
export function opinionsOf({ action, plan, set, work, family, requester }: Judged, now: number): Because[] {
  const { playbook } = work;
  const refusals = refusalsOf({ action, set, work, family, requester });
  const all: Because[] = [
    ...refusals.map(denial),
    ...(playbook ? ofCommands(action, playbook, set) : []),
    ...(plan ? ofPlan(action, plan, set) : []),
    ...(plan ? ofAutonomy(judgePlanOf({ action, plan, set, work }), set) : []),
    ...ofTime(set, now),
  ];
  const unique = [...new Map(all.map((one) => [`${one.decision} ${one.policy} ${one.rule} ${one.message}`, one])).values()];
  const rank = { Deny: 0, RequireApproval: 1, Allow: 2 };
  return unique.sort((a, b) => rank[a.decision] - rank[b.decision]);
}

function ofCommands(action: AgentAction, playbook: Playbook, set: PolicySet): Because[] {
  const { values } = resolveParameters(playbook.spec, action.spec.parameters);
  return fillSteps([...playbook.spec.steps, ...(playbook.spec.verify ?? [])], values).flatMap((step) =>
    judgeStep(set, step)
      // A denial is among the refusals already.
      .reasons.filter(({ decision }) => decision !== 'Deny')
      .map(({ policy, rule, decision, message, remedy }) => ({
        policy,
        rule,
        decision,
        message: `step '${step.name}': ${message}`,
        remedy,
      })),
  );
}

function ofPlan(action: AgentAction, { spec }: ActionPlan, set: PolicySet): Because[] {
  const namespace = action.metadata.namespace ?? '';
  const bare = { ...set, refusals: [] };
  const requests = spec.effects.map((effect): Because => {
    const what = `${effect.verb} ${effect.resource} '${effect.name}'`;
    const { decision, decidedBy, refusal } = judgeApiRequest(bare, namespace, {
      ...effect,
      namespace: effect.namespace,
      name: effect.name,
    });
    const at = decidedBy.indexOf(': ');
    const said = { Allow: 'is allowed', RequireApproval: 'needs approval', Deny: 'is denied' }[decision];
    return {
      policy: decidedBy.slice(0, at),
      rule: decidedBy.slice(at + 2),
      decision,
      message: `${what} ${said}`,
      ...(refusal ? { remedy: remedyOf(refusal.code) } : {}),
    };
  });
  const { level } = spec.risk;
  const others = judgePlan(bare, namespace, spec.effects, level).refusals.filter(
    ({ rule }) => !rule.startsWith('kubernetes') && !rule.startsWith('protected'),
  );
  const raised = judgeHighRisk(set, spec.effects).raised.map(({ rule, level: to, message }) => ({
    policy: 'highRisk',
    rule,
    decision: 'RequireApproval' as const,
    message: `${message} (at least ${to})`,
  }));
  const lines = set.policies.flatMap((policy): Because[] => {
    const index = policy.spec?.approvals?.findIndex(({ upToRisk }) => RISKS.indexOf(upToRisk) >= RISKS.indexOf(level)) ?? -1;
    const line = policy.spec?.approvals?.[index];
    if (!line) return [];
    const message = `risk ${level} needs ${count(line.approvals, 'approval')}${line.groups ? ` from ${line.groups.join(' or ')}` : ''}`;
    return [{ policy: policyName(policy), rule: `approvals[${index}]`, decision: 'RequireApproval', message }];
  });
  return [...others.map(denial), ...requests, ...raised, ...lines];
}

function ofAutonomy({ person }: ReturnType<typeof judgePlanOf>, set: PolicySet): Because[] {
  const rule = 'autoReview';
  if (person === undefined || set.refusals.length > 0) return [];
  if (person.length > 0)
    return person.map((reason) => ({
      policy: 'Sentinel',
      rule,
      decision: 'RequireApproval',
      message: `needs a person: ${reason}`,
    }));
  return [{ policy: 'Sentinel', rule, decision: 'Allow', message: 'policy lets it start without a person' }];
}

function ofTime(set: PolicySet, now: number): Because[] {
  const frozen = frozenAt(set, now);
  if (!frozen) return [];
  const message = `no real run starts until ${new Date(frozen.until).toISOString()}: ${frozen.reason}`;
  return [{ policy: frozen.policy, rule: frozen.rule, decision: 'Deny', message, remedy: remedyOf('FreezeActive') }];
}
