import { agentPolicies, clusterAgentPolicies, namespaces as own } from '@sentinel/crds';
import {
  createClient,
  createInformer,
  createLogger,
  createTransport,
  HealthServer,
  loadConfig,
  Manager,
  namespaces,
  pods,
  readTracing,
  startTracing,
  stopWithOwnAccount,
} from '@sentinel/kube';
import { DRAIN } from './drain/drain.ts';
import { Gateway } from './gateway.ts';
import { readInstallation, readKeyAge, readStorageBytes } from './installation.ts';
import { storageInformers } from './storage.ts';

const HEALTH_PORT = 8080;
/** A policy may have half a megabyte, and a page of them is in memory several times while it is read. */
const POLICIES_PAGE = 32;
/** The time for the whole drain and the steps after it. */
const SHUTDOWN_MS = DRAIN.serve + DRAIN.finish + 3_000;

/** Composition root of the gateway. Resolves when it has stopped. */
export async function runGateway(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const installation = readInstallation(env);
  const logger = createLogger({ name: 'gateway' });
  const stopTracing = await startTracing(readTracing('sentinel-gateway', env), logger);
  const transport = createTransport(loadConfig(), { userAgent: 'sentinel-gateway', connections: 64 });
  const client = createClient(transport);
  const caches = {
    pods: createInformer({ client, resource: pods, namespace: own.sandboxes, logger }),
    namespaces: createInformer({ client, resource: namespaces, logger }),
    policies: createInformer({ client, resource: agentPolicies, pageSize: POLICIES_PAGE, logger }),
    clusterPolicies: createInformer({ client, resource: clusterAgentPolicies, pageSize: POLICIES_PAGE, logger }),
  };
  const counted = storageInformers(client, logger);
  const gateway = new Gateway({
    installation,
    logger,
    transport,
    client,
    caches,
    counted,
    storageBytes: readStorageBytes(env),
    statementKeyMaxAgeMs: readKeyAge(env),
    address: env.POD_IP ?? '127.0.0.1',
  });
  const manager = new Manager({ logger, gracefulShutdownMs: SHUTDOWN_MS });
  const health = new HealthServer({
    port: HEALTH_PORT,
    ready: { caches: () => manager.ready(), gateway: () => gateway.fault() === undefined },
  });
  manager.addServer(health);
  manager.addInformer(caches.pods).addInformer(caches.namespaces);
  manager.addInformer(caches.policies).addInformer(caches.clusterPolicies);
  manager.addInformer(counted.actions).addInformer(counted.plans).addInformer(counted.parts);
  manager.addInformer(counted.claims).addInformer(counted.secrets);
  // Not a server in the sense of the manager: its drain needs the caches.
  manager.addRunnable(gateway);
  stopWithOwnAccount(manager, client, logger);
  await manager.start(signal).finally(stopTracing);
  await transport.close();
}
