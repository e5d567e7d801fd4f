import { type ActionPlan, type AgentAction, API_VERSION, type Playbook, type State } from '@sentinel/crds';
import { playbookDigest } from '@sentinel/policy';
import { stateOf } from '../status/conditions.ts';

// From the start of the real run, the approved Playbook counts, and not the current one.
const underWay: ReadonlySet<State> = new Set<State>(['Running', 'OutcomeUnknown', 'Verifying', 'RollingBack']);

/**
 * The Playbook of an action. Until the start it is the live one, which policies evaluate again. From the start on it is the copy in the plan.
 * If the plan has no copy, it is the live one, but only if it is unchanged since admission. Undefined if neither is the admitted one: then
 * the approved checks are unknown.
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
