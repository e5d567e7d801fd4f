import { type ActionPlan, type AgentAction, API_VERSION, type Playbook, type State } from '@sentinel/crds';
import { playbookDigest } from '@sentinel/policy';
import { stateOf } from '../status/conditions.ts';

// From the start of the real run on, what was approved counts, and not what has become of it.
const underWay: ReadonlySet<State> = new Set<State>(['Running', 'OutcomeUnknown', 'Verifying', 'RollingBack']);

/**
 * The Playbook that an action runs by. Until the start it is the live one, which policies judge again. From the start on it is the
 * copy in the plan. A plan without a copy leaves the live one, but only as it was admitted. Undefined when neither is what was
 * admitted: then nobody knows which checks were approved.
 */
export function playbookInForce(
  action: AgentAction,
  plan: ActionPlan | undefined,
  live: Playbook | undefined,
): Playbook | undefined {
  if (!underWay.has(stateOf(action.status))) return live;
  const admitted = action.status?.playbook;
  const found = plan?.spec.playbook.spec === undefined ? live : copyOf(action, plan.spec.playbook.spec);
  return found && playbookDigest(found) === admitted?.digest ? found : undefined;
}

function copyOf({ metadata, status }: AgentAction, spec: Playbook['spec']): Playbook {
  return {
    apiVersion: API_VERSION,
    kind: 'Playbook',
    metadata: { name: status?.playbook?.name ?? '', namespace: metadata.namespace ?? '', uid: status?.playbook?.uid ?? '' },
    spec,
  };
}
