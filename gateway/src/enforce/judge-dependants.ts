import type { Effect } from '@sentinel/crds';
import { mayHoldData } from '@sentinel/policy';
import type { Owned } from '../dependants/cascade.ts';
import { nameOf } from '../dependants/group.ts';

/**
 * Why a delete would take data along that nobody approved; undefined when it would not. Pods and the like come and go, so only what may
 * hold data is compared: what the plan lists, and what the run itself has created. What is being deleted already goes anyway.
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
    // A list that is cut tells by its number alone.
    const others = group.filter((one) => !names.includes(nameOf(one, approved.namespace)));
    const [first] = others;
    if (first && group.length > count) return about(first, others.length);
    if (first && names.length === count) return about(first, others.length);
  }
  return undefined;
}

const keyOf = ({ apiGroup, resource, namespace, name }: Pick<Effect, 'apiGroup' | 'resource' | 'namespace' | 'name'>) =>
  JSON.stringify([apiGroup, resource, namespace ?? '', name]);

function about({ kind, name }: Owned, many: number): string {
  const more = many > 1 ? ` and ${many - 1} more` : '';
  return `it would delete ${kind} '${name}'${more} as well, which may hold data and is not in the approved plan`;
}
