import {
  type ActionPlan,
  type AgentAction,
  agentPolicies,
  clusterAgentPolicies,
  type Effect,
  type Playbook,
  playbooks,
} from '@sentinel/crds';
import { type KubeClient, namespaces } from '@sentinel/kube';
import {
  adHocPlaybook,
  admit,
  asksOf,
  computeRisk,
  frozenAt,
  higher,
  type Identity,
  isAdHoc,
  judgeAgent,
  judgeHighRisk,
  judgePlan,
  type PolicySet,
  playbookDigest,
  policySet,
  type SealKeys,
  trustOf,
  UNTRUSTED_STEPS,
  undeclaredEffects,
  whyPerson,
} from '@sentinel/policy';
import { forbidden } from '../request/refused.ts';

/** Says why effects need a person, by the policies as they were when the run was claimed; empty when they need nobody. */
export type JudgeEffects = (effects: readonly Effect[]) => readonly string[];

/**
 * Holds a plan that says it needs nobody against the policies as they are now: the operator's word alone starts nothing. The action
 * must be admitted still, the risk is computed anew, the trust of the Playbook comes from its seal. Throws Refused when a person is
 * needed after all. What a plan shows may not be what its digests allow, so the answer judges each write again as it is observed.
 */
export async function requireNobodyNeeded(
  client: KubeClient,
  action: AgentAction,
  plan: ActionPlan,
  requester: Identity,
  keys: SealKeys,
): Promise<JudgeEffects> {
  const namespace = action.metadata.namespace ?? '';
  const [tenant, cluster, local, playbook] = await Promise.all([
    client.getOrThrow(namespaces, { name: namespace }),
    client.list(clusterAgentPolicies),
    client.list(agentPolicies, { namespace }),
    playbookOf(client, action),
  ]);
  if (!playbook) throw forbidden('the Playbook of the plan is gone, so nobody knows whether it may start without a person');
  const sources = {
    namespace: { metadata: { ...tenant.metadata, name: namespace } },
    clusterPolicies: cluster.items,
    policies: local.items,
  };
  const set = policySet(sources, requester);
  const judge = judgeOf({ action, plan, playbook, set, keys });
  const reasons = [...differences(action, plan, playbook, set), ...inForce(action, playbook, set, requester, keys)];
  refuse([...reasons, ...judge(plan.spec.effects)]);
  return judge;
}

// Throws Refused when there is a reason for a person.
function refuse(reasons: readonly string[]): void {
  if (reasons.length > 0) throw forbidden(`the plan needs a person and has none: ${reasons.slice(0, 4).join('; ')}`);
}

// Where the plan is not that of the action as it stands: a person would have seen it, here nobody does.
function differences({ metadata, spec, status }: AgentAction, { spec: plan }: ActionPlan, playbook: Playbook, set: PolicySet) {
  const found: string[] = [];
  if (spec.mode !== 'Apply') found.push(`the action is a ${spec.mode}`);
  if (plan.action.generation !== metadata.generation) found.push('the plan is for another generation of the action');
  if (plan.playbook.digest !== playbookDigest(playbook)) found.push('the plan is for another Playbook');
  if (new Set([plan.account, status?.account, playbook.spec.account]).size > 1) found.push('the plan is for another account');
  if (plan.environment !== set.environment) found.push('the plan is for another environment');
  return found;
}

// What refuses the action at its admission, or its start at this moment. The requester's right to the account was asked there.
function inForce(action: AgentAction, playbook: Playbook, policies: PolicySet, requester: Identity, keys: SealKeys) {
  const trust = isAdHoc(action.spec) ? UNTRUSTED_STEPS : trustOf(playbook, keys);
  const refusals = [
    ...judgeAgent(policies, requester),
    ...admit({ spec: action.spec, policies, playbook, trust, mayUseAccount: true }),
  ];
  const frozen = frozenAt(policies, Date.now());
  return [...refusals.map(({ message }) => message), ...(frozen ? [frozen.reason] : [])];
}

function judgeOf(given: {
  readonly action: AgentAction;
  readonly plan: ActionPlan;
  readonly playbook: Playbook;
  readonly set: PolicySet;
  readonly keys: SealKeys;
}): JudgeEffects {
  const { action, plan, playbook, set, keys } = given;
  const namespace = action.metadata.namespace ?? '';
  const adHoc = isAdHoc(action.spec);
  const asks = asksOf(set, playbook.spec, action.spec.parameters);
  const { notObservable = [] } = plan.spec;
  return (effects) => {
    const undeclared = undeclaredEffects(action, effects);
    const { level } = computeRisk({
      effects,
      undeclared,
      notObservable,
      environment: set.environment,
      floor: playbook.spec.risk?.floor,
      raised: judgeHighRisk(set, effects).raised,
      asks,
      ownSteps: adHoc,
    });
    const risk = higher(level, plan.spec.risk.level);
    const reasons = whyPerson({
      policies: set,
      namespace,
      effects,
      risk,
      playbook,
      trust: adHoc ? UNTRUSTED_STEPS : trustOf(playbook, keys),
      adHoc,
      undeclared,
      notObservable,
      asks,
      // How often it succeeded is the operator's to count; the gateway holds what policy says.
      succeeded: undefined,
    });
    const refused = judgePlan(set, namespace, effects, risk).refusals.map(({ message }) => message);
    return [...refused, ...(reasons ?? ['no policy lets a plan of this risk start without one'])];
  };
}

async function playbookOf(client: KubeClient, action: AgentAction): Promise<Playbook | undefined> {
  const own = adHocPlaybook(action);
  const name = action.spec.playbookRef?.name;
  if (own || name === undefined) return own;
  return (await client.get(playbooks, { name, namespace: action.metadata.namespace })) ?? undefined;
}
