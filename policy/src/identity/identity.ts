import type { AgentActionSpec, AgentPolicySpec } from '@sentinel/crds';

/** An identity as authenticated by the API server. */
export interface Identity {
  readonly user: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
}

/** What the user name of a ServiceAccount begins with; its namespace and its name follow. */
export const SERVICE_ACCOUNT = 'system:serviceaccount:';

// The groups that the API server itself gives to programs and to callers that it does not know.
const PROGRAM_GROUPS = ['system:serviceaccounts', 'system:nodes', 'system:unauthenticated'];

/**
 * Whether an identity is not a person: a name that Kubernetes reserves (`system:`: ServiceAccounts, nodes, components, the anonymous user) or that
 * Sentinel reserves (`sentinel:`), or a group that only such identities have. The policies `sentinel-actions` and `sentinel-playbooks` contain
 * the same rule in CEL.
 */
export function isProgram({ user, groups }: Identity): boolean {
  return user.startsWith('system:') || user.startsWith('sentinel:') || PROGRAM_GROUPS.some((group) => groups.includes(group));
}

/**
 * Whether two identities are one person: the same user name, or the same uid where both have one. An identity provider may rename a
 * person, and may give one person two names.
 */
export function isSamePerson(a: Pick<Identity, 'user' | 'uid'>, b: Pick<Identity, 'user' | 'uid'>): boolean {
  return a.user === b.user || (a.uid !== undefined && a.uid !== '' && a.uid === b.uid);
}

/**
 * Why two identities count as one person although their names differ, as the end of a sentence; empty if the names are equal. All people who
 * assume one IAM role of AWS have the same uid, for any session name.
 */
export function explainSharedUid(one: Pick<Identity, 'user' | 'uid'>, other: Pick<Identity, 'user' | 'uid'>): string {
  if (one.user === other.user || !isSamePerson(one, other)) return '';
  return `. You are '${one.user}', and that was '${other.user}', but both have the uid '${one.uid}', as people have who share a login or an IAM role, so you count as one person. Log in as a user or role that nobody shares; docs/guides/admins.md says how on EKS`;
}

/** Whether a policy applies to an identity. A policy without subjects applies to everyone. */
export function isSubject(
  subjects: AgentPolicySpec['subjects'],
  identity: Identity,
  policyNamespace: string | undefined,
): boolean {
  if (subjects === undefined) return true;
  return subjects.some((subject) => {
    if (subject.kind === 'User') return identity.user === subject.name;
    if (subject.kind === 'Group') return identity.groups.includes(subject.name);
    const namespace = subject.namespace ?? policyNamespace;
    return namespace !== undefined && identity.user === `${SERVICE_ACCOUNT}${namespace}:${subject.name}`;
  });
}

/** Reads the annotation in which the webhook stamped an identity; undefined when it is missing or is not one. */
export function parseIdentity(stamp: string | undefined): Identity | undefined {
  if (stamp === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(stamp);
    if (typeof value !== 'object' || value === null) return undefined;
    const { user, uid, groups } = value as Record<string, unknown>;
    if (typeof user !== 'string' || user === '' || !Array.isArray(groups) || !groups.every((group) => typeof group === 'string'))
      return undefined;
    return { user, groups, uid: typeof uid === 'string' ? uid : undefined };
  } catch {
    return undefined;
  }
}

/** Everyone who counts as the requester of an action, and cannot approve it. */
export interface Requesters {
  readonly requester: Identity;
  readonly editors: readonly Identity[];
  /** The person for whom the agent says that it acts. */
  readonly onBehalfOf?: string | undefined;
}

/** The people whom an action names as authors of its schedule. They count like those who edited it. */
export const claimedAuthors = ({ onBehalfOf }: Pick<AgentActionSpec, 'onBehalfOf'>): Identity[] =>
  (onBehalfOf?.authors ?? []).map((user) => ({ user, groups: [] }));

/** The same as a list. Who is only named is left out if the list has the person with a uid or groups as well. */
export function everyRequester({ requester, editors, onBehalfOf }: Requesters): Identity[] {
  const all = [requester, ...editors, ...(onBehalfOf === undefined ? [] : [{ user: onBehalfOf, groups: [] }])];
  return all.filter((one) => !isOnlyNamed(one) || !all.some((other) => other.user === one.user && !isOnlyNamed(other)));
}

const isOnlyNamed = ({ uid, groups }: Identity): boolean => !uid && groups.length === 0;

/** Reads an annotation that only names somebody: who changed or cancelled an action. Undefined when it is missing or names nobody. */
export function parseActor(stamp: string | undefined): string | undefined {
  try {
    const user: unknown = (JSON.parse(stamp ?? 'null') as { user?: unknown } | null)?.user;
    return typeof user === 'string' && user !== '' ? user : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the annotation that lists who edited an action beside its requester, one stamp per line. Undefined when a line can't be read. */
export function parseIdentities(stamps: string | undefined): Identity[] | undefined {
  const identities = (stamps ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map(parseIdentity);
  return identities.some((identity) => identity === undefined)
    ? undefined
    : identities.filter((identity) => identity !== undefined);
}
