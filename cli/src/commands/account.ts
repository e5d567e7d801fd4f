import { isDeepStrictEqual } from 'node:util';
import { namespaces, virtualUser } from '@sentinel/crds';
import { type AnyObject, clusterrolebindings, clusterroles, type ResourceKind, rolebindings, roles } from '@sentinel/kube';
import { type Session, UsageError } from '../session.ts';
import { formatOf, raw } from '../terminal/raw.ts';
import { table } from '../terminal/table.ts';

export interface AccountFlags {
  readonly role?: string;
  readonly roleKind?: string;
  readonly clusterRole?: string;
  readonly user?: string[];
  readonly dryRun?: string;
}

const RBAC = 'rbac.authorization.k8s.io/v1';
const GROUP = 'rbac.authorization.k8s.io';
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
  if (!LABEL_NAME.test(name))
    throw new UsageError(
      'FlagInvalid',
      `'${name}' is not a valid name for an account: use at most 63 lower-case letters, digits and '-'`,
    );
  if (flags.dryRun !== undefined && flags.dryRun !== 'client' && flags.dryRun !== 'none')
    throw new UsageError('FlagInvalid', "--dry-run must be 'client' or 'none'");
  return { namespace, name, role: roleOf(flags), users: (flags.user ?? []).map(serviceAccountOf) };
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

/** The objects that make an account: its rights, the gateway's permission to act as it, and who may use it. */
export function accountObjects({ namespace, name, role, users: serviceAccounts }: Account): AnyObject[] {
  const users = [virtualUser('rehearsal', namespace, name), virtualUser('enforce', namespace, name)];
  const labels = { [LABEL]: name };
  const wide = `sentinel-account-${namespace}-${name}`;
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
      metadata: { name: wide, labels },
      rules: [{ apiGroups: [''], resources: ['users'], resourceNames: users, verbs: ['impersonate'] }],
    },
    {
      apiVersion: RBAC,
      kind: 'ClusterRoleBinding',
      metadata: { name: wide, labels },
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

const kinds: Readonly<Record<string, ResourceKind>> = {
  RoleBinding: rolebindings,
  Role: roles,
  ClusterRole: clusterroles,
  ClusterRoleBinding: clusterrolebindings,
};

/** Creates an account, or prints its objects for Git with `--dry-run=client -o yaml`. */
export async function createAccount(session: Session, name: string, flags: AccountFlags): Promise<number> {
  const { client, namespace, io, flags: global } = session;
  const format = formatOf(global.output);
  const objects = accountObjects(accountOf(namespace, name, flags));
  if (flags.dryRun === 'client') {
    io.out(format === 'json' ? raw({ apiVersion: 'v1', kind: 'List', items: objects }, 'json') : manifest(objects));
    return 0;
  }
  if (format) throw new UsageError('FlagConflict', '-o prints the objects for Git; pass --dry-run=client with it');
  await requireFree(session, objects);
  for (const object of objects) {
    const kind = kinds[object.kind];
    if (!kind) continue;
    await client.patch(kind, { name: object.metadata.name ?? '', namespace: object.metadata.namespace }, object, {
      type: 'apply',
      fieldManager: 'kubectl-sentinel',
      force: true,
    });
    io.out(`${object.kind.toLowerCase()}.${GROUP}/${object.metadata.name ?? ''} serverside-applied`);
  }
  io.out(`account ${name} in namespace ${namespace} is ready`);
  return 0;
}

const manifest = (objects: readonly AnyObject[]) => objects.map((object) => raw(object, 'yaml')).join('\n---\n');

/*
 * Two accounts can get the same cluster-wide name: 'b-c' in 'a' and 'c' in 'a-b' are both sentinel-account-a-b-c, and
 * the second one would replace the gateway's right to act as the first. Also, the role of a binding cannot be changed.
 */
async function requireFree({ client }: Session, objects: readonly AnyObject[]): Promise<void> {
  for (const wanted of objects) {
    const kind = kinds[wanted.kind];
    if (!kind || wanted.kind === 'Role') continue;
    const { name = '', namespace } = wanted.metadata;
    const found = await client.get(kind, { name, namespace });
    if (!found) continue;
    if (wanted.kind === 'ClusterRole' && !isDeepStrictEqual(found.rules, wanted.rules))
      throw new UsageError(
        'AccountConflict',
        `the ClusterRole '${name}' belongs to another account with the same combination of namespace and name; choose another name for this one`,
      );
    if (wanted.roleRef && !isDeepStrictEqual(found.roleRef, wanted.roleRef))
      throw new UsageError(
        'AccountConflict',
        `the ${wanted.kind} '${name}' names another role, and that cannot be changed; delete it first: kubectl delete ${wanted.kind.toLowerCase()} ${name}${namespace ? ` -n ${namespace}` : ''}`,
      );
  }
}

/** Lists accounts, their roles and who may use them: every account that a RoleBinding names, no matter who created the binding. */
export async function listAccounts({ client, namespace, flags, io }: Session): Promise<number> {
  const format = formatOf(flags.output);
  const all = flags.allNamespaces === true;
  const { items } = await client.list(rolebindings, all ? {} : { namespace });
  const rights = items.filter((binding) => accountsIn(binding).length > 0);
  if (format) io.out(raw({ apiVersion: 'v1', kind: 'List', items: rights }, format));
  else if (rights.length === 0) io.out('There is no account; create one: kubectl sentinel account create NAME --role ROLE');
  else io.out(accountTable(rights, items, all));
  return 0;
}

const ENFORCE = virtualUser('enforce', '', '').replace(/:+$/, ':');

// A right outside the namespace of the account is shown with that namespace, because it deserves attention.
function accountsIn({ metadata, subjects }: AnyObject): string[] {
  return ((subjects ?? []) as Subject[]).flatMap(({ kind, name }) => {
    if (kind !== 'User' || !name.startsWith(ENFORCE)) return [];
    const [home, account = ''] = name.slice(ENFORCE.length).split(':');
    return [home === metadata.namespace ? account : `${home}:${account}`];
  });
}

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

function accountTable(rights: readonly AnyObject[], bindings: readonly AnyObject[], all: boolean): string {
  const rows = rights.flatMap((binding) =>
    accountsIn(binding).map((account) => {
      const { metadata, roleRef } = binding;
      const { kind, name } = roleRef as { kind: string; name: string };
      const row = [account, `${kind}/${name}`, usersOf(account, metadata.namespace, bindings)];
      return all ? [metadata.namespace, ...row] : row;
    }),
  );
  return table([...(all ? ['NAMESPACE'] : []), 'NAME', 'ROLE', 'USED-BY'], rows, ['USED-BY']);
}

function usersOf(account: string, namespace: string | undefined, bindings: readonly AnyObject[]): string {
  const use = bindings.find(({ metadata }) => metadata.namespace === namespace && metadata.name === `sentinel-use-${account}`);
  return ((use?.subjects ?? []) as Subject[])
    .map((one) => (one.kind === 'ServiceAccount' ? `${one.namespace ?? ''}:${one.name}` : `${one.kind}/${one.name}`))
    .join(',');
}
