import { isDeepStrictEqual } from 'node:util';
import { applyChanges, type Change, isStillMade, toJsonPatch } from '../effect/change.ts';
import { changeOf, type Entry } from '../ledger/entry.ts';
import { comparable } from '../object/normalize.ts';
import { escapeKey, isRecord, valueAt } from '../object/pointer.ts';
import { asGoWrites } from '../request/as-go-writes.ts';
import type { RawRequest } from '../request/parse.ts';
import { inverseOf } from '../rollback/inverse.ts';
import type { Live } from '../rollback/outcome.ts';
import { changedSince } from '../rollback/remove-created.ts';
import { pathOfTarget } from '../settle/find-landed.ts';

/** A part of an effect that is left as it is. */
export interface Left {
  /** The field; undefined where it is the whole effect. */
  readonly path?: string | undefined;
  readonly why: string;
}

/** The inverse of one effect. */
export interface Inverse {
  /** The request that makes it; undefined if there is nothing to write. */
  readonly request: RawRequest | undefined;
  readonly left: readonly Left[];
}

const OTHERS = 'others changed it since';

/** Whether an effect made its object. An apply that found no object created one. */
export const hasCreated = ({ target }: Pick<Entry, 'target'>): boolean => target.verb === 'create' || target.uid === undefined;

/** What no state of an object changes about the inverse of an effect; undefined if it depends on the object. */
export function inverseWithoutObject({ target, state, rollback, sending }: Entry): Inverse | undefined {
  if (state === 'Accepted')
    return left('its outcome was unknown, and a person accepted what is stored, so it is not known what to undo');
  if (state !== 'Done' || rollback === 'Restored' || rollback === 'Unchanged') return { request: undefined, left: [] };
  if (target.verb === 'delete') return left('a deleted object cannot be restored: it would be another object, with another uid');
  return sending ? undefined : left('the ledger does not hold what was sent');
}

/**
 * The inverse of an effect whose object was found, field by field: a field is restored only if it still has the value of the run, in the same
 * list entry. Fields in `skip` are left in any case, because the approved plan leaves them. Pure.
 */
export function inverseFor(entry: Entry, live: unknown, skip: ReadonlySet<string> = new Set()): Inverse {
  const { target, sending, stored } = entry;
  if (!sending) return left('the ledger does not hold what was sent');
  const uid = hasCreated(entry) ? stored?.uid : target.uid;
  if (uid === undefined || uid !== (live as Live).metadata.uid) return left('another object has this name now');
  const path = pathOfTarget(target);
  if (hasCreated(entry)) {
    const foreign = changedSince(entry, live as Live);
    if (foreign !== undefined) return left(`${OTHERS}: ${foreign} of the object that was created`);
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' });
    return { request: rawRequest('DELETE', path, 'application/json', body), left: [] };
  }
  const now = comparable(live, sending.request);
  const open = changesOf(entry).filter(
    ({ path, before }) => !skip.has(path) && !isDeepStrictEqual(valueAt(now, path) ?? null, before ?? null),
  );
  let undo = open.filter((change) => isStillMade(now, [change]));
  // Entries of one list are found again only together.
  if (!isStillMade(now, undo)) undo = undo.filter(({ entries }) => entries === undefined);
  const kept = open.filter((change) => !undo.includes(change)).map((change): Left => ({ path: change.path, why: OTHERS }));
  if (undo.length === 0) return { request: undefined, left: kept };
  const inverse = inverseOf(now, undo, sending.promised.live);
  if (target.verb === 'update') {
    const body = asGoWrites(applyChanges(live, inverse));
    return { request: rawRequest('PUT', path, 'application/json', body), left: kept };
  }
  // What the fields were is compared with the approved plan. Tests in the patch would fail in a rehearsal of several changes of one object.
  const patch = toJsonPatch(inverse).filter((operation) => (operation as { op: string }).op !== 'test');
  return { request: rawRequest('PATCH', path, 'application/json-patch+json', asGoWrites(patch)), left: kept };
}

/** The changes of an effect, with each field of a map that it added on its own: others may have added more fields to that map since. */
export const changesOf = (entry: Entry): Change[] => changeOf(entry).flatMap(fieldsOf);

function fieldsOf(change: Change): Change[] {
  const { path, before, after } = change;
  if (before !== undefined || !isRecord(after) || Array.isArray(after)) return [change];
  const keys = Object.keys(after);
  if (keys.length === 0) return [change];
  return keys.flatMap((key) => fieldsOf({ ...change, path: `${path}/${escapeKey(key)}`, after: after[key] }));
}

const left = (why: string): Inverse => ({ request: undefined, left: [{ why }] });

const rawRequest = (method: string, url: string, contentType: string, body: string): RawRequest => ({
  method,
  url,
  headers: { accept: 'application/json', contentType },
  body: Buffer.from(body),
});
