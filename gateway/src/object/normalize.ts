import { readBody } from '../request/body.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { isRecord, type Json, removeAt, setAt, valueAt } from './pointer.ts';
import {
  type AssignedField,
  alwaysAssigned,
  assignedUnlessSet,
  GENERATION,
  statusOnCreate,
  TOKEN_VOLUME,
  uidLabels,
  withoutStatus,
} from './server-assigned.ts';

/** Stands for a value that the API server assigns, beside values of the same list that the request sets. */
export const ASSIGNED = '<assigned>';

/** The facts that decide which fields of an object a write can change. */
export type Written = Pick<ParsedRequest, 'api' | 'base' | 'subresource'> & {
  readonly info: { readonly hasStatus: boolean };
};

/**
 * An object as far as a write can change it: without what the API server always assigns (server-assigned.ts), and without the
 * status if the write cannot change it. All other persisted fields are included.
 */
export function comparable(object: unknown, written: Written): unknown {
  if (!isRecord(object)) return object;
  const copy = structuredClone(object) as Json;
  for (const field of alwaysAssigned) if (isOf(field, written)) removeAt(copy, field.path);
  removeAt(copy, GENERATION);
  if (leavesStatus(written)) delete copy.status;
  return copy;
}

/** The live object and the result of a dry-run in the form that is compared: the change of a write is the difference. */
export function compared(request: ParsedRequest, live: unknown, result: unknown): { before: unknown; after: unknown } {
  const assigned = assignedPaths(request, live, result);
  return { before: comparable(live, request), after: resultAs(request, live, result, assigned) };
}

/**
 * The result of a write without what the request does not explain and the API server may choose: `assigned` as found in the result
 * of the dry-run, and in a new object the values that differ each time.
 */
export function resultAs(request: ParsedRequest, live: unknown, result: unknown, assigned: readonly string[]): unknown {
  const copy = comparable(result, request);
  if (!isRecord(copy)) return copy;
  const generation = valueAt(result, GENERATION);
  const body = bodyOf(request);
  // The content of a protobuf body is unknown, so the value may come from it.
  const isStated = body === undefined || valueAt(body, GENERATION) === generation;
  if (live === undefined && generation !== undefined && isStated) setAt(copy, GENERATION, generation);
  // From the end, so that the entries of a list keep their places.
  for (const path of [...assigned].reverse()) dropAssigned(copy, path);
  if (live === undefined) replaceGenerated(request, copy, valueAt(result, '/metadata/uid'));
  return copy;
}

/** Where a result holds values that the API server assigned because neither the request nor the live object has them. */
export function assignedPaths(request: ParsedRequest, live: unknown, result: unknown): string[] {
  const fields = assignedUnlessSet.filter((field) => isOf(field, request));
  if (fields.length === 0 || request.subresource !== undefined) return [];
  const body = bodyOf(request);
  if (body === undefined) return [];
  const explained = new Set([...leavesOf(body), ...leavesOf(live)]);
  return fields
    .flatMap(({ path }) => placesOf(result, path))
    .filter((path) => {
      const stated = valueAt(body, path);
      return !explained.has(valueAt(result, path)) && (stated === undefined || stated === '' || stated === 0 || stated === null);
    });
}

/** Whether the API server assigns fields of this resource that only its body tells from those that the request sets. */
export const hasAssignedFields = (request: ParsedRequest): boolean => assignedUnlessSet.some((field) => isOf(field, request));

const isOf = ({ of }: AssignedField, { api, base }: Written): boolean =>
  of === undefined || (of.group === api.apiGroup && of.resource === base);

function leavesStatus({ api, base, subresource, info }: Written): boolean {
  if (subresource !== undefined) return withoutStatus.has(subresource);
  return info.hasStatus && !(api.verb === 'create' && statusOnCreate.has(`${api.apiGroup}/${base}`));
}

function bodyOf(request: ParsedRequest): unknown {
  const body = readBody(request);
  return body.kind === 'json' ? body.value : undefined;
}

// An entry that is assigned beside one that is set keeps its place; a list of which all is assigned goes as a whole.
function dropAssigned(object: Json, path: string): void {
  const parent = path.slice(0, path.lastIndexOf('/'));
  const list = valueAt(object, parent);
  if (Array.isArray(list)) setAt(object, path, ASSIGNED);
  else removeAt(object, path);
  if (Array.isArray(list) && list.every((entry) => entry === ASSIGNED)) removeAt(object, parent);
}

function replaceGenerated(request: ParsedRequest, object: Json, uid: unknown): void {
  const { api, base } = request;
  if (api.apiGroup === 'batch' && base === 'jobs' && typeof uid === 'string')
    for (const path of uidLabels) if (valueAt(object, path) === uid) setAt(object, path, '<uid>');
  if (api.apiGroup !== '' || base !== 'pods') return;
  const places = [
    ...placesOf(object, '/spec/volumes/*/name'),
    ...['containers', 'initContainers'].flatMap((list) => placesOf(object, `/spec/${list}/*/volumeMounts/*/name`)),
  ];
  const body = bodyOf(request);
  const given = new Set(leavesOf(body));
  // A name that the request itself gives stays. In protobuf a text stands as it is.
  const isGiven = (name: string) => (body === undefined ? request.body.includes(name) : given.has(name));
  for (const path of places) {
    const name = String(valueAt(object, path));
    if (TOKEN_VOLUME.test(name) && !isGiven(name)) setAt(object, path, 'kube-api-access-<random>');
  }
}

/** The paths of a pattern that exist in an object. */
function placesOf(object: unknown, pattern: string): string[] {
  const at = pattern.indexOf('/*');
  if (at < 0) return valueAt(object, pattern) === undefined ? [] : [pattern];
  const [list, rest] = [pattern.slice(0, at), pattern.slice(at + 2)];
  const entries = valueAt(object, list);
  return Array.isArray(entries) ? entries.flatMap((_, index) => placesOf(object, `${list}/${index}${rest}`)) : [];
}

function leavesOf(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [value];
  return Object.values(value).flatMap(leavesOf);
}
