import { isDeepStrictEqual } from 'node:util';
import { LAST_APPLIED } from '@sentinel/policy';
import { assignedPaths, resultAs } from '../object/normalize.ts';
import { isRecord, type Json, valueAt } from '../object/pointer.ts';
import { isTimeNear } from '../object/times.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { type Change, changesBetween } from './change.ts';
import type { Observation } from './observe.ts';

/**
 * Differences between the response to the real write and that of the dry-run right before, for example by a policy that acts only if the
 * request is not a dry-run. `before` is the dry-run, `after` is what persists. Empty for a delete.
 * Values that the API server assigns may differ, if they have the same type.
 */
export function persistedDifferences(
  request: ParsedRequest,
  observed: Pick<Observation, 'uid' | 'resourceVersion' | 'live' | 'result' | 'changes'>,
  persisted: unknown,
): Change[] {
  if (request.api.verb === 'delete') return [];
  const { live, result, changes } = observed;
  const isGiven = (path: string) => typeof valueAt(persisted, path) === typeof valueAt(result, path);
  const assigned = assignedPaths(request, live, result).filter(isGiven);
  const promised = resultAs(request, live, result, assigned);
  const found = resultAs(request, live, persisted, assigned);
  const times = new Set(changes.filter(({ volatile }) => volatile).map(({ path }) => path));
  const isLaterTime = ({ path, before, after }: Change) => times.has(path) && isTimeNear(after, Date.parse(String(before)));
  return changesBetween(promised, found).filter((change) => !isLaterTime(change) && !isPrecondition(change, observed));
}

/** The part of a sent write in which stored values may differ from those of the dry-run. */
interface Sent {
  readonly change: readonly Change[];
  readonly preconditions: Pick<Observation, 'uid' | 'resourceVersion'>;
}

/**
 * The changes of a sent write with the values of `object`: the stored value for fields that the API server assigns differently from the
 * dry-run and that nobody altered. Other fields keep the value of the dry-run, so that a comparison with the object finds differences.
 */
export function asStored({ change, preconditions }: Sent, object: unknown): Change[] {
  return change.map((one) => {
    const here = valueAt(object, one.path);
    return isPrecondition({ path: one.path, before: one.after, after: here }, preconditions) ? { ...one, after: here } : one;
  });
}

// An apply by kubectl keeps this annotation, where the object has it, equal to the body of the apply (managedfields/internal
// lastappliedupdater.go), and so with the precondition that the gateway put into the body that was sent for real.
function isPrecondition({ path, before, after }: Change, { uid, resourceVersion }: Pick<Observation, 'uid' | 'resourceVersion'>) {
  if (path !== LAST_APPLIED) return false;
  const [promised, found] = [parsed(before), parsed(after)];
  if (!isRecord(promised) || !isRecord(found) || !isRecord(found.metadata)) return false;
  const metadata: Json = { ...found.metadata };
  const stated = isRecord(promised.metadata) ? promised.metadata : {};
  for (const [key, sent] of Object.entries({ uid, resourceVersion }))
    if (stated[key] === undefined && metadata[key] === sent) delete metadata[key];
  return isDeepStrictEqual(promised, { ...found, metadata });
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
