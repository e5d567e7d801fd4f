import type { Server as HttpsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { continueTrace, inSpan, type Logger, noteError, type Span } from '@sentinel/kube';
import { boundConnections } from '@sentinel/kube/bound-connections';
import type { KeyPair } from '@sentinel/kube/certificates';
import { paceConnections } from '@sentinel/kube/pace-connections';
import type { WebhookErrorCode } from '@sentinel/policy';
import { FairShare } from '@sentinel/policy';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { ActJournal } from './acts/journal.ts';
import { recordAct } from './acts/record-act.ts';
import { type ActionContext, admitAction } from './admission/action.ts';
import type { DefinitionQuota } from './admission/definition-quota.ts';
import { EditRate } from './admission/edit-rate.ts';
import { admitPlaybook } from './admission/playbook.ts';
import { admitPolicy, onlySuspends } from './admission/policy.ts';
import { ReadingTurns } from './admission/reading-turns.ts';
import {
  type AdmissionRequest,
  AdmissionReview,
  allowed,
  Denied,
  denied,
  type Mutation,
  TooManyRequests,
} from './admission/review.ts';
import { requireRoom } from './admission/room.ts';
import { requireSealedDecisions, requireSealedStanding } from './admission/sealed.ts';
import { BODY_LIMIT, BodyRefused, Intake } from './intake.ts';
import { noteReview, noteUnjudged, type ReviewOutcome, resourceLabel } from './metrics.ts';

/**
 * Connections of a replica that are open, and that begin within a second. The API server has one or few addresses, with a connection for
 * each request that is under way.
 */
const CONNECTIONS = { open: 1_024, begun: 600, perAddress: 512 };
/**
 * How many connections of an address begin in a second, and how long others wait. Each is a TLS handshake with a body after it, and any pod
 * can ask for them without an end. The API server keeps its connections, so that it begins many only in a burst, and it waits for ten
 * seconds.
 */
const PACE = { burst: 100, perSecond: 20, waitMs: 8_000 };
const REFUSAL_LOG_MS = 10_000;
/** How long a long text may wait to be judged: admission-webhook.yaml says after which time the API server goes on. */
const JUDGED_MS = 2_500;

export interface WebhookContext extends Omit<ActionContext, 'address' | 'requireEditRate' | 'holdEdits'> {
  readonly logger: Logger;
  /** How many Playbooks and AgentPolicies a namespace may have. */
  readonly definitions: Pick<DefinitionQuota, 'require' | 'release'>;
  /** Where it is written down who does what to policies and Playbooks, and who deletes actions. */
  readonly acts: Pick<ActJournal, 'write'>;
  /** The authority (PEM) of the certificate that a caller must show; undefined where the cluster gives the API server none. */
  readonly clientCa?: string | undefined;
  /** Aborts when the program is told to end. From then on each answer ends its connection, so that the next request goes elsewhere. */
  readonly stopping?: AbortSignal | undefined;
}

/** What the server shows and whom it believes. Needed again for each certificate: a secure context replaces all of the one before it. */
export function tlsOf(pair: KeyPair, clientCa: string | undefined) {
  return { key: pair.key, cert: pair.cert, minVersion: 'TLSv1.2' as const, ...(clientCa === undefined ? {} : { ca: clientCa }) };
}

/** The HTTPS server of the webhook, not yet listening. Whatever goes wrong in a check is a refusal that says why. */
export function createWebhookServer(pair: KeyPair, context: WebhookContext) {
  const asksForCertificate = context.clientCa !== undefined;
  const app = fastify({
    // Each request is judged and not the connection, so that anyone who has no certificate is told so.
    https: {
      ...tlsOf(pair, context.clientCa),
      requestCert: asksForCertificate,
      rejectUnauthorized: false,
      handshakeTimeout: 10_000,
      headersTimeout: 5_000,
      connectionsCheckingInterval: 2_000,
    },
    bodyLimit: BODY_LIMIT,
    requestTimeout: 10_000,
    // Closes a connection whose client does not read its answer. The API server waits for an answer for 30 seconds at most.
    connectionTimeout: 60_000,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  });
  paceConnections(app.server, PACE);
  const { open, begun, perAddress } = CONNECTIONS;
  boundConnections(app.server, { open: new FairShare(open), begun: new FairShare(begun), perAddress });
  leaveWhenStopping(app, context.stopping);
  const intake = new Intake();
  const edits = new EditRate();
  const reading = new ReadingTurns();
  const refuse = createRefusal(context.logger);
  // The handler reads the body, within the limits of the intake.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (_request, payload, done) => done(null, payload));
  app.addHook('onRequest', async (incoming, reply) => {
    if (!asksForCertificate) return;
    if (!(incoming.raw.socket as TLSSocket).authorized)
      return refuse(
        reply,
        403,
        'ClientCertificateRequired',
        'only the API server is answered: a client certificate of its authority is required',
      );
  });
  for (const path of ['/mutate', '/validate'])
    app.post(path, async (incoming, reply) => {
      try {
        return await intake.run(incoming.raw, async (body) => {
          const parsed = AdmissionReview.safeParse(body);
          if (!parsed.success)
            return refuse(
              reply,
              400,
              'ReviewInvalid',
              `this is not an AdmissionReview: ${JSON.stringify(parsed.error.issues[0])?.slice(0, 500)}`,
            );
          const address = incoming.ip;
          const requireEditRate = (request: AdmissionRequest) => edits.require(request, address);
          const holdEdits = <T>(request: AdmissionRequest, work: () => Promise<T>) => edits.hold(request, address, work);
          const requireDefinitionRoom = (request: AdmissionRequest) =>
            context.definitions.require(definitionKind(request), request, address);
          const withTurns = { ...context, address, requireEditRate, holdEdits, requireDefinitionRoom, reading };
          const handle = path === '/validate' ? judge : mutate;
          return await continueTrace(incoming.headers, () => traceReview(parsed.data.request, withTurns, handle));
        });
      } catch (error) {
        if (error instanceof BodyRefused) return refuse(reply, error.status, error.code, error.message);
        throw error;
      }
    });
  return app;
}

/**
 * The API server keeps connections for minutes and knows them by the name of the Service, not by the pod. It would go on to ask a replica
 * that ends, whose account may be gone by then.
 */
function leaveWhenStopping(app: FastifyInstance<HttpsServer>, stopping: AbortSignal | undefined): void {
  stopping?.addEventListener('abort', () => app.server.closeIdleConnections(), { once: true });
  app.addHook('onSend', async (_request, reply) => {
    if (stopping?.aborted) reply.header('connection', 'close');
  });
}

/** Answers what is not judged. */
function createRefusal(logger: Logger) {
  let [refused, loggedAt] = [0, 0];
  return (reply: FastifyReply, status: number, code: WebhookErrorCode, message: string): FastifyReply => {
    refused += 1;
    noteUnjudged(status);
    // Anyone who reaches the port can cause these lines.
    if (Date.now() - loggedAt >= REFUSAL_LOG_MS) {
      logger.warn('Refused requests before they were judged', { count: refused, address: reply.request.ip, code, why: message });
      [refused, loggedAt] = [0, Date.now()];
    }
    // The API server sends the request again after a 429. It might not see it if the connection were closed with a part of the body unread.
    if (status === 429) {
      reply.header('retry-after', '1');
      reply.request.raw.resume();
    } else reply.header('connection', 'close');
    return reply.code(status).send({ reason: code, message });
  };
}

type RequestContext = WebhookContext &
  ActionContext & { readonly reading: ReadingTurns; readonly requireDefinitionRoom: (request: AdmissionRequest) => void };
type Handler = (request: AdmissionRequest, context: RequestContext) => Promise<Mutation | undefined>;

async function traceReview(request: AdmissionRequest, context: RequestContext, handle: Handler): Promise<object> {
  const { operation, namespace, dryRun } = request;
  const resource = resourceLabel(request.resource.resource);
  const attributes = {
    'k8s.admission.operation': operation,
    'k8s.admission.resource': resource,
    'k8s.admission.dry_run': dryRun === true,
    'k8s.namespace.name': namespace,
  };
  const name = `review ${operation} ${resource}`;
  return await inSpan('server', name, attributes, (span) => answer(request, context, handle, span));
}

async function answer(request: AdmissionRequest, context: RequestContext, handle: Handler, span: Span): Promise<object> {
  const begun = performance.now();
  const note = (outcome: ReviewOutcome) => {
    span.setAttribute('k8s.admission.outcome', outcome);
    noteReview(request.resource.resource, request.operation, outcome, (performance.now() - begun) / 1000);
  };
  try {
    requireRoom(request);
    const work = () => handle(request, context);
    const mutation = await (handle === judge
      ? judgeInTime(request, context, work)
      : context.reading.run(request, context.address, work));
    note('Admitted');
    return allowed(request, mutation, mutation?.warnings);
  } catch (error) {
    if (error instanceof Denied) {
      note(error instanceof TooManyRequests ? 'Busy' : 'Refused');
      context.logger.info('Denied request', {
        resource: request.resource.resource,
        operation: request.operation,
        user: request.userInfo.username,
        codes: [...new Set(error.causes.map(({ reason }) => reason))],
        why: error.message,
      });
      return denied(request, error);
    }
    note('Failed');
    noteError(span, error);
    context.logger.error('Failed to check request', { resource: request.resource.resource, error: String(error) });
    const why = error instanceof Error ? error.message : String(error);
    return denied(request, new Denied('CheckFailed', `the request could not be checked, so it is refused: ${why}`));
  }
}

async function mutate(request: AdmissionRequest, context: RequestContext): Promise<Mutation | undefined> {
  if (request.resource.resource === 'agentactions') return await admitAction(request, context, new Date());
  if (request.resource.resource === 'playbooks') return await admitPlaybook(request, context, new Date());
  return undefined;
}

// What the API server is about to store: nothing changes it any more, so this is where it is written down who does it.
async function judge(request: AdmissionRequest, context: RequestContext): Promise<Mutation> {
  if (request.resource.resource === 'agentactions' && request.operation === 'UPDATE') {
    await requireSealedDecisions(request, () => context.policies.sealKeys());
    return { annotations: {} };
  }
  if (request.resource.resource === 'playbooks') await requireSealedStanding(request, () => context.policies.sealKeys());
  if (policyResources.has(request.resource.resource)) {
    // The kill switch must find its turn, no matter who else writes the policy.
    if (request.operation === 'UPDATE' && !onlySuspends(request)) context.requireEditRate(request);
    await admitPolicy(request, context.policies, context.requireDefinitionRoom);
  }
  try {
    return { annotations: {}, warnings: await recordAct(request, context.acts, new Date()) };
  } catch (error) {
    if (definitions.has(request.resource.resource))
      context.definitions.release(definitionKind(request), request, context.address);
    throw error;
  }
}

const definitions = new Set(['playbooks', 'agentpolicies']);
const definitionKind = ({ resource }: AdmissionRequest) => (resource.resource === 'playbooks' ? 'Playbook' : 'AgentPolicy');

// The API server lets a policy pass that is not judged within five seconds, and nobody would know who wrote it. Of what was mutated
// before, nothing long is read once more.
const judgeInTime = <T>(request: AdmissionRequest, { reading, address }: RequestContext, work: () => Promise<T>): Promise<T> =>
  policyResources.has(request.resource.resource) ? reading.run(request, address, work, JUDGED_MS) : work();

const policyResources = new Set(['agentpolicies', 'clusteragentpolicies']);
