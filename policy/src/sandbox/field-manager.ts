/** The way to a field: keys of objects and indexes of lists. */
export type FieldPath = readonly (string | number)[];

interface Entry {
  readonly manager?: unknown;
  readonly time?: unknown;
  readonly fieldsV1?: unknown;
}

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Which fields tell the entries of a list apart, as the API server's schema has it (x-kubernetes-list-map-keys). */
const listKeys = ['name', 'mountPath', 'ip', 'key'];

/**
 * Who set a field, by `metadata.managedFields` of its object; undefined when nobody says. Admission plugins, webhooks and policies act
 * within the request of somebody else, so what they set is that manager's: of a pod, the Job controller's.
 */
export function managerOf(object: Node, path: FieldPath): string | undefined {
  const { managedFields } = isNode(object.metadata) ? object.metadata : {};
  const entries = (Array.isArray(managedFields) ? managedFields : []) as readonly Entry[];
  const owners = entries
    .map((entry) => ({ entry, depth: depthOf(entry.fieldsV1, object, path) }))
    .filter(({ entry, depth }) => depth > 1 && typeof entry.manager === 'string')
    .sort((a, b) => b.depth - a.depth || String(b.entry.time).localeCompare(String(a.entry.time)));
  return owners[0]?.entry.manager as string | undefined;
}

/** How many steps of a path an entry owns: all of them, or as many as lead to a field that is owned whole. 0 when it does not own it. */
function depthOf(owned: unknown, value: unknown, path: FieldPath): number {
  if (!isNode(owned)) return 0;
  if (path.length === 0 || Object.keys(owned).length === 0) return 1;
  const [step, ...rest] = path;
  const inside = typeof step === 'number' && Array.isArray(value) ? value[step] : isNode(value) ? value[String(step)] : undefined;
  const next = typeof step === 'number' ? entryOf(owned, inside) : owned[`f:${step}`];
  const depth = depthOf(next, inside, rest);
  return depth === 0 ? 0 : depth + 1;
}

function entryOf(owned: Node, entry: unknown): unknown {
  if (!isNode(entry)) return undefined;
  return listKeys.map((key) => owned[`k:${JSON.stringify({ [key]: entry[key] })}`]).find((found) => found !== undefined);
}
