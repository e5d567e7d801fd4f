import type { AgentPolicySpec } from '@sentinel/crds';

/** Who someone is, as the API server authenticated them. */
export interface Identity {
  readonly user: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
}

const SERVICE_ACCOUNT = 'system:serviceaccount:';

/** Whether an identity is a program: a service account, a node, or one of Sentinel's own virtual users. */
export function isProgram(identity: Identity): boolean {
  return (
    identity.user.startsWith(SERVICE_ACCOUNT) || identity.user.startsWith('system:node:') || identity.user.startsWith('sentinel:')
  );
}

/** Whether a policy speaks of an identity. A policy without subjects speaks of everyone. */
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
