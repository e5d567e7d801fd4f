import { type OneWayField, oneWayFields } from '../object/one-way-fields.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { type Change, valueAt } from './change.ts';

/** The observation of an effect. */
interface Seen {
  readonly changes: readonly Change[];
  readonly live?: unknown;
  readonly result?: unknown;
  /** The object that a scale belongs to. */
  readonly scaled?: unknown;
}

/** Reasons why the pre-image of a write cannot be restored; empty if it can, as far as the write itself shows. */
export function whyIrreversible(request: ParsedRequest, seen: Seen): string[] {
  const { verb } = request.api;
  // The plan marks deletes separately.
  if (verb === 'delete') return [];
  // A created object is rolled back by a delete, which is not possible for a subresource.
  if (verb === 'create') return request.subresource === undefined ? [] : [sentence('the request creates no stored object')];
  if (seen.live === undefined && seen.result !== undefined) return [];
  const paths = seen.changes.map(({ path }) => path);
  const found = oneWayFields
    .filter((field) => isOf(field, request))
    .filter((field) => seen.changes.some((change) => isOneWay(field, change, seen.live, paths)))
    .map(({ path, why }) => sentence(`${path === '' ? '' : `${path} changes, and `}${why}`));
  const claims = deletedClaims(request, seen);
  return claims === undefined ? found : [sentence(claims), ...found];
}

const sentence = (why: string) => `It cannot be rolled back: ${why}.`;

const isOf = ({ of, subresource }: OneWayField, { api, base, subresource: asked }: ParsedRequest): boolean =>
  (of === undefined || (of[0] === api.apiGroup && of[1] === base)) && (subresource === undefined || subresource === asked);

function isOneWay({ path, except, when }: OneWayField, change: Change, live: unknown, paths: readonly string[]): boolean {
  const isInside = path === '' || change.path === path || change.path.startsWith(`${path}/`);
  if (!isInside && !isAround(change.path, path)) return false;
  if (isInside && except?.test(change.path)) return false;
  // The values of a change inside the field do not show the whole field.
  if (!when) return true;
  const [before, after] = isInside && change.path !== path ? [change.before, change.after] : valuesAt(change, path);
  return when({ before, after, live, paths });
}

const isAround = (outer: string, path: string) => path.startsWith(`${outer}/`);

const valuesAt = ({ path: at, before, after }: Change, path: string): [unknown, unknown] => [
  valueAt(before, path.slice(at.length)),
  valueAt(after, path.slice(at.length)),
];

const RETENTION = '/spec/persistentVolumeClaimRetentionPolicy/whenScaled';

/**
 * Why a write that is not a delete deletes PersistentVolumeClaims; undefined when it does not. The controller of a StatefulSet with
 * `whenScaled: Delete` deletes those of the pods that go (controller/statefulset/stateful_pod_control.go).
 */
export function deletedClaims(request: ParsedRequest, { changes, live, result, scaled }: Seen): string | undefined {
  const { api, base, subresource } = request;
  if (api.apiGroup !== 'apps' || base !== 'statefulsets' || api.verb === 'delete' || api.verb === 'create') return undefined;
  if (!changes.some((change) => removesPods(change, subresource === 'scale' ? 0 : 1))) return undefined;
  if (subresource === 'scale' && scaled === undefined)
    return 'the StatefulSet could not be fetched, and may delete the PersistentVolumeClaims of the pods that go';
  if (![live, result, scaled].some((object) => valueAt(object, RETENTION) === 'Delete')) return undefined;
  const templates = valueAt(scaled ?? live, '/spec/volumeClaimTemplates');
  if (!Array.isArray(templates) || templates.length === 0) return undefined;
  return 'its StatefulSet deletes the PersistentVolumeClaims of the pods that go (whenScaled: Delete)';
}

const REPLICAS = '/spec/replicas';
const ORDINALS = '/spec/ordinals';

// Pods with an ordinal that is outside of the range are deleted, at either end.
function removesPods(change: Change, otherwise: number): boolean {
  const { path } = change;
  if (path === ORDINALS || path.startsWith(`${ORDINALS}/`)) return true;
  if (path !== REPLICAS && !isAround(path, REPLICAS)) return false;
  const [before, after] = valuesAt(change, REPLICAS).map((value) => (typeof value === 'number' ? value : otherwise));
  return (after ?? 0) < (before ?? 0);
}
