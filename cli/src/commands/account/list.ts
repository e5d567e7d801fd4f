import { virtualUser } from '@sentinel/crds';
import { type AnyObject, rolebindings } from '@sentinel/kube';
import type { Session } from '../../session.ts';
import { formatOf } from '../../terminal/format.ts';
import { raw } from '../../terminal/raw.ts';
import { table, withoutHeadings } from '../../terminal/table.ts';

/** Lists accounts, their roles and who may use them: every account that a RoleBinding names, no matter who created the binding. */
export async function listAccounts({ client, namespace, flags, io }: Session): Promise<number> {
  const format = formatOf(flags.output);
  const all = flags.allNamespaces === true;
  const { items } = await client.list(rolebindings, all ? {} : { namespace });
  const rights = items.filter((binding) => accountsIn(binding).length > 0);
  if (format) io.out(raw({ apiVersion: 'v1', kind: 'List', items: rights }, format, flags));
  else if (rights.length === 0) io.error('There is no account; create one: kubectl sentinel account create NAME --role ROLE');
  else io.out(withoutHeadings(accountTable(rights, items, all), flags));
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
