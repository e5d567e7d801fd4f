import { explain, judgeApiRequest, type PolicySet } from '@sentinel/policy';
import { type PackedRequest, unpackRequest } from '../ledger/codec.ts';
import type { Lock } from '../lock.ts';
import { type RehearseContext, rehearseWrite } from '../rehearse/rehearse.ts';
import { readBody } from '../request/body.ts';
import { type ParsedRequest, pathOf } from '../request/parse.ts';
import { readObject, refusalWithoutValues } from '../request/read-answer.ts';
import { Refused } from '../request/refused.ts';
import type { Run } from '../run/run.ts';
import type { Replayed } from './blocked-write.ts';

export interface ReplayContext extends RehearseContext {
  readonly lock: Pick<Lock, 'fault'>;
  readonly policies: (run: Run) => PolicySet;
}

const FAULT_MAX = 600;

/**
 * Rehearses the write that a blocked run was refused, after the steps of the rehearsal of its amendment: as the rehearsal user, as a dry-run, by
 * the policies of now, and against the objects of now. What it would change becomes the last effect of the plan, unless the steps made
 * the same write by themselves. Done once for each rehearsal, also if its report is requested again. Undefined for every other rehearsal.
 */
export async function replayRefused(context: ReplayContext, run: Run): Promise<Replayed | undefined> {
  const write = run.rehearsal?.amends?.write;
  if (!write?.request) return undefined;
  const { request, earlier = [] } = write;
  const { recording } = run;
  return await recording.turns.take(async () => {
    recording.replayed ??= await replayAll(context, run, [...earlier, request]);
    return recording.replayed;
  });
}

// The refused writes of earlier amendments are part of the plan that is amended. The outcome is that of the last one.
async function replayAll(context: ReplayContext, run: Run, packed: readonly PackedRequest[]): Promise<Replayed> {
  let last: Replayed = {};
  for (const one of packed) {
    last = await replay(context, run, unpackRequest(one));
    if ('fault' in last) return last;
  }
  return last;
}

async function replay(context: ReplayContext, run: Run, request: ParsedRequest): Promise<Replayed> {
  const fault = (why: string): Replayed => ({ fault: `the refused write cannot be rehearsed: ${why}`.slice(0, FAULT_MAX) });
  const { refusal } = judgeApiRequest(context.policies(run), run.namespace, request.api);
  if (refusal) return fault(explain(refusal));
  if (!run.mayWrite) return fault('the Playbook may only read');
  const unlocked = await context.lock.fault();
  if (unlocked) return fault(unlocked);
  const { effects, overlay } = run.recording;
  const before = effects.length;
  // What the steps created or deleted by themselves need not be created or deleted again.
  const isDone = (verb: string, state: unknown) => (verb === 'create' && state) || (verb === 'delete' && state === null);
  try {
    const answer = await rehearseWrite(context, run, await ofNow(context, run, request));
    if (effects.length > before) return { effect: before };
    if (answer.status < 300 || isDone(request.api.verb, overlay.get(named(request)))) return {};
    return fault(
      `the API server refuses it (${request.base === 'secrets' ? `HTTP ${answer.status}` : refusalWithoutValues(answer)})`,
    );
  } catch (error) {
    if (!(error instanceof Refused) || error.status >= 500 || error.status === 429) throw error;
    return fault(error.message);
  }
}

// The version of the object that the blocked run read is gone: the write is rehearsed against that of now, which the plan shows.
async function ofNow({ upstream }: ReplayContext, run: Run, request: ParsedRequest): Promise<ParsedRequest> {
  if (request.api.verb === 'create' || request.api.verb === 'delete') return request;
  const body = readBody(request);
  const value = body.kind === 'json' ? (body.value as { metadata?: { resourceVersion?: unknown } } | null) : undefined;
  if (value?.metadata?.resourceVersion === undefined) return request;
  const read = await upstream.send(run, 'rehearsal', {
    method: 'GET',
    path: pathOf(request),
    headers: { accept: 'application/json' },
  });
  const live = read.status === 200 ? (readObject(read.body) as { metadata?: { resourceVersion?: string } }) : undefined;
  const resourceVersion = live?.metadata?.resourceVersion;
  if (resourceVersion === undefined) return request;
  const metadata = { ...value.metadata, resourceVersion };
  return { ...request, body: Buffer.from(JSON.stringify({ ...value, metadata })) };
}

// The name of an object that is created is in its body.
function named(request: ParsedRequest): ParsedRequest {
  if (request.api.name !== undefined) return request;
  const body = readBody(request);
  const name = body.kind === 'json' ? (body.value as { metadata?: { name?: string } } | null)?.metadata?.name : undefined;
  return { ...request, api: { ...request.api, name } };
}
