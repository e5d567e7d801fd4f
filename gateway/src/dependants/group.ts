import type { DependantKind } from '@sentinel/crds';
import { mayHoldData } from '@sentinel/policy';
import type { FoundDependants } from '../effect/deletion.ts';
import type { Owned } from './cascade.ts';

/** How many kinds a plan lists of one delete, and how many names of one kind. */
const KINDS = 32;
const NAMES = 16;
const REASON = 512;

/** Dependants in the form of a plan, by kind: first kinds that may hold data, then by number. `room` is the space for names, in bytes. */
export function groupDependants(
  dependants: readonly Owned[],
  owner: { readonly namespace: string | undefined },
  incomplete: readonly string[],
  room: number,
): FoundDependants {
  const groups = [...Map.groupBy(dependants, ({ apiGroup, resource }) => `${resource}.${apiGroup}`).values()].toSorted(byWeight);
  let left = room;
  const kinds = groups.slice(0, KINDS).flatMap((group): DependantKind[] => {
    const [first] = group;
    if (!first) return [];
    const names: string[] = [];
    for (const name of group.map((one) => nameOf(one, owner.namespace)).sort()) {
      left -= Buffer.byteLength(name) + 4;
      if (names.length === NAMES || left < 0) break;
      names.push(name);
    }
    const { apiGroup, resource, kind } = first;
    return [{ apiGroup, resource, kind, count: group.length, ...(names.length === 0 ? {} : { names }) }];
  });
  const reasons = groups.length > KINDS ? [...incomplete, `${groups.length - KINDS} more kinds are not listed`] : incomplete;
  return {
    ...(kinds.length === 0 ? {} : { dependants: kinds }),
    ...(reasons.length === 0 ? {} : { incomplete: cut(reasons.join('; ')) }),
  };
}

/** The name of a dependant in a plan. */
export const nameOf = ({ namespace, name }: Pick<Owned, 'namespace' | 'name'>, of: string | undefined): string =>
  namespace === of || namespace === undefined ? name : `${namespace}/${name}`;

const byWeight = (a: readonly Owned[], b: readonly Owned[]): number =>
  Number(holdsData(b)) - Number(holdsData(a)) || b.length - a.length || (keyOf(a) < keyOf(b) ? -1 : 1);
const holdsData = ([one]: readonly Owned[]) => one !== undefined && mayHoldData(one);
const keyOf = ([one]: readonly Owned[]) => `${one?.resource}.${one?.apiGroup}`;

const cut = (text: string) => (text.length <= REASON ? text : `${text.slice(0, REASON - 1)}…`).toWellFormed();
