import { isDeepStrictEqual } from 'node:util';
import { comparable, compared } from '../object/normalize.ts';
import { escapeKey, isRecord } from '../object/pointer.ts';
import { readBody } from '../request/body.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { forbidden } from '../request/refused.ts';
import { applyChanges, type Change, changesBetween, valueAt } from './change.ts';
import { asRequested } from './ownership.ts';

/**
 * `changes` of a write, plus the fields that it sets to their live value while an earlier write of the rehearsal changed them. A dry-run does
 * not show these, because for the API server nothing changes; in the real run the first write has happened, and they change. In the order of
 * the real run. Throws Refused if a list was changed in a way that makes the entries of the request ambiguous.
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
  const isCovered = coverage(changes.map(({ path }) => path));
  const back = withoutInner(namedPaths(request, here, there).filter((path) => !isCovered(path))).flatMap((path) =>
    changesBetween(valueAt(here, path), valueAt(there, path), path),
  );
  return back.length === 0 ? changes : changesBetween(here, applyChanges(here, [...changes, ...back]));
}

/** Whether a path equals one of these, or contains one, or is contained in one. */
function coverage(paths: readonly string[]): (path: string) => boolean {
  const exact = new Set(paths);
  const around = new Set(paths.flatMap(parentsOf));
  return (path) => exact.has(path) || around.has(path) || parentsOf(path).some((parent) => exact.has(parent));
}

/** Each path once, and none that is inside of another one. */
function withoutInner(paths: readonly string[]): string[] {
  const all = new Set(paths);
  return [...all].filter((path) => !parentsOf(path).some((parent) => all.has(parent)));
}

function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let end = path.lastIndexOf('/'); end >= 0; end = end === 0 ? -1 : path.lastIndexOf('/', end - 1))
    parents.push(path.slice(0, end));
  return parents;
}

// The fields that a request sets. An update sets every field.
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
    // An index does not identify the entry in the other list.
    return [operation.path, operation.from].filter((path) => typeof path === 'string').map((path) => path.replace(/\/-$/, ''));
  });
}

function mergedPaths(patch: unknown, here: unknown, there: unknown, path: string, listsReplace: boolean): string[] {
  if (isRecord(patch)) {
    return Object.entries(patch).flatMap(([key, value]) =>
      // Directives of a strategic merge patch order and delete entries; the result shows their effect.
      key.startsWith('$') ? [] : mergedPaths(value, here, there, `${path}/${escapeKey(key)}`, listsReplace),
    );
  }
  if (!Array.isArray(patch) || listsReplace) return [path];
  const [ours, theirs] = [valueAt(here, path), valueAt(there, path)];
  if (isDeepStrictEqual(ours, theirs)) return [];
  const [mine, other] = [placesByName(ours), placesByName(theirs)];
  return patch.flatMap((entry) => {
    const name = isRecord(entry) ? entry.name : undefined;
    const index = other.get(name);
    if (name === undefined || index === undefined || mine.get(name) !== index)
      throw forbidden(
        'ChangeNotObservable',
        `a second write to the list ${path} of one object cannot be shown in a rehearsal: make the change in one write`,
      );
    return mergedPaths(entry, here, there, `${path}/${index}`, listsReplace);
  });
}

// The first of each name.
function placesByName(list: unknown): Map<unknown, number> {
  const places = new Map<unknown, number>();
  for (const [index, entry] of Array.isArray(list) ? list.entries() : [])
    if (isRecord(entry) && !places.has(entry.name)) places.set(entry.name, index);
  return places;
}
