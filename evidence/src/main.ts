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
import { readConfig } from './config.ts';
import { EvidenceProgram } from './evidence.ts';

const HEALTH_PORT = 8080;
const SHUTDOWN_MS = 10_000;

/** Composition root of the evidence store. Resolves when it has stopped. */
export async function runEvidence(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const config = readConfig(env);
  const logger = createLogger({ name: 'evidence' });
  const stopTracing = await startTracing(readTracing('sentinel-evidence', env), logger);
  const transport = createTransport(loadConfig(), { userAgent: 'sentinel-evidence', connections: 16 });
  const client = createClient(transport);
  const program = new EvidenceProgram({ client, config, logger });
  const manager = new Manager({ logger, gracefulShutdownMs: SHUTDOWN_MS });
  manager.addServer(new HealthServer({ port: HEALTH_PORT, ready: { evidence: () => program.fault() === undefined } }));
  manager.addRunnable(program);
  stopWithOwnAccount(manager, client, logger);
  await manager.start(signal).finally(stopTracing);
  await transport.close();
}
