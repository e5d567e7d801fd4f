import type { TLSSocket } from 'node:tls';
import type { Logger } from '@sentinel/kube';
import type { KeyPair } from '@sentinel/kube/certificates';
import { fastify } from 'fastify';
import { type ActionContext, admitAction } from './admission/action.ts';
import { admitPlaybook } from './admission/playbook.ts';
import { admitPolicy } from './admission/policy.ts';
import { type AdmissionRequest, AdmissionReview, allowed, Denied, denied, type Mutation } from './admission/review.ts';

/** An AdmissionReview holds the object twice; the API server itself takes at most 3 MiB each. */
const BODY_LIMIT = 8 * 1024 * 1024;

export interface WebhookContext extends ActionContext {
  readonly logger: Logger;
  /** Why this replica must not be asked now; undefined when it may. */
  readonly fault: () => string | undefined;
  /** The authority (PEM) of the certificate that a caller must show; undefined where the cluster gives the API server none. */
  readonly clientCa?: string | undefined;
}

/** What the server shows and whom it believes. Needed anew for each certificate: a secure context replaces all of the one before it. */
export function tlsOf(pair: KeyPair, clientCa: string | undefined) {
  return { key: pair.key, cert: pair.cert, minVersion: 'TLSv1.2' as const, ...(clientCa === undefined ? {} : { ca: clientCa }) };
}

/** The HTTPS server of the webhook, not yet listening. Whatever goes wrong in a check is a refusal that says why. */
export function createWebhookServer(pair: KeyPair, context: WebhookContext) {
  const asksForCertificate = context.clientCa !== undefined;
  const app = fastify({
    // Probes of the kubelet come without a certificate, so each request is judged and not the connection.
    https: { ...tlsOf(pair, context.clientCa), requestCert: asksForCertificate, rejectUnauthorized: false },
    bodyLimit: BODY_LIMIT,
    requestTimeout: 10_000,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  });
  app.get('/healthz', () => 'ok\n');
  app.get('/readyz', (_request, reply) => {
    const fault = context.fault();
    return fault === undefined ? 'ok\n' : reply.code(503).send(`${fault}\n`);
  });
  for (const path of ['/mutate', '/validate'])
    app.post(path, async (incoming, reply) => {
      if (asksForCertificate && !(incoming.raw.socket as TLSSocket).authorized)
        return reply
          .code(403)
          .send({ message: 'only the API server is answered: a client certificate of its authority is required' });
      const parsed = AdmissionReview.safeParse(incoming.body);
      if (!parsed.success)
        return reply.code(400).send({ message: `this is no AdmissionReview: ${parsed.error.message.slice(0, 500)}` });
      return await answer(parsed.data.request, context);
    });
  return app;
}

async function answer(request: AdmissionRequest, context: WebhookContext): Promise<object> {
  try {
    return allowed(request, await mutate(request, context));
  } catch (error) {
    if (error instanceof Denied) {
      context.logger.info('Denied request', {
        resource: request.resource.resource,
        operation: request.operation,
        user: request.userInfo.username,
        why: error.message,
      });
      return denied(request.uid, `sentinel: ${error.message}`);
    }
    context.logger.error('Failed to check request', { resource: request.resource.resource, error: String(error) });
    return denied(
      request.uid,
      `sentinel: the request could not be checked, so it is refused: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function mutate(request: AdmissionRequest, context: WebhookContext): Promise<Mutation | undefined> {
  if (request.resource.resource === 'agentactions') return await admitAction(request, context, new Date());
  if (request.resource.resource === 'playbooks') return await admitPlaybook(request, context, new Date());
  if (policyResources.has(request.resource.resource)) return await admitPolicy(request, context.policies);
  return undefined;
}

const policyResources = new Set(['agentpolicies', 'clusteragentpolicies']);
