import { namespaces, virtualUser } from '@sentinel/crds';
import type { AnyObject } from '@sentinel/kube';
import { UsageError } from '../../session.ts';

export interface AccountFlags {
  readonly role?: string;
  readonly roleKind?: string;
  readonly clusterRole?: string;
  readonly user?: string[];
  readonly dryRun?: string;
}

const RBAC = 'rbac.authorization.k8s.io/v1';
export const GROUP = 'rbac.authorization.k8s.io';
const LABEL = 'sentinel.dev/account';

/** The names from which the objects of an account are built. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
  readonly role: { readonly kind: 'ClusterRole' | 'Role'; readonly name: string };
  readonly users: readonly { readonly namespace: string; readonly name: string }[];
}

/** Reads the flags. Throws UsageError, with what to write instead. */
export function accountOf(namespace: string, name: string, flags: AccountFlags): Account {
  requireAccountName(name);
  if (flags.dryRun !== undefined && flags.dryRun !== 'client' && flags.dryRun !== 'none')
    throw new UsageError('FlagInvalid', "--dry-run must be 'client' or 'none'");
  return { namespace, name, role: roleOf(flags), users: (flags.user ?? []).map(serviceAccountOf) };
}

/** Throws UsageError for a name that no account can have. */
export function requireAccountName(name: string): void {
  if (!LABEL_NAME.test(name))
    throw new UsageError(
      'FlagInvalid',
      `'${name}' is not a valid name for an account: use at most 63 lower-case letters, digits and '-'`,
    );
}

const LABEL_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function roleOf({ role, roleKind, clusterRole }: AccountFlags): Account['role'] {
  if (role !== undefined && clusterRole !== undefined)
    throw new UsageError('FlagConflict', 'pass --role or --cluster-role, not both');
  const name = role ?? clusterRole;
  if (!name)
    throw new UsageError('FlagRequired', '--role is required: the role of the account in the namespace, such as --role edit');
  const kind = clusterRole === undefined ? (roleKind ?? 'ClusterRole') : 'ClusterRole';
  if (kind !== 'ClusterRole' && kind !== 'Role')
    throw new UsageError('FlagInvalid', "--role-kind must be 'ClusterRole' or 'Role'");
  return { kind, name };
}

// People get the right with ordinary bindings; only ServiceAccounts are named here.
function serviceAccountOf(text: string): Account['users'][number] {
  const [namespace, name, ...more] = text.replace(/^system:serviceaccount:/, '').split(':');
  if (!namespace || !name || more.length > 0 || !LABEL_NAME.test(namespace) || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name))
    throw new UsageError('FlagInvalid', `--user must be NAMESPACE:NAME of a ServiceAccount, not '${text}'`);
  return { namespace, name };
}

/** The object that owns another one, which is deleted with it. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * The objects that make an account: its rights, the gateway's permission to act as it, and who may use it. `owner` is the Namespace, which
 * has the parts outside of the namespace deleted with it; its uid is not known to manifests.
 */
export function accountObjects({ namespace, name, role, users: serviceAccounts }: Account, owner?: OwnerReference): AnyObject[] {
  const users = [virtualUser('rehearsal', namespace, name), virtualUser('enforce', namespace, name)];
  const labels = { [LABEL]: name };
  const wide = `sentinel-account-${namespace}-${name}`;
  const outside = { name: wide, labels, ...(owner === undefined ? {} : { ownerReferences: [owner] }) };
  const own = { name: `sentinel-account-${name}`, namespace, labels };
  const objects: AnyObject[] = [
    {
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata: own,
      roleRef: { apiGroup: GROUP, kind: role.kind, name: role.name },
      subjects: users.map((user) => ({ apiGroup: GROUP, kind: 'User', name: user })),
    },
    {
      apiVersion: RBAC,
      kind: 'ClusterRole',
      metadata: outside,
      rules: [{ apiGroups: [''], resources: ['users'], resourceNames: users, verbs: ['impersonate'] }],
    },
    {
      apiVersion: RBAC,
      kind: 'ClusterRoleBinding',
      metadata: outside,
      roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: wide },
      subjects: [{ kind: 'ServiceAccount', name: 'sentinel-gateway', namespace: namespaces.system }],
    },
  ];
  if (serviceAccounts.length === 0) return objects;
  const use = { name: `sentinel-use-${name}`, namespace, labels };
  return [
    ...objects,
    {
      apiVersion: RBAC,
      kind: 'Role',
      metadata: use,
      rules: [{ apiGroups: ['sentinel.dev'], resources: ['accounts'], resourceNames: [name], verbs: ['use'] }],
    },
    {
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata: use,
      roleRef: { apiGroup: GROUP, kind: 'Role', name: use.name },
      subjects: serviceAccounts.map((one) => ({ kind: 'ServiceAccount', name: one.name, namespace: one.namespace })),
    },
  ];
}
