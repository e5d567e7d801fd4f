import type { TransportStream } from '@sentinel/kube';
import { dataHandling, explain, judgeApiRequest, type PolicySet } from '@sentinel/policy';
import { type Answer, asksForDryRun, json, sendWrite } from '../effect/observe.ts';
import type { EnforceContext } from '../enforce/context.ts';
import { enforceWrite } from '../enforce/enforce-write.ts';
import { noteRefused } from '../enforce/note-refused.ts';
import type { Lock } from '../lock.ts';
import { notePolicyRefusals } from '../metrics.ts';
import { type PolicyInformers, policiesOf } from '../policies.ts';
import { noteRead } from '../rehearse/recording.ts';
import { notFound, readRehearsedScale, rehearseWrite } from '../rehearse/rehearse.ts';
import type { Discovery } from '../request/discovery.ts';
import { type ParsedRequest, parseRequest, pathOf, type RawRequest } from '../request/parse.ts';
import { buildQuery } from '../request/query.ts';
import { forbidden } from '../request/refused.ts';
import { endWhenRefused } from '../run/open-read.ts';
import type { Run } from '../run/run.ts';
import { serveUndo, UNDO_PATH } from '../undo/serve-undo.ts';
import { stageUser, type Upstream } from '../upstream.ts';
import { readsSecrets, serveCertificate } from './serve-certificate.ts';

/** The dependencies for serving a sandbox. */
export interface SandboxContext extends Omit<EnforceContext, 'handling'>, PolicyInformers {
  readonly upstream: Upstream;
  readonly discovery: Discovery;
  readonly lock: Lock;
}

/** Answers one request of a sandbox: an answer of the gateway's own, or the stream of a read. Throws Refused. */
export async function serveSandbox(
  context: SandboxContext,
  run: Run,
  raw: RawRequest,
  signal: AbortSignal,
): Promise<Answer | TransportStream> {
  if (run.undoing) {
    if (!raw.url.startsWith(UNDO_PATH)) throw forbidden('PathNotAllowed', 'a rollback makes no request of its own');
    const write = async (request: ParsedRequest) => serveWrite(context, run, request, await judge(context, run, request));
    return await serveUndo({ ...context, write }, run, raw);
  }
  const request = await parseRequest(raw, context.discovery);
  if ('path' in request)
    return await context.upstream.stream(run, stageUser(run), {
      method: 'GET',
      path: request.path,
      headers: accept(raw.headers.accept),
      signal,
    });
  const policies = await judge(context, run, request);
  return isRead(request) ? await serveRead(context, run, request, signal) : await serveWrite(context, run, request, policies);
}

const isRead = (request: ParsedRequest) => ['get', 'list', 'watch'].includes(request.api.verb);
const accept = (value: string | undefined) => ({ accept: value ?? 'application/json' });

// Each request is evaluated with the current policies, so a stricter policy takes effect in the middle of a run.
async function judge(context: SandboxContext, run: Run, request: ParsedRequest): Promise<PolicySet> {
  const policies = policiesOf(context, run);
  const { refusal } = judgeApiRequest(policies, run.namespace, request.api);
  if (!refusal) return policies;
  notePolicyRefusals([refusal]);
  const why = explain(refusal);
  if (run.enforcement && !asksForDryRun(request)) await noteRefused(context, run, request, why);
  throw forbidden(refusal.code, why);
}

async function serveRead(
  context: SandboxContext,
  run: Run,
  request: ParsedRequest,
  signal: AbortSignal,
): Promise<Answer | TransportStream> {
  noteRead(run.recording, request);
  if (readsSecrets(request)) return await serveCertificate(context.upstream, run, request);
  if (request.api.verb === 'get' && request.subresource === undefined) {
    const rehearsed = run.recording.overlay.get(request);
    if (rehearsed === null) return notFound(request);
    if (rehearsed !== undefined) return json(rehearsed, 200);
  }
  if (request.api.verb === 'get' && request.subresource === 'scale') {
    const rehearsed = await readRehearsedScale(context.upstream, run, request);
    if (rehearsed) return rehearsed;
  }
  const query = buildQuery(Object.fromEntries(request.query));
  const stream = await context.upstream.stream(run, stageUser(run), {
    method: 'GET',
    path: pathOf(request) + query,
    headers: accept(request.accept),
    signal,
  });
  endWhenRefused(stream.body, () => {
    const { refusal } = judgeApiRequest(policiesOf(context, run), run.namespace, request.api);
    return refusal && explain(refusal);
  });
  return stream;
}

async function serveWrite(context: SandboxContext, run: Run, request: ParsedRequest, policies: PolicySet): Promise<Answer> {
  if (request.api.verb === 'deletecollection')
    throw forbidden('DeleteCollectionNotAllowed', 'deletecollection is refused: delete the objects by name');
  // What the client itself tries as a dry-run changes nothing, so it is not an effect, in any stage.
  if (asksForDryRun(request)) return await sendWrite(context.upstream, run, stageUser(run), request, { dryRun: true });
  if (!run.mayWrite) {
    const why =
      run.stage === 'verification' ? 'a verification may only read' : "the Playbook has the profile 'Observe' and may only read";
    throw forbidden('WritesNotAllowed', `${request.api.verb} ${request.api.resource} is refused: ${why}`);
  }
  if (run.stage === 'run') return await enforceWrite({ ...context, handling: dataHandling(policies) }, run, request);
  const fault = await context.lock.fault();
  if (fault) throw forbidden('RehearsalLockMissing', `no rehearsal: ${fault}`);
  return await run.recording.turns.take(() => rehearseWrite(context, run, request));
}
