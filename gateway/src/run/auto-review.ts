import { type ActionPlan, type AgentAction, agentPolicies, clusterAgentPolicies, type Playbook, playbooks } from '@sentinel/crds';
import { type KubeClient, namespaces } from '@sentinel/kube';
import {
  adHocPlaybook,
  asksOf,
  computeRisk,
  higher,
  type Identity,
  isAdHoc,
  judgeHighRisk,
  judgePlan,
  OWN_STEPS,
  policySet,
  type SealKeys,
  trustOf,
  UNTRUSTED_STEPS,
  whyPerson,
} from '@sentinel/policy';
import { forbidden } from '../request/refused.ts';

/**
 * Holds a plan that says it needs nobody against the policies as they are now: the operator's word alone starts nothing. The risk is
 * computed anew from the effects, the trust of the Playbook from its seal. Throws Refused when a person is needed after all.
 */
export async function requireNobodyNeeded(
  client: KubeClient,
  action: AgentAction,
  plan: ActionPlan,
  requester: Identity,
  keys: SealKeys,
): Promise<void> {
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
  const { effects, undeclared = [], notObservable = [] } = plan.spec;
  const asks = asksOf(set, playbook.spec, action.spec.parameters);
  const { level } = computeRisk({
    effects,
    undeclared,
    notObservable,
    environment: set.environment,
    floor: playbook.spec.risk?.floor,
    raised: judgeHighRisk(set, effects).raised,
    asks: isAdHoc(action.spec) ? [OWN_STEPS, ...asks] : asks,
  });
  const risk = higher(level, plan.spec.risk.level);
  const adHoc = isAdHoc(action.spec);
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
  }) ?? ['no policy lets a plan of this risk start without one'];
  const refused = judgePlan(set, namespace, effects, risk).refusals.map(({ message }) => message);
  if (reasons.length + refused.length > 0)
    throw forbidden(`the plan needs a person and has none: ${[...refused, ...reasons].slice(0, 4).join('; ')}`);
}

async function playbookOf(client: KubeClient, action: AgentAction): Promise<Playbook | undefined> {
  const own = adHocPlaybook(action);
  const name = action.spec.playbookRef?.name;
  if (own || name === undefined) return own;
  return (await client.get(playbooks, { name, namespace: action.metadata.namespace })) ?? undefined;
}
