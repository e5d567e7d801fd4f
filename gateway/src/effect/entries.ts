import { digestOf } from '@sentinel/crds';
import { isRecord, own, segmentsOf } from './pointer.ts';

/**
 * The keys of lists whose entries are told apart by them, by the name of the list: `x-kubernetes-list-map-keys` and
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

/**
 * Which entries a path passes in lists, by the pointer to each: the merge key of an entry, and the digest of the whole entry where
 * it has none. A list of plain values is covered as a whole, because its entries mean something only beside one another.
 * `identities` keeps what was computed for other paths of the same object.
 */
export function entriesOn(
  path: string,
  at: (pointer: string) => unknown,
  identities = new Map<string, unknown>(),
): Record<string, unknown> | undefined {
  const found: [string, unknown][] = [];
  const parts = path.split('/');
  for (let depth = 1; depth < parts.length; depth++) {
    const pointer = parts.slice(0, depth).join('/');
    const list = at(pointer);
    if (!Array.isArray(list)) continue;
    const index = Number(parts[depth]);
    // All plain values of a list have one identity.
    const key = isRecord(list[index]) ? `${pointer}/${index}` : pointer;
    if (!identities.has(key)) identities.set(key, identityOf(list, index, segmentsOf(pointer).at(-1) ?? ''));
    found.push([`${pointer}/${index}`, identities.get(key)]);
  }
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function identityOf(list: readonly unknown[], index: number, name: string): unknown {
  const entry = list[index];
  if (!isRecord(entry)) return digestOf({ list });
  for (const keys of Object.hasOwn(mergeKeys, name) ? (mergeKeys[name] ?? []) : []) {
    const key = Object.fromEntries(keys.map((field) => [field, own(entry, field)]));
    const hasKey = keys.every((field) => ['string', 'number'].includes(typeof key[field]));
    const isOnly = list.filter((one) => isRecord(one) && keys.every((field) => own(one, field) === key[field])).length === 1;
    if (hasKey && isOnly) return key;
  }
  return digestOf({ entry });
}
