import { type ActionPlan, type AgentAction, actionPlans, agentActions, digestOf } from '@sentinel/crds';
import { type Session, UsageError } from './session.ts';

/** The action that is meant. Throws UsageError when there is none. */
export async function readAction({ client, namespace }: Session, name: string): Promise<AgentAction> {
  const action = await client.get(agentActions, { name, namespace });
  if (!action)
    throw new UsageError(`there is no action '${name}' in namespace '${namespace}'; see: kubectl sentinel queue -n ${namespace}`);
  return action;
}

/** The current plan of an action and the digest of what was read: what a person sees is what is approved. */
export async function readPlan(
  { client, namespace }: Session,
  action: AgentAction,
): Promise<{ plan: ActionPlan; digest: string }> {
  const summary = action.status?.plan;
  if (!summary) throw new UsageError(`'${action.metadata.name}' has no plan yet (${stateOf(action)}: ${messageOf(action)})`);
  const plan = await client.get(actionPlans, { name: summary.name, namespace });
  if (!plan) throw new UsageError(`the plan '${summary.name}' is gone; file the action again`);
  const digest = digestOf(plan.spec);
  if (digest !== summary.digest)
    throw new UsageError(
      'the plan was altered: its digest is not the one that the action names. Do not decide; tell your security team',
    );
  return { plan, digest };
}

const succeeded = (action: AgentAction) => action.status?.conditions?.find(({ type }) => type === 'Succeeded');

/** The state of an action. */
export const stateOf = (action: AgentAction): string => succeeded(action)?.reason ?? 'Pending';
/** What the action says of its state. */
export const messageOf = (action: AgentAction): string => succeeded(action)?.message ?? 'the operator has not looked at it yet';
