import { namespaces } from '@sentinel/crds';
import { createClient, createLogger, createTransport, loadConfig } from '@sentinel/kube';
import { ensureAuthority, issueServerCertificate } from '@sentinel/kube/certificates';
import { Authorizer } from './authorize.ts';
import { injectCaBundle } from './ca-bundle.ts';
import { PolicyReader } from './policy-reader.ts';
import { ensureSealKey } from './seal-key.ts';
import { createWebhookServer } from './server.ts';

const CONFIGURATION = 'sentinel';
const PORT = 9443;
const LEAF_DAYS = 7;
const CHECK_MS = 30_000;
const DRAIN_MS = 4_000;
const RENEW_MS = 24 * 3600_000;

/** Composition root of the webhook. Resolves when it has stopped. */
export async function runWebhook(_env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const logger = createLogger({ name: 'webhook' });
  const transport = createTransport(loadConfig(), { userAgent: 'sentinel-webhook' });
  const client = createClient(transport);
  const key = await ensureSealKey(client);
  const authority = () =>
    ensureAuthority(client, { namespace: namespaces.system, name: 'sentinel-webhook-ca' }, 'sentinel-webhook-ca');
  const leaf = async () =>
    issueServerCertificate((await authority()).current, [`sentinel-webhook.${namespaces.system}.svc`], LEAF_DAYS);
  const app = createWebhookServer(await leaf(), {
    authorizer: new Authorizer(client),
    policies: new PolicyReader(client),
    key,
    logger,
  });
  await app.listen({ host: '0.0.0.0', port: PORT });
  // Listening comes first: the bundle makes the API server call.
  await injectCaBundle(client, CONFIGURATION, (await authority()).bundle);
  let renewed = performance.now();
  const tend = async () => {
    await injectCaBundle(client, CONFIGURATION, (await authority()).bundle);
    if (performance.now() - renewed < RENEW_MS) return;
    app.server.setSecureContext(await leaf());
    renewed = performance.now();
  };
  const timer = setInterval(() => {
    tend().catch((error: unknown) => logger.error('Failed to tend certificates', { error: String(error) }));
  }, CHECK_MS);
  logger.info('Started', { port: PORT, key: key.id });
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  clearInterval(timer);
  // The API server keeps its connections, and endpoints change a moment after the signal: whoever still calls gets an answer.
  await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
  await app.close();
  await transport.close();
}
