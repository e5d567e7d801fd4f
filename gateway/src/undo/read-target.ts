import type { Target } from '../ledger/entry.ts';
import { readRehearsedScale } from '../rehearse/rehearse.ts';
import type { Discovery } from '../request/discovery.ts';
import { describeInexact, findInexactNumber } from '../request/exact-json.ts';
import { parseRequest } from '../request/parse.ts';
import { readObject } from '../request/read-answer.ts';
import { forbidden, Refused } from '../request/refused.ts';
import type { Run } from '../run/run.ts';
import { pathOfTarget } from '../settle/find-landed.ts';
import { stageUser, type Upstream } from '../upstream.ts';

/**
 * The object of an effect as it is now, after the earlier writes of a rehearsal, read with the rights of the account; undefined if there is
 * none. Throws Refused where it cannot be read.
 */
export async function readTarget(
  { upstream, discovery }: { readonly upstream: Upstream; readonly discovery: Discovery },
  run: Run,
  target: Target,
): Promise<unknown> {
  const path = pathOfTarget(target);
  const headers = { accept: 'application/json' };
  const request = await parseRequest({ method: 'GET', url: path, headers, body: Buffer.alloc(0) }, discovery);
  if ('path' in request) throw forbidden('PathNotAllowed', `${path} is refused: it is not a resource`);
  const rehearsed = request.subresource === undefined ? run.recording.overlay.get(request) : undefined;
  if (rehearsed === null) return undefined;
  if (rehearsed !== undefined) return rehearsed;
  const scale = request.subresource === 'scale' ? await readRehearsedScale(upstream, run, request) : undefined;
  const { status, body } = scale ?? (await upstream.send(run, stageUser(run), { method: 'GET', path, headers }));
  if (status === 404) return undefined;
  if (status === 429 || status >= 500)
    throw new Refused(503, 'ApiServerUnavailable', `${path} cannot be read now (HTTP ${status})`);
  if (status !== 200) throw forbidden('ApiRequestDenied', `the account may not read ${path} (HTTP ${status})`);
  const inexact = findInexactNumber(body.toString('utf8'));
  if (inexact) throw forbidden('NumberNotExact', `${path} holds ${describeInexact(inexact)}, which cannot be compared exactly`);
  return readObject(body);
}
