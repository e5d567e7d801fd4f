import { readFileSync } from 'node:fs';
import { namespaces } from '@sentinel/crds';
import { createClient, createLogger, createTransport, loadConfig, MissingObjectError } from '@sentinel/kube';
import { ServingCertificate } from '@sentinel/kube/certificates';
import { Authorizer } from './authorize.ts';
import { injectCaBundle } from './ca-bundle.ts';
import { readConfig } from './config.ts';
import { PolicyReader } from './policy-reader.ts';
import { SealKeeper } from './seal-key.ts';
import { createWebhookServer, tlsOf } from './server.ts';

const CONFIGURATION = 'sentinel';
const PORT = 9443;
const TEND_MS = 30_000;
const DRAIN_MS = 4_000;

/** Composition root of the webhook. Resolves when it has stopped. */
export async function runWebhook(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const config = readConfig(env);
  const logger = createLogger({ name: 'webhook' });
  const transport = createTransport(loadConfig(), { userAgent: 'sentinel-webhook' });
  const client = createClient(transport);
  const keeper = new SealKeeper(client, config.sealKeyMaxAgeMs);
  await keeper.tend();
  let fault: string | undefined;
  const certificate = new ServingCertificate({
    client,
    secret: { namespace: namespaces.system, name: 'sentinel-webhook-ca' },
    dnsNames: [`sentinel-webhook.${namespaces.system}.svc`],
    publish: (bundle) => injectCaBundle(client, CONFIGURATION, bundle),
  });
  const clientCa = config.clientCaFile === undefined ? undefined : readFileSync(config.clientCaFile, 'utf8');
  const app = createWebhookServer(await certificate.first(), {
    authorizer: new Authorizer(client),
    policies: new PolicyReader(client),
    key: () => keeper.current(),
    logger,
    fault: () => fault,
    clientCa,
  });
  await app.listen({ host: '0.0.0.0', port: PORT });
  // Listening comes first: the bundle makes the API server call.
  const tendCertificate = () => certificate.tend((pair) => app.server.setSecureContext(tlsOf(pair, clientCa)));
  await tendCertificate();
  const tend = async () => {
    await tendCertificate();
    if (await keeper.tend()) logger.info('Seals with another key', { key: keeper.current().id });
    fault = undefined;
  };
  const timer = setInterval(() => {
    tend().catch((error: unknown) => {
      if (error instanceof MissingObjectError) fault = error.message;
      logger.error('Failed to tend keys and certificates', { error: String(error) });
    });
  }, TEND_MS);
  logger.info('Started', { port: PORT, key: keeper.current().id });
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  clearInterval(timer);
  // The API server keeps its connections, and endpoints change a moment after the signal: whoever still calls gets an answer.
  await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
  await app.close();
  await transport.close();
}
