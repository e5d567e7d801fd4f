import type { ParsedRequest } from '../request/parse.ts';
import { isOn } from '../request/query.ts';
import { type Change, markVolatile } from './change.ts';
import { isRecord, valueAt } from './pointer.ts';

/** A server-side apply. */
export const APPLY = 'application/apply-patch+yaml';

/** Who owns what a server-side apply sets, and whether it takes that from others; undefined for every other write. */
export function appliedBy({ api, contentType, query }: ParsedRequest): Change['applied'] {
  if (api.verb !== 'patch' || contentType !== APPLY) return undefined;
  return { manager: query.get('fieldManager') ?? '', force: isOn(query.get('force')) };
}

/** Changes as this request makes them: with the owner of an apply, and with the times that differ in the real run marked. */
export function asRequested(request: ParsedRequest, changes: readonly Change[], now = Date.now()): Change[] {
  const applied = appliedBy(request);
  const marked = markVolatile(changes, now, request);
  return applied === undefined ? marked : marked.map((change) => ({ ...change, applied }));
}

/** The other managers that own less after a write than before. */
export function managersThatLose(live: unknown, result: unknown, manager: string): string[] {
  const after = new Map(entriesOf(result).map((entry) => [idOf(entry), entry.fieldsV1]));
  const losing = entriesOf(live).filter((entry) => entry.manager !== manager && isLess(entry.fieldsV1, after.get(idOf(entry))));
  return [...new Set(losing.map((entry) => String(entry.manager)))].sort();
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
