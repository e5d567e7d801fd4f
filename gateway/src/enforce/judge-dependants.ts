import type { Effect } from '@sentinel/crds';
import { mayHoldData } from '@sentinel/policy';
import type { Owned } from '../dependants/cascade.ts';
import { nameOf } from '../dependants/group.ts';
import { AT_MOST, MAY_NOT_LIST } from '../dependants/read-owned.ts';

/**
 * Why a delete would remove data that nobody approved; undefined if it would not. Pods and similar objects change all the time, so only
 * dependants that may hold data are compared with the plan and with what the run itself has created. Objects that are being deleted do not count.
 */
export function dependantsFault(
  approved: Effect,
  found: readonly Owned[],
  created: readonly Pick<Effect, 'apiGroup' | 'resource' | 'namespace' | 'name'>[],
): string | undefined {
  const own = new Set(created.map(keyOf));
  const now = found.filter((one) => mayHoldData(one) && !one.isGoing && !own.has(keyOf(one)));
  for (const [key, group] of Map.groupBy(now, ({ apiGroup, resource }) => `${apiGroup}/${resource}`)) {
    const planned = approved.deletion?.dependants?.find((one) => `${one.apiGroup}/${one.resource}` === key);
    const { names = [], count = 0 } = planned ?? {};
    // If the list of names is cut, only the number is compared.
    const others = group.filter((one) => !names.includes(nameOf(one, approved.namespace)));
    const [first] = others;
    if (first && group.length > count) return about(first, others.length);
    if (first && names.length === count) return about(first, others.length);
  }
  return undefined;
}

/** How doubt about dependants begins that does not pass by itself. Which kinds it names does not count: kinds come and go. */
const lasting = [MAY_NOT_LIST, AT_MOST];

/**
 * Why there may be dependants that nobody listed, as far as the approved plan has no doubt of that sort: somebody may have made more
 * objects since than are read, or taken the right to list them. A plan that has no room for all its doubt has any.
 */
export function newDoubts(approved = '', found: readonly string[]): string[] {
  if (approved.endsWith('…')) return [];
  return found.filter((doubt) => lasting.some((one) => doubt.startsWith(one) && !approved.includes(one)));
}

const keyOf = ({ apiGroup, resource, namespace, name }: Pick<Effect, 'apiGroup' | 'resource' | 'namespace' | 'name'>) =>
  JSON.stringify([apiGroup, resource, namespace ?? '', name]);

function about({ kind, name }: Owned, many: number): string {
  const more = many > 1 ? ` and ${many - 1} more` : '';
  return `it would delete ${kind} '${name}'${more} as well, which may hold data and is not in the approved plan`;
}
