import {
  type ActionPlan,
  type ActionPlanPartSpec,
  type AgentAction,
  actionPlanParts,
  actionPlans,
  agentActions,
  annotations,
  digestOf,
  type Playbook,
  planPartName,
  playbooks,
} from '@sentinel/crds';
import type { KubeObject, ResourceKind } from '@sentinel/kube';
import { joinParts, parseIdentity } from '@sentinel/policy/reading';
import { type PreviousPlan, readPrevious } from './read-previous.ts';
import { type Session, UsageError } from './session.ts';
import { visible } from './terminal/visible.ts';

const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** Throws UsageError for a name that no object can have. */
export function requireName(name: string, what: string): void {
  if (!OBJECT_NAME.test(name))
    throw new UsageError('FlagInvalid', `'${name}' is not a valid name for ${what}: use lower-case letters, digits, '-' and '.'`);
}

/** Reads a Playbook. Throws UsageError if it does not exist. */
export const readPlaybook = (session: Session, name: string): Promise<Playbook> =>
  readNamed(session, playbooks, name, { article: 'a Playbook', noun: 'Playbook' });

/**
 * Reads an action by its name, or by the beginning of its name if that fits no other action; then stderr says which one it is. Throws
 * UsageError if there is none, if there are several, or if the whole name is required (`isExact`).
 */
export async function readAction(session: Session, given: string, { isExact = false } = {}): Promise<AgentAction> {
  const name = withoutKind(given, agentActions);
  requireName(name, 'an action');
  const { client, namespace, io } = session;
  const found = await client.get(agentActions, { name, namespace });
  if (found) return found;
  const alike = await startingWith(session, name);
  const [only, ...others] = alike;
  const none = `there is no action '${name}' in namespace '${namespace}'`;
  if (!only) throw new UsageError('ObjectNotFound', `${none}; see: kubectl sentinel get -n ${namespace}`);
  if (others.length > 0)
    throw new UsageError(
      'NameAmbiguous',
      `${none}, and ${alike.length} names begin with it: ${listed(alike)}; pass a whole name`,
    );
  if (isExact)
    throw new UsageError('NameAmbiguous', `${none}; nobody is asked with --yes, so pass the whole name: ${only.metadata.name}`);
  // With -o a program reads stderr, and the name is in what it gets.
  if (session.flags.output === undefined) io.error(visible(`'${name}' is the action '${only.metadata.name}'`));
  return only;
}

const LISTED = 5;
const listed = (actions: readonly AgentAction[]) =>
  [...actions.slice(0, LISTED).map(({ metadata }) => metadata.name), ...(actions.length > LISTED ? ['…'] : [])].join(', ');

// Who may read an action may not always list them: then only whole names are known.
async function startingWith({ client, namespace }: Session, prefix: string): Promise<AgentAction[]> {
  const all = await client.list(agentActions, { namespace }).then(
    ({ items }) => items,
    () => [],
  );
  return all.filter(({ metadata }) => metadata.name.startsWith(prefix));
}

/** The name in `agentaction/NAME` or `agentactions.sentinel.dev/NAME`. Throws UsageError for another kind. */
export function withoutKind(given: string, { kind, plural, group }: Omit<ResourceKind<never>, 'type'>): string {
  const [before, name, ...more] = given.split('/');
  if (!before || name === undefined || more.length > 0) return given;
  const known = [kind.toLowerCase(), plural].flatMap((word) => [word, `${word}.${group}`, `${word}.v1alpha1.${group}`]);
  if (known.includes(before.toLowerCase())) return given.slice(before.length + 1);
  throw new UsageError('FlagInvalid', `'${given}' names another kind: expected ${plural}/NAME, or a name alone`);
}

async function readNamed<T extends KubeObject>(
  { client, namespace }: Session,
  kind: ResourceKind<T>,
  name: string,
  { article, noun }: { readonly article: string; readonly noun: string },
): Promise<T> {
  const plain = withoutKind(name, kind);
  requireName(plain, article);
  const found = await client.get(kind, { name: plain, namespace });
  if (found) return found;
  throw new UsageError(
    'ObjectNotFound',
    `there is no ${noun} '${name}' in namespace '${namespace}'; see: kubectl get ${kind.plural} -n ${namespace}`,
  );
}

