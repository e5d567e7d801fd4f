import { randomUUID } from 'node:crypto';
import { agentPolicies, clusterAgentPolicies, namespaces as own } from '@sentinel/crds';
import {
  configmaps,
  createClient,
  createInformer,
  createLogger,
  createTransport,
  loadConfig,
  MissingObjectError,
  namespaces,
  pods,
} from '@sentinel/kube';
import { ServingCertificate } from '@sentinel/kube/certificates';
import { suspendedBy } from '@sentinel/policy';
import { Authenticator } from './authenticate.ts';
import { Executions } from './enforce/executions.ts';
import { Permission } from './enforce/permission.ts';
import { Ledger } from './ledger/store.ts';
import { sweepLedger } from './ledger/sweep.ts';
import { Lock } from './lock.ts';
import { policiesOf } from './policies.ts';
import { Discovery } from './request/discovery.ts';
import { Runs } from './runs.ts';
import { createGatewayServer } from './server.ts';
import { Upstream } from './upstream.ts';

/** The name under which sandboxes know the gateway; a hostAlias gives it an address. */
const HOST = 'sentinel-gateway';
const PORT = 8443;
const TEND_MS = 30_000;
const SWEEP_MS = 600_000;

/** Composition root of the gateway. Resolves when it has stopped. */
export async function runGateway(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const logger = createLogger({ name: 'gateway' });
  const transport = createTransport(loadConfig(), { userAgent: 'sentinel-gateway', connections: 64 });
  const client = createClient(transport);
  const certificate = new ServingCertificate({
    client,
    secret: { namespace: own.system, name: 'sentinel-gateway-ca' },
    dnsNames: [HOST, `sentinel-gateway.${own.system}.svc`],
    publish: (bundle) => publish(client, bundle),
  });
  const podInformer = createInformer({ client, resource: pods, namespace: own.sandboxes, logger });
  const informers = {
    namespaces: createInformer({ client, resource: namespaces, logger }),
    policies: createInformer({ client, resource: agentPolicies, logger }),
    clusterPolicies: createInformer({ client, resource: clusterAgentPolicies, logger }),
  };
  const all = [podInformer, informers.namespaces, informers.policies, informers.clusterPolicies];
  const running = all.map((informer) => informer.start(signal));
  await Promise.all(all.map((informer) => informer.synced));
  const ledger = new Ledger(client);
  // A container that starts anew in its pod keeps the address and has forgotten what it recorded, so a replica is more than that.
  const replica = { address: env.POD_IP ?? '127.0.0.1', process: randomUUID() };
  let fault: string | undefined;
  const context = {
    fault: () => fault,
    ...informers,
    client,
    ledger,
    logger,
    replica,
    permission: new Permission(client, (run) => suspendedBy(policiesOf(informers, run))),
    executions: new Executions(client),
    runs: new Runs(client, ledger, podInformer, replica),
    authenticator: new Authenticator(client),
    discovery: new Discovery(transport),
    lock: new Lock(transport),
    upstream: new Upstream(transport),
  };
  const server = createGatewayServer(await certificate.first(), context);
  const tend = async () => {
    await certificate.tend((pair) => server.setSecureContext(pair));
    fault = undefined;
  };
  await tend();
  const tending = setInterval(() => {
    tend().catch((error: unknown) => {
      if (error instanceof MissingObjectError) fault = error.message;
      logger.error('Failed to tend the certificate', { error: String(error) });
    });
  }, TEND_MS);
  const sweeping = setInterval(() => {
    sweepLedger(client, ledger).catch((error: unknown) => logger.warn('Failed to sweep the ledger', { error: String(error) }));
  }, SWEEP_MS);
  server.listen(PORT);
  const lockFault = await context.lock.fault();
  logger.info('Started', { ...replica, lock: lockFault ?? 'holds' });
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  clearInterval(tending);
  clearInterval(sweeping);
  server.closeIdleConnections();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    setTimeout(() => server.closeAllConnections(), 5_000).unref();
  });
  await Promise.all(running);
  await transport.close();
}

// What sandboxes and the operator trust: a ConfigMap in each of their namespaces, written only when it differs.
async function publish(client: ReturnType<typeof createClient>, bundle: string): Promise<void> {
  for (const namespace of [own.sandboxes, own.system]) {
    const key = { name: 'sentinel-gateway-ca', namespace };
    const held = await client.get(configmaps, key);
    if (!held) throw new MissingObjectError('ConfigMap', key);
    if ((held.data as Record<string, string> | undefined)?.['ca.crt'] === bundle) continue;
    await client.patch(
      configmaps,
      key,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: key.name }, data: { 'ca.crt': bundle } },
      { type: 'apply', fieldManager: 'sentinel-gateway', force: true },
    );
  }
}
