import { isRecord, own, valueAt } from '../object/pointer.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { isOn } from '../request/query.ts';
import { forbidden } from '../request/refused.ts';
import { type Change, markVolatile } from './change.ts';

/** A server-side apply. */
export const APPLY = 'application/apply-patch+yaml';

/**
 * The field manager of all writes except applies. A name from the client would persist and decide the result of later applies, without being
 * part of the change, so the name is fixed.
 */
export const FIELD_MANAGER = 'sentinel-gateway';

/** The field manager that a write is sent with. For an apply it is part of the change. */
export const managerOf = (request: ParsedRequest): string | undefined =>
  request.contentType === APPLY ? request.query.get('fieldManager') : FIELD_MANAGER;

/** Refuses a create whose response has other field managers than the gateway. An object without fields has none. */
export function requireOwnOwner(result: unknown): void {
  const [owner, ...others] = entriesOf(result);
  if (owner === undefined && isBare(result)) return;
  if (others.length > 0 || owner?.manager !== FIELD_MANAGER || owner.operation !== 'Update')
    throw forbidden(
      'ManagedFieldsNotAllowed',
      "the body sets 'metadata.managedFields', which records which manager owns which field. Leave it out of the request",
    );
}

/** The field manager of a server-side apply, and whether it takes fields from others; undefined for every other write. */
export function appliedBy({ api, contentType, query }: ParsedRequest): Change['applied'] {
  if (api.verb !== 'patch' || contentType !== APPLY) return undefined;
  return { manager: query.get('fieldManager') ?? '', force: isOn(query.get('force')) };
}

/** The changes of this request, with the field manager of an apply, and with marks for times that will differ in the real run. */
export function asRequested(request: ParsedRequest, changes: readonly Change[], now = Date.now()): Change[] {
  const applied = appliedBy(request);
  const marked = request.isExact ? [...changes] : markVolatile(changes, now, request);
  return applied === undefined ? marked : marked.map((change) => ({ ...change, applied }));
}

/** The other field managers that own fewer fields after a write. */
export function managersThatLose(live: unknown, result: unknown, manager: string): string[] {
  const after = new Map(entriesOf(result).map((entry) => [idOf(entry), entry.fieldsV1]));
  const losing = entriesOf(live).filter((entry) => entry.manager !== manager && isLess(entry.fieldsV1, after.get(idOf(entry))));
  return [...new Set(losing.map((entry) => String(entry.manager)))].sort();
}

/**
 * Whether a field lost all its owners in a write although it still exists. If all of these fields are removed, their owners are removed
 * with them.
 */
export function losesAllOwners(live: unknown, result: unknown): boolean {
  const before = entriesOf(live);
  return before.length > 0 && entriesOf(result).length === 0 && before.some(({ fieldsV1 }) => isAnyIn(fieldsV1, result));
}

// The keys of a field set: structured-merge-diff, fieldpath/serialize-pe.go. One that is not understood counts as in the object.
function isAnyIn(fields: unknown, value: unknown): boolean {
  if (value === undefined) return false;
  if (!isRecord(fields) || Object.keys(fields).length === 0) return true;
  return Object.entries(fields).some(([key, inner]) => {
    if (!key.startsWith('f:')) return true;
    return isRecord(value) ? isAnyIn(inner, own(value, key.slice(2))) : true;
  });
}

const BARE: ReadonlySet<string> = new Set(['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'managedFields']);

// Only a name and fields that the API server assigns: an empty ConfigMap, a ServiceAccount.
function isBare(object: unknown): boolean {
  if (!isRecord(object) || !isRecord(object.metadata)) return false;
  const { apiVersion: _, kind: __, metadata, ...fields } = object;
  return Object.keys(fields).length === 0 && Object.keys(metadata).every((key) => BARE.has(key));
}

const entriesOf = (object: unknown) => {
  const list = valueAt(object, '/metadata/managedFields');
  return Array.isArray(list) ? list.filter(isRecord) : [];
};
const idOf = ({ manager, operation, apiVersion, subresource }: Record<string, unknown>) =>
  JSON.stringify([manager, operation, apiVersion, subresource]);

function isLess(before: unknown, after: unknown): boolean {
  if (!isRecord(before)) return false;
  if (!isRecord(after)) return true;
  return Object.keys(before).some((key) => !Object.hasOwn(after, key) || isLess(before[key], after[key]));
}
