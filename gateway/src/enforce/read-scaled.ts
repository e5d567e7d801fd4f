import { type ParsedRequest, pathOf } from '../request/parse.ts';
import { readObject } from '../request/read-answer.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';

/** The StatefulSet of a scale, because its spec says whether volumes are deleted with pods. Undefined for every other write. */
export async function readScaled(upstream: Upstream, run: Run, request: ParsedRequest): Promise<unknown> {
  if (request.subresource !== 'scale' || request.base !== 'statefulsets') return undefined;
  const path = pathOf({ ...request, subresource: undefined });
  const answer = await upstream.send(run, 'enforce', { method: 'GET', path, headers: { accept: 'application/json' } });
  return answer.status === 200 ? readObject(answer.body) : undefined;
}
