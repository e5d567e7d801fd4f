import { isDeepStrictEqual } from 'node:util';
import { LAST_APPLIED } from '@sentinel/policy';
import { assignedPaths, resultAs } from '../object/normalize.ts';
import { isRecord, type Json, valueAt } from '../object/pointer.ts';
import { isTimeNear } from '../object/times.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { type Change, changesBetween } from './change.ts';
import type { Observation } from './observe.ts';

/**
 * Where the answer of the API server to the real write differs from what the dry-run right before had promised, such as a policy
 * that acts only when the request is no dry-run. `before` is what was promised, `after` is what persists. Nothing for a delete.
 * Values that the API server assigns may be others, if they are of the type that it promised.
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

/** A write that was sent, as far as what is stored of it may be another value than was promised. */
interface Sent {
  readonly change: readonly Change[];
  readonly preconditions: Pick<Observation, 'uid' | 'resourceVersion'>;
}

/**
 * The changes of a write that was sent, as `object` shows them: with the stored value where the API server stores another one than it
 * promised and nobody altered it. Any other value stays what was promised, so that a comparison with the object finds it.
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
