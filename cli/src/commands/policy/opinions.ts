import type { ActionPlan, AgentAction, Playbook } from '@sentinel/crds';
import {
  admit,
  fillSteps,
  frozenAt,
  judgeApiRequest,
  judgeHighRisk,
  judgePlan,
  judgeStep,
  type PolicySet,
  policyName,
  resolveParameters,
} from '@sentinel/policy';
import { RISKS } from './finding.ts';
import { type Because, TAKEN_FOR_GIVEN } from './judge.ts';

/**
 * Every rule that speaks of an action now, the strictest first: of its admission, each of its commands, each effect of its plan, its
 * risk, the time. Trust and the right to use the account are facts that policies do not hold: they are taken for given.
 */
export function opinionsOf(
  action: AgentAction,
  plan: ActionPlan | undefined,
  set: PolicySet,
  playbooks: readonly Playbook[],
  now: number,
): Because[] {
  const playbook = playbooks.find(({ metadata }) => metadata.name === action.spec.playbookRef?.name);
  const refusals = admit({ spec: action.spec, policies: set, playbook, trust: TAKEN_FOR_GIVEN, mayUseAccount: true });
  const all: Because[] = [
    ...refusals.map((refusal) => ({ ...refusal, decision: 'Deny' as const })),
    ...(playbook ? ofCommands(action, playbook, set) : []),
    ...(plan ? ofPlan(action, plan, set) : []),
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
      ...(refusal ? { remedy: refusal.remedy } : {}),
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
    const message = `risk ${level} needs ${line.approvals} approval(s)${line.groups ? ` from ${line.groups.join(' or ')}` : ''}`;
    return [{ policy: policyName(policy), rule: `approvals[${index}]`, decision: 'RequireApproval', message }];
  });
  return [...others.map((refusal) => ({ ...refusal, decision: 'Deny' as const })), ...requests, ...raised, ...lines];
}

function ofTime(set: PolicySet, now: number): Because[] {
  const frozen = frozenAt(set, now);
  if (!frozen) return [];
  const message = `nothing starts until ${new Date(frozen.until).toISOString()}: ${frozen.reason}`;
  return [{ policy: frozen.policy, rule: frozen.rule, decision: 'Deny', message, remedy: 'What is approved meanwhile waits.' }];
}
