import {
  createClient,
  createLogger,
  createTransport,
  HealthServer,
  loadConfig,
  Manager,
  readTracing,
  startTracing,
  stopWithOwnAccount,
} from '@sentinel/kube';
import { definitionInformers } from './admission/definition-quota.ts';
import { quotaInformers } from './admission/quota.ts';
import { readConfig } from './config.ts';
import { DRAIN_MS, Webhook } from './webhook.ts';

const HEALTH_PORT = 8080;

/** Composition root of the webhook. Resolves when it has stopped. */
export async function runWebhook(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const config = readConfig(env);
  const logger = createLogger({ name: 'webhook' });
  const stopTracing = await startTracing(readTracing('sentinel-webhook', env), logger);
  const transport = createTransport(loadConfig(), { userAgent: 'sentinel-webhook' });
  const client = createClient(transport);
  const counted = quotaInformers(client, logger);
  const definitions = definitionInformers(client, logger);
  const webhook = new Webhook({ client, config, counted, definitions, logger });
  const manager = new Manager({ logger, gracefulShutdownMs: DRAIN_MS + 10_000 });
  const health = new HealthServer({
    port: HEALTH_PORT,
    ready: { manager: () => manager.ready(), webhook: () => webhook.fault() === undefined },
  });
  manager.addServer(health);
  // Nothing can be filed or defined before it is counted, so a replica listens only then.
  manager.addInformer(counted.actions);
  for (const informer of counted.plans) manager.addInformer(informer);
  manager.addInformer(definitions.Playbook).addInformer(definitions.AgentPolicy);
  manager.addRunnable(webhook);
  stopWithOwnAccount(manager, client, logger);
  await manager.start(signal).finally(stopTracing);
  await transport.close();
}
