import { LAST_APPLIED } from '@sentinel/policy';
import { escapeKey, isRecord, valueAt } from '../object/pointer.ts';
import { isTimeNear } from '../object/times.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Change } from './change.ts';
import { adoptsObject } from './last-applied.ts';
import { managersThatLose } from './ownership.ts';
import { hidesValue } from './redact.ts';

const NOTES = 8;
const LENGTH = 512;
/** How many notes of one kind are written out. */
const OF_A_KIND = 3;

/** The observation of an effect. */
interface Seen {
  readonly changes: readonly Change[];
  readonly live?: unknown;
  readonly result?: unknown;
}

/** Notes about an effect for approvers, in addition to its fields. */
export function notesOf(request: ParsedRequest, observed: Seen, now: number): string[] {
  const { changes } = observed;
  const notes = [
    ...limitsOfRehearsal(request, changes),
    ...ownersThatLose(observed),
    ...adoption(observed),
    ...few(currentTimes(changes, now), 'values are set to the current time as well'),
    ...few(entriesOfLists(changes, observed.live ?? observed.result), 'entries of lists are changed as well'),
  ];
  return notes.slice(0, NOTES).map((note) => (note.length <= LENGTH ? note : `${note.slice(0, LENGTH - 1)}…`).toWellFormed());
}

function limitsOfRehearsal({ base }: ParsedRequest, changes: readonly Change[]): string[] {
  const notes: string[] = [];
  const template = changes.some(({ path }) => path.startsWith('/spec/template'));
  if (template && ['deployments', 'statefulsets', 'daemonsets'].includes(base))
    notes.push('Its controller replaces the pods; a rehearsal cannot show that.');
  return notes;
}

function ownersThatLose({ changes, live, result }: Seen): string[] {
  const applied = changes.find((change) => change.applied?.force)?.applied;
  const losing = applied ? managersThatLose(live, result, applied.manager) : [];
  if (!applied || losing.length === 0) return [];
  return [`Server-side apply with force: ${quoted(applied.manager)} takes fields from ${losing.map(quoted).join(', ')}.`];
}

// All annotations can be added at once.
function adoption({ changes, live }: Seen): string[] {
  const fields = changes.flatMap((one) =>
    isRecord(one.after) && one.path !== LAST_APPLIED && LAST_APPLIED.startsWith(`${one.path}/`)
      ? [
          {
            path: LAST_APPLIED,
            before: valueAt(live, LAST_APPLIED),
            after: valueAt(one.after, LAST_APPLIED.slice(one.path.length)),
          },
        ]
      : [one],
  );
  if (!fields.some((one) => adoptsObject(one, live))) return [];
  return [
    '`kubectl apply` manages this object from now on: it removes fields that it has set here once its manifest does not contain them.',
  ];
}

// Unless a field is known to contain the time of the request, its value must be the same in the run.
function currentTimes(changes: readonly Change[], now: number): string[] {
  const paths = changes.flatMap(({ path, after, volatile }) => (volatile ? [] : timesIn(after, path, now)));
  return paths.map(
    (path) =>
      `${quoted(path)} is set to the current time. If the step computes it, the real run will differ and be blocked; pass a fixed value.`,
  );
}

function timesIn(value: unknown, path: string, now: number): string[] {
  if (isTimeNear(value, now)) return [path];
  if (Array.isArray(value)) return value.flatMap((entry, index) => timesIn(entry, `${path}/${index}`, now));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) => timesIn(entry, `${path}/${escapeKey(key)}`, now));
}

// An index is hard to read, so a note names the entry.
function entriesOfLists(changes: readonly Change[], object: unknown): string[] {
  const pointers = new Set(changes.flatMap(({ entries }) => Object.keys(entries ?? {})));
  return [...pointers].flatMap((pointer) => {
    const name = valueAt(object, `${pointer}/name`);
    if (typeof name !== 'string' || hidesValue(pointer, object, name)) return [];
    return [`${quoted(pointer)} is the entry with the name ${quoted(name)}.`];
  });
}

const quoted = (text: string) => JSON.stringify(text.length <= 128 ? text : `${text.slice(0, 127)}…`);

function few(notes: readonly string[], more: string): string[] {
  const rest = notes.length - OF_A_KIND;
  return rest <= 0 ? [...notes] : [...notes.slice(0, OF_A_KIND), `${rest} more ${more}.`];
}
