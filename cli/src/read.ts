import { type ActionPlan, type AgentAction, actionPlans, agentActions, annotations, digestOf } from '@sentinel/crds';
import { parseIdentity } from '@sentinel/policy';
import { visible } from './print/visible.ts';
import { type Session, UsageError } from './session.ts';

const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** Throws UsageError for a name that no object can have. */
export function requireName(name: string, what: string): void {
  if (!OBJECT_NAME.test(name)) throw new UsageError(`'${name}' is no name for ${what}: lower-case letters, digits, '-' and '.'`);
}

/** The action that is meant. Throws UsageError when there is none. */
export async function readAction({ client, namespace }: Session, name: string): Promise<AgentAction> {
  requireName(name, 'an action');
  const action = await client.get(agentActions, { name, namespace });
  if (!action)
    throw new UsageError(
      `there is no action '${name}' in namespace '${namespace}'; see: kubectl get agentactions -n ${namespace}`,
    );
  return action;
}

/** An action, its current plan, and the digest of the plan that was read: what a person sees is what is approved. */
export interface Review {
  readonly action: AgentAction;
  readonly plan: ActionPlan;
  readonly digest: string;
}

/** Reads what a person decides on. Throws UsageError when there is no plan, or when it is not the one that the action names. */
export async function readReview(session: Session, name: string): Promise<Review> {
  const action = await readAction(session, name);
  const summary = action.status?.plan;
  if (!summary) throw new UsageError(`'${name}' has no plan (${stateOf(action)}: ${messageOf(action)})`);
  const plan = await session.client.get(actionPlans, { name: summary.name, namespace: session.namespace });
  if (!plan) throw new UsageError(`the plan '${summary.name}' is gone; file the action again`);
  const digest = digestOf(plan.spec);
  if (digest !== summary.digest || plan.spec.action.uid !== action.metadata.uid)
    throw new UsageError('the plan was altered: it is not the one that the action names. Do not decide; tell your security team');
  return { action, plan, digest };
}

const succeeded = (action: AgentAction) => action.status?.conditions?.find(({ type }) => type === 'Succeeded');

/** The state of an action. */
export const stateOf = (action: AgentAction): string => succeeded(action)?.reason ?? 'Pending';
/** What the action says of its state. */
export const messageOf = (action: AgentAction): string => succeeded(action)?.message ?? 'the operator has not looked at it yet';

/** Who asked, as the webhook stamped it; undefined when nothing is stamped. */
export const requesterOf = (action: AgentAction): string | undefined =>
  parseIdentity(action.metadata.annotations?.[annotations.requestedBy])?.user;

/** States in which people can decide. */
export const decidable: ReadonlySet<string> = new Set(['AwaitingApproval', 'Starting', 'Suspended']);

/** `namespace/name`, safe to print. */
export const placeOf = (action: AgentAction): string => visible(`${action.metadata.namespace ?? ''}/${action.metadata.name}`);
