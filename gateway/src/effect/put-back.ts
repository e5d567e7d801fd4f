import { isDeepStrictEqual } from 'node:util';
import { readBody } from '../request/body.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { forbidden } from '../request/refused.ts';
import { applyChanges, type Change, changesBetween, valueAt } from './change.ts';
import { comparable, compared } from './normalize.ts';
import { asRequested } from './ownership.ts';
import { escapeKey, isRecord } from './pointer.ts';

/**
 * `changes` of a write, and beside them the fields that it sets to what they are in the live object while an earlier write of the
 * rehearsal changed them. A dry-run can't show these, because for the API server nothing changes; in the real run the first write
 * has happened, and they do. In the order in which the real run will find them. Throws Refused when a list was changed in a way
 * that hides which of its entries the request means.
 */
export function withPutBack(
  request: ParsedRequest,
  rehearsed: unknown,
  result: unknown,
  changes: readonly Change[],
): readonly Change[] {
  return asRequested(request, allChanges(request, rehearsed, result, changes));
}

function allChanges(request: ParsedRequest, rehearsed: unknown, result: unknown, changes: readonly Change[]): readonly Change[] {
  if (!isRecord(rehearsed)) return changes;
  const scale = request.subresource === 'scale';
  const here = comparable(rehearsed, scale ? { ...request, subresource: undefined } : request);
  const there = compared(request, rehearsed, result).after;
  const covered = (path: string) =>
    changes.some((change) => change.path === path || isInside(change.path, path) || isInside(path, change.path));
  const back = namedPaths(request, here, there)
    .filter((path) => !covered(path))
    .flatMap((path) => changesBetween(valueAt(here, path), valueAt(there, path), path));
  return back.length === 0 ? changes : changesBetween(here, applyChanges(here, [...changes, ...back]));
}

const isInside = (path: string, parent: string) => path.startsWith(`${parent}/`);

// Where a request says what a field shall be. An update says it of every field.
function namedPaths(request: ParsedRequest, here: unknown, there: unknown): string[] {
  if (request.subresource === 'scale') return ['/spec/replicas'];
  if (request.api.verb === 'update') return changesBetween(here, there).map(({ path }) => path);
  const body = readBody(request);
  if (request.api.verb !== 'patch' || body.kind !== 'json') return [];
  if (request.contentType === 'application/json-patch+json') return patchedPaths(body.value);
  return mergedPaths(body.value, here, there, '', request.contentType === 'application/merge-patch+json');
}

function patchedPaths(patch: unknown): string[] {
  if (!Array.isArray(patch)) return [];
  return patch.flatMap((operation) => {
    if (!isRecord(operation) || operation.op === 'test') return [];
    // An index says nothing of where the entry is in the other list.
    return [operation.path, operation.from].filter((path) => typeof path === 'string').map((path) => path.replace(/\/-$/, ''));
  });
}

function mergedPaths(patch: unknown, here: unknown, there: unknown, path: string, listsReplace: boolean): string[] {
  if (isRecord(patch)) {
    return Object.entries(patch).flatMap(([key, value]) =>
      // Directives of a strategic merge order and delete; what they do shows in the result.
      key.startsWith('$') ? [] : mergedPaths(value, here, there, `${path}/${escapeKey(key)}`, listsReplace),
    );
  }
  if (!Array.isArray(patch) || listsReplace) return [path];
  const [ours, theirs] = [valueAt(here, path), valueAt(there, path)];
  if (isDeepStrictEqual(ours, theirs)) return [];
  return patch.flatMap((entry) => {
    const name = isRecord(entry) ? entry.name : undefined;
    const index = named(theirs, name);
    if (name === undefined || index < 0 || named(ours, name) !== index)
      throw forbidden(
        `a second write to the list ${path} of one object can not be shown in a rehearsal: make the change in one write`,
      );
    return mergedPaths(entry, here, there, `${path}/${index}`, listsReplace);
  });
}

const named = (list: unknown, name: unknown): number =>
  Array.isArray(list) ? list.findIndex((entry) => isRecord(entry) && entry.name === name) : -1;
