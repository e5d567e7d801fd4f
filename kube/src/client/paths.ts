import type { KubeObject, ObjectKey, ResourceKind } from '../types.ts';

/** The URL path of a kind, in one namespace or in all. */
export function collectionPath<T extends KubeObject>(kind: ResourceKind<T>, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  return kind.namespaced && namespace !== undefined
    ? `${root}/namespaces/${segment(namespace)}/${kind.plural}`
    : `${root}/${kind.plural}`;
}

/** The URL path of one object. Throws a TypeError if a namespaced kind comes without a namespace, or a name could leave its place. */
export function objectPath<T extends KubeObject>(kind: ResourceKind<T>, key: ObjectKey, subresource?: string): string {
  if (kind.namespaced && !key.namespace) throw new TypeError(`${kind.kind} is namespaced: a namespace is needed`);
  const path = `${collectionPath(kind, key.namespace)}/${segment(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** One path segment. Refuses what a server or a proxy could read as another path. */
function segment(value: string): string {
  if (value === '' || value === '.' || value === '..' || value.includes('/')) {
    throw new TypeError(`Not a name: ${JSON.stringify(value)}`);
  }
  return encodeURIComponent(value);
}
