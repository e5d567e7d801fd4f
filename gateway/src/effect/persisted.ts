import type { ParsedRequest } from '../request/parse.ts';
import { type Change, changesBetween } from './change.ts';
import { assignedPaths, resultAs } from './normalize.ts';
import type { Observation } from './observe.ts';
import { valueAt } from './pointer.ts';
import { isTimeNear } from './times.ts';

/**
 * Where the answer of the API server to the real write differs from what the dry-run right before had promised, such as a policy
 * that acts only when the request is no dry-run. `before` is what was promised, `after` is what persists. Nothing for a delete.
 * Values that the API server assigns may be others, if they are of the type that it promised.
 */
export function persistedDifferences(
  request: ParsedRequest,
  observed: Pick<Observation, 'live' | 'result' | 'changes'>,
  persisted: unknown,
): Change[] {
  if (request.api.verb === 'delete') return [];
  const { live, result, changes } = observed;
  const assigned = assignedPaths(request, live, result);
  const isGiven = (path: string) => typeof valueAt(persisted, path) === typeof valueAt(result, path);
  const promised = resultAs(request, live, result, assigned);
  const found = resultAs(request, live, persisted, assigned.filter(isGiven));
  const times = new Set(changes.filter(({ volatile }) => volatile).map(({ path }) => path));
  const isLaterTime = ({ path, before, after }: Change) => times.has(path) && isTimeNear(after, Date.parse(String(before)));
  return changesBetween(promised, found).filter((change) => !isLaterTime(change));
}
