import type { Effect, FieldChange } from '@sentinel/crds';

/** What a queue has room for. */
const LENGTH = 200;
const VALUE = 48;

/**
 * What a plan changes, in a few words for a queue: its first write with the object and the values, and how many more there are. It says no
 * more of a value than the plan shows.
 */
export function summarizeEffects(shown: readonly Effect[]): string {
  const [first, ...others] = shown;
  if (!first) return 'nothing';
  const more = others.length === 0 ? '' : ` (+${others.length} more)`;
  return `${cutEnd(describe(first), LENGTH - more.length)}${more}`;
}

function describe(effect: Effect): string {
  const { verb, kind, name, resource, change = [] } = effect;
  const object = `${objectKind(kind, resource)} ${name}`;
  if (verb === 'create' || verb === 'delete') return `${verb} ${object}`;
  const replicas = resource.endsWith('/scale') ? change.find(({ path }) => path === '/spec/replicas') : undefined;
  if (replicas) return `scale ${object} ${values(replicas)}`;
  const fields = change.filter(({ path, repeats }) => path !== '/metadata/managedFields' && !repeats);
  const [field] = fields;
  if (!field) return `${verb} ${object}`;
  const rest = fields.length - 1 + (effect.more?.fields ?? 0);
  return `${verb} ${object}: ${lastPart(field.path)} ${values(field)}${rest > 0 ? `, ${rest} more ${rest === 1 ? 'field' : 'fields'}` : ''}`;
}

// Discovery calls what is written at /scale a Scale, whatever it belongs to.
function objectKind(kind: string, resource: string): string {
  if (kind !== 'Scale') return kind;
  const base = (resource.split('/')[0] ?? '').replace(/s$/, '');
  return kinds.get(base) ?? `${base.slice(0, 1).toUpperCase()}${base.slice(1)}`;
}
const kinds: ReadonlyMap<string, string> = new Map([
  ['statefulset', 'StatefulSet'],
  ['replicaset', 'ReplicaSet'],
  ['replicationcontroller', 'ReplicationController'],
]);

function values({ before, after, lines, redacted }: FieldChange): string {
  if (lines !== undefined) return `(${lines.split('\n').filter((row) => /^[-+]/.test(row)).length} rows)`;
  if (redacted && before === undefined && after === undefined) return '(hidden)';
  if (after === undefined) return 'removed';
  const to = cutEnd(unquoted(after), VALUE);
  return before === undefined ? `= ${to}` : `${cutEnd(unquoted(before), VALUE)} → ${to}`;
}

const unquoted = (json: string) => (/^"[^"\\]*"$/.test(json) ? json.slice(1, -1) : json);
const lastPart = (path: string) => (path.split('/').at(-1) ?? '').replaceAll('~1', '/').replaceAll('~0', '~');
const cutEnd = (text: string, max: number) => (text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`);
