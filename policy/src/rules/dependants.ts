import type { Effect } from '@sentinel/crds';

/** An object, or several that are not all named, that the garbage collector deletes because its owner is deleted. */
export interface DeletedDependant {
  readonly verb: 'delete';
  readonly apiGroup: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  /** Left out for those of a kind whose names are not all known. */
  readonly name: string | undefined;
  /** What is deleted by the request itself. */
  readonly owner: string;
}

/**
 * The dependants that are deleted with objects, in the form of deletions, so that a rule that denies deleting them cannot be bypassed by deleting
 * their owner. Empty for an owner that orphans its dependants.
 */
export function deletedDependants(effects: readonly Effect[]): DeletedDependant[] {
  return effects.flatMap(({ deletion, resource: ownerResource, name: ownerName, namespace: ownerNamespace }) => {
    if (!deletion || deletion.propagation === 'Orphan') return [];
    const owner = `${ownerResource} '${ownerName}'`;
    return (deletion.dependants ?? []).flatMap(({ apiGroup, resource, count, names = [] }) => {
      const of = { verb: 'delete', apiGroup, resource, owner } as const;
      const named = names.map((name) => {
        const cut = name.indexOf('/');
        return cut < 0
          ? { ...of, namespace: ownerNamespace, name }
          : { ...of, namespace: name.slice(0, cut), name: name.slice(cut + 1) };
      });
      return names.length < count ? [...named, { ...of, namespace: ownerNamespace, name: undefined }] : named;
    });
  });
}
