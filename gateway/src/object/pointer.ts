/** JSON pointers into objects whose keys come from sandboxes. */
export type Json = Record<string, unknown>;
export const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

// Names come from sandboxes: `constructor` and `__proto__` are keys like any other, and never those of the prototype.
export const own = (object: object, key: string): unknown => (Object.hasOwn(object, key) ? (object as Json)[key] : undefined);
export const put = (object: object, key: string, value: unknown): unknown =>
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });

export const escapeKey = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');
export const unescapeKey = (segment: string) =>
  segment.includes('~') ? segment.replaceAll('~1', '/').replaceAll('~0', '~') : segment;

/** The keys and indexes of a pointer. */
export const segmentsOf = (path: string): string[] => (path === '' ? [] : path.slice(1).split('/').map(unescapeKey));

/** The value at a JSON pointer; undefined when there is none. */
export function valueAt(object: unknown, path: string): unknown {
  let here: unknown = object;
  for (const segment of segmentsOf(path)) {
    if (Array.isArray(here)) here = here[Number(segment)];
    else if (isRecord(here)) here = own(here, segment);
    else return undefined;
  }
  return here;
}

/** Sets the value at a pointer whose parent exists. */
export function setAt(object: unknown, path: string, value: unknown): void {
  const parent = valueAt(object, path.slice(0, path.lastIndexOf('/')));
  if (typeof parent === 'object' && parent !== null) put(parent, segmentsOf(path).at(-1) ?? '', value);
}

/** Removes the key at a pointer, if it exists. */
export function removeAt(object: unknown, path: string): void {
  const parent = valueAt(object, path.slice(0, path.lastIndexOf('/')));
  if (isRecord(parent)) delete parent[segmentsOf(path).at(-1) ?? ''];
}
