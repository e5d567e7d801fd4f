import { isDeepStrictEqual } from 'node:util';
import {
  type AnyObject,
  clusterrolebindings,
  clusterroles,
  namespaces,
  type ResourceKind,
  rolebindings,
  roles,
} from '@sentinel/kube';
import { exitCodes } from '../../exit-codes.ts';
import { confirmed, requireSomebody, type Session, UsageError } from '../../session.ts';
import { formatOf } from '../../terminal/format.ts';
import { raw } from '../../terminal/raw.ts';
import {
  type Account,
  type AccountFlags,
  accountObjects,
  accountOf,
  GROUP,
  type OwnerReference,
  requireAccountName,
} from './objects.ts';

export { listAccounts } from './list.ts';
export type { AccountFlags } from './objects.ts';

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
  const account = accountOf(namespace, name, flags);
  const objects = accountObjects(account);
  if (flags.dryRun === 'client') {
    io.out(format === 'json' ? raw({ apiVersion: 'v1', kind: 'List', items: objects }, 'json') : manifest(objects));
    return 0;
  }
  if (format) throw new UsageError('FlagConflict', '-o prints the objects for Git; pass --dry-run=client with it');
  await requireRole(session, account);
  await requireFree(session, objects);
  for (const object of accountObjects(account, await ownerOf(session))) {
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

// Deleting the namespace then deletes what the account has outside of it, so that the next namespace of that name does not get it.
async function ownerOf({ client, namespace }: Session): Promise<OwnerReference> {
  const found = await client.get(namespaces, { name: namespace });
  if (!found?.metadata.uid)
    throw new UsageError('ObjectNotFound', `there is no namespace '${namespace}'; see: kubectl get namespaces`);
  return { apiVersion: 'v1', kind: 'Namespace', name: namespace, uid: found.metadata.uid };
}

async function requireRole({ client, namespace }: Session, { role }: Account): Promise<void> {
  const found = await (role.kind === 'Role'
    ? client.get(roles, { name: role.name, namespace })
    : client.get(clusterroles, { name: role.name }));
  if (found) return;
  const where = role.kind === 'Role' ? ` in namespace '${namespace}'` : '';
  const other = role.kind === 'Role' ? 'ClusterRole' : 'Role';
  throw new UsageError(
    'RoleNotFound',
    `there is no ${role.kind} '${role.name}'${where}, so the account could do nothing; create it first, or pass --role-kind ${other} if it is a ${other}`,
  );
}

export interface DeleteFlags {
  readonly yes?: boolean;
}

/** Deletes an account: its rights, the permission of the gateway to act as it, and who may use it. Actions of it that wait are denied. */
export async function deleteAccount(session: Session, name: string, flags: DeleteFlags): Promise<number> {
  const { client, namespace, io } = session;
  requireAccountName(name);
  requireSomebody(io, flags.yes === true);
  const wanted = accountObjects({ namespace, name, role: { kind: 'ClusterRole', name: '' }, users: [{ namespace, name }] });
  const present: { readonly kind: ResourceKind; readonly object: AnyObject }[] = [];
  for (const object of wanted) {
    const kind = kinds[object.kind];
    const key = { name: object.metadata.name ?? '', namespace: object.metadata.namespace };
    const found = kind ? await client.get(kind, key) : null;
    // The cluster-wide name may belong to another account with the same combination of namespace and name.
    if (found && object.kind === 'ClusterRole' && !isDeepStrictEqual(found.rules, object.rules))
      throw new UsageError('AccountConflict', `the ClusterRole '${key.name}' belongs to another account; nothing was deleted`);
    if (kind && found) present.push({ kind, object: found });
  }
  if (present.length === 0)
    throw new UsageError(
      'ObjectNotFound',
      `there is no account '${name}' in namespace '${namespace}'; see: kubectl sentinel account list -n ${namespace}`,
    );
  for (const { object } of present) io.out(`${object.kind} ${object.metadata.name ?? ''}`);
  if (!(await confirmed(session, `Delete the account '${name}'? Its open actions cannot go on.`, flags.yes === true))) {
    io.error('nothing was deleted');
    return exitCodes.other;
  }
  // The gateway loses its right first: what remains after an interruption gives nobody anything.
  for (const { kind, object } of [...present].reverse()) {
    const key = { name: object.metadata.name ?? '', namespace: object.metadata.namespace };
    const preconditions = object.metadata.uid === undefined ? undefined : { uid: object.metadata.uid };
    await client.delete(kind, key, { preconditions });
    io.out(`${object.kind.toLowerCase()}.${GROUP}/${key.name} deleted`);
  }
  return exitCodes.done;
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
