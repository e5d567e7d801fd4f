import { type ActionPlan, type AgentAction, actionPlans, digestOf } from '@sentinel/crds';
import type { Session } from './session.ts';

/** The plan before the last edit of an action, or the plan that it amends. */
export interface PreviousPlan {
  readonly digest: string;
  /** Undefined if it is gone, or not the one that the action names. */
  readonly plan: ActionPlan | undefined;
}

/** Reads the plan that the current one of an action is compared with; undefined if there was none. Nothing is decided by it. */
export async function readPrevious(
  { client, namespace }: Session,
  { metadata, spec, status }: AgentAction,
): Promise<PreviousPlan | undefined> {
  const named = status?.previousPlan;
  if (!named) return undefined;
  const found = await client.get(actionPlans, { name: named.name, namespace });
  const isNamed =
    found && digestOf(found.spec) === named.digest && [metadata.uid, spec.amends?.uid].includes(found.spec.action.uid);
  return { digest: named.digest, plan: isNamed ? found : undefined };
}
