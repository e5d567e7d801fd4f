import { digestOf } from '@sentinel/crds';
import { isRecord, type Json, own, unescapeKey } from './pointer.ts';

/**
 * The keys that identify the entries of lists, by the name of the list: `x-kubernetes-list-map-keys` and
 * `x-kubernetes-patch-merge-key` of the OpenAPI of Kubernetes. Where a list has two sets of keys by its kind, the first that fits.
 */
const mergeKeys: Readonly<Record<string, readonly (readonly string[])[]>> = {
  ...Object.fromEntries(
    [
      'containers',
      'initContainers',
      'ephemeralContainers',
      'env',
      'volumes',
      'imagePullSecrets',
      'resourceClaims',
      'schedulingGates',
      'webhooks',
    ].map((list) => [list, [['name']]]),
  ),
  ports: [
    ['containerPort', 'protocol'],
    ['port', 'protocol'],
  ],
  volumeMounts: [['mountPath']],
  volumeDevices: [['devicePath']],
  hostAliases: [['ip']],
  topologySpreadConstraints: [['topologyKey', 'whenUnsatisfiable']],
  ownerReferences: [['uid']],
  conditions: [['type']],
};

/** Cached facts about the lists of one object, by their pointers. */
export interface KnownLists {
  readonly identities: Map<string, unknown>;
  /** How often each merge key is in a list. */
  readonly counts: Map<string, Map<string, number>>;
}

export const noLists = (): KnownLists => ({ identities: new Map(), counts: new Map() });

/**
 * The list entries on a path, by the pointer to each: the merge key of an entry, or the digest of the whole entry if it has none. A list of
 * plain values is identified as a whole, because its entries have no identity.
 * `root` is the value at the pointer `base`, which begins `path`.
 */
export function entriesOn(
  path: string,
  root: unknown,
  base: string,
  known: KnownLists = noLists(),
): Record<string, unknown> | undefined {
  let found: Record<string, unknown> | undefined;
  let here: unknown = root;
  let pointer = base;
  for (const part of path.slice(base.length).split('/').slice(1)) {
    if (Array.isArray(here)) {
      const index = Number(part);
      // All plain values of a list have one identity.
      const key = isRecord(here[index]) ? `${pointer}/${index}` : pointer;
      if (!known.identities.has(key)) known.identities.set(key, identityOf(here, index, pointer, known));
      found ??= {};
      found[`${pointer}/${index}`] = known.identities.get(key);
      here = here[index];
    } else if (isRecord(here)) here = own(here, unescapeKey(part));
    else break;
    pointer += `/${part}`;
  }
  return found;
}

function identityOf(list: readonly unknown[], index: number, pointer: string, known: KnownLists): unknown {
  const entry = list[index];
  if (!isRecord(entry)) return digestOf({ list });
  const name = unescapeKey(pointer.slice(pointer.lastIndexOf('/') + 1));
  for (const keys of Object.hasOwn(mergeKeys, name) ? (mergeKeys[name] ?? []) : []) {
    const key = Object.fromEntries(keys.map((field) => [field, own(entry, field)]));
    const hasKey = keys.every((field) => ['string', 'number'].includes(typeof key[field]));
    if (hasKey && countsOf(list, keys, pointer, known).get(keyOf(entry, keys)) === 1) return key;
  }
  return digestOf({ entry });
}

function countsOf(list: readonly unknown[], keys: readonly string[], pointer: string, known: KnownLists): Map<string, number> {
  const place = `${keys.join()} ${pointer}`;
  const counted = known.counts.get(place);
  if (counted) return counted;
  const counts = new Map<string, number>();
  for (const entry of list) if (isRecord(entry)) counts.set(keyOf(entry, keys), (counts.get(keyOf(entry, keys)) ?? 0) + 1);
  known.counts.set(place, counts);
  return counts;
}

// Strings and numbers; an entry with another type in its key is unique.
const keyOf = (entry: Json, keys: readonly string[]): string =>
  JSON.stringify(keys.map((field) => (isRecord(own(entry, field)) ? {} : own(entry, field))));
