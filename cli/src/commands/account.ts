import { namespaces, virtualUser } from '@sentinel/crds';
import { type AnyObject, clusterrolebindings, clusterroles, type ResourceKind, rolebindings, roles } from '@sentinel/kube';
import { stringify } from 'yaml';
import { table } from '../print/table.ts';
import { type Session, UsageError } from '../session.ts';

export interface AccountFlags {
  readonly role: string;
  readonly roleKind?: string;
  readonly user?: string[];
  readonly dryRun?: string;
}

const RBAC = 'rbac.authorization.k8s.io/v1';
const GROUP = 'rbac.authorization.k8s.io';
const LABEL = 'sentinel.dev/account';

/** The objects that make an account: its rights, the gateway's permission to act as it, and who may use it. */
export function accountObjects(namespace: string, name: string, flags: AccountFlags): AnyObject[] {
  const users = [virtualUser('rehearsal', namespace, name), virtualUser('enforce', namespace, name)];
  const labels = { [LABEL]: name };
  const wide = `sentinel-account-${namespace}-${name}`;
  const own = { name: `sentinel-account-${name}`, namespace, labels };
  const objects: AnyObject[] = [
    {
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata: own,
      roleRef: { apiGroup: GROUP, kind: flags.roleKind ?? 'ClusterRole', name: flags.role },
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
  if (!flags.user?.length) return objects;
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
      subjects: flags.user.map(subject),
    },
  ];
}

// `NAMESPACE:NAME` is a ServiceAccount; anything else would be a person, and people grant themselves rights with ordinary bindings.
function subject(text: string): object {
  const [namespace, name, ...more] = text.split(':');
  if (!namespace || !name || more.length > 0)
    throw new UsageError(`--user must be NAMESPACE:NAME of a ServiceAccount, not '${text}'`);
  return { kind: 'ServiceAccount', name, namespace };
}

const kinds: Readonly<Record<string, ResourceKind>> = {
  RoleBinding: rolebindings,
  Role: roles,
  ClusterRole: clusterroles,
  ClusterRoleBinding: clusterrolebindings,
};

/** Makes an account, or prints its objects for Git with `--dry-run=client -o yaml`. */
export async function createAccount(
  { client, namespace, flags: global, io }: Session,
  name: string,
  flags: AccountFlags,
): Promise<number> {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    throw new UsageError(`'${name}' is no name for an account: lower-case letters, digits and '-'`);
  const objects = accountObjects(namespace, name, flags);
  if (flags.dryRun === 'client') {
    io.out(
      global.output === 'json' ? JSON.stringify(objects, null, 2) : objects.map((object) => stringify(object)).join('---\n'),
    );
    return 0;
  }
  for (const object of objects) {
    const kind = kinds[object.kind];
    if (kind)
      await client.patch(kind, { name: object.metadata.name ?? '', namespace: object.metadata.namespace }, object, {
        type: 'apply',
        fieldManager: 'kubectl-sentinel',
        force: true,
      });
    io.out(`${object.kind.toLowerCase()}.${GROUP}/${object.metadata.name ?? ''} applied`);
  }
  return 0;
}

/** Lists the accounts of a namespace and their roles. */
export async function listAccounts({ client, namespace, flags, io }: Session): Promise<number> {
  const { items } = await client.list(rolebindings, { ...(flags.allNamespaces ? {} : { namespace }), labelSelector: LABEL });
  const rights = items.filter(({ metadata }) => metadata.name?.startsWith('sentinel-account-'));
  if (flags.output === 'json') io.out(JSON.stringify(rights, null, 2));
  else if (rights.length === 0) io.out('There is no account; make one: kubectl sentinel account create NAME --role ROLE');
  else
    io.out(
      table(
        ['NAMESPACE', 'NAME', 'ROLE'],
        rights.map((binding) => [
          binding.metadata.namespace,
          binding.metadata.labels?.[LABEL],
          (binding.roleRef as { kind: string; name: string }).name,
        ]),
      ),
    );
  return 0;
}