/** An action, its current plan, and the digest of the plan that was read, which is the one that the person approves. */
export interface Review {
  readonly action: AgentAction;
  /** The plan with the changes of all its parts. */
  readonly plan: ActionPlan;
  /** The plan as it is stored. */
  readonly stored: ActionPlan;
  /** The digest of the plan as it is stored; that covers the digests of its parts. */
  readonly digest: string;
  /** The plan before the last edit of the action; undefined if there was none. */
  readonly previous?: PreviousPlan | undefined;
}

/** Reads the action and plan that a person decides on. Throws UsageError if there is no plan, or if it is not the one that the action names. */
export async function readReview(session: Session, given: string, how: { readonly isExact?: boolean } = {}): Promise<Review> {
  const action = await readAction(session, given, how);
  const { name } = action.metadata;
  const summary = action.status?.plan;
  if (!summary) throw new UsageError('PlanNotFound', `'${name}' has no plan (${stateOf(action)}: ${messageOf(action)})`);
  const plan = await session.client.get(actionPlans, { name: summary.name, namespace: session.namespace });
  if (!plan) throw new UsageError('PlanNotFound', `the plan '${summary.name}' is gone; create the action again`);
  const digest = digestOf(plan.spec);
  if (digest !== summary.digest || plan.spec.action.uid !== action.metadata.uid)
    throw new UsageError(
      'PlanAltered',
      'the plan was altered: it is not the one that the action names. Do not decide; tell your security team',
    );
  const parts = await readParts(session, plan);
  const previous = await readPrevious(session, action);
  return {
    action,
    stored: plan,
    plan: { ...plan, spec: { ...plan.spec, effects: joinParts(plan.spec.effects, parts) } },
    digest,
    ...(previous === undefined ? {} : { previous }),
  };
}

// A plan with a part that cannot be read must not be decided.
async function readParts({ client, namespace }: Session, { metadata, spec }: ActionPlan): Promise<ActionPlanPartSpec[]> {
  const parts: ActionPlanPartSpec[] = [];
  for (const [index, digest] of (spec.parts ?? []).entries()) {
    const name = planPartName(metadata.name, index + 1);
    const part = await client.get(actionPlanParts, { name, namespace });
    if (!part)
      throw new UsageError(
        'PlanNotFound',
        `'${name}', which holds a part of the plan, is gone, so not all of the plan can be seen; create the action again`,
      );
    if (digestOf(part.spec) !== digest)
      throw new UsageError(
        'PlanAltered',
        `'${name}' was altered: it is not the part that the plan names. Do not decide; tell your security team`,
      );
    parts.push(part.spec);
  }
  return parts;
}

const succeeded = (action: AgentAction) => action.status?.conditions?.find(({ type }) => type === 'Succeeded');

/** The state of an action. */
export const stateOf = (action: AgentAction): string => succeeded(action)?.reason ?? 'Pending';
/** The message of the state of an action. */
export const messageOf = (action: AgentAction): string => succeeded(action)?.message ?? 'waiting for the operator';

/** The requester, as recorded by the webhook; undefined if nothing is recorded. */
export const requesterOf = (action: AgentAction): string | undefined =>
  parseIdentity(action.metadata.annotations?.[annotations.requestedBy])?.user;

/** States in which people can decide. */
export const decidable: ReadonlySet<string> = new Set(['AwaitingApproval', 'ChangesRequested', 'Starting', 'Suspended']);

/** `namespace/name`, safe to print. */
export const placeOf = (action: AgentAction): string => visible(`${action.metadata.namespace ?? ''}/${action.metadata.name}`);

/** How many people approve an action: its plan, or in advance by a standing approval. One person counts once, however often they approve. */
export const givenTo = ({ status }: Pick<AgentAction, 'status'>): number => {
  const approving = (status?.decisions ?? []).filter(({ counts, decision }) => counts && decision === 'approve');
  const standing = (status?.standingApprovals ?? []).filter(({ counts }) => counts);
  return new Set([...approving, ...standing].map(({ user }) => user)).size;
};
