import { randomUUID } from 'node:crypto';
import type { Server } from 'node:https';
import { type AgentPolicy, annotations, type ClusterAgentPolicy, namespaces as own, STATEMENT_KEYS } from '@sentinel/crds';
import {
  type AnyObject,
  configmaps,
  type Informer,
  type KubeClient,
  type Logger,
  MissingObjectError,
  type Runnable,
  type Transport,
  Upkeep,
} from '@sentinel/kube';
import { ServingCertificate } from '@sentinel/kube/certificates';
import { SigningKeeper } from '@sentinel/kube/signing-key';
import { suspendedBy } from '@sentinel/policy';
import { replayRefused } from './amend/replay-refused.ts';
import { Dependants } from './dependants/dependants.ts';
import { drain } from './drain/drain.ts';
import { keepRecordings } from './drain/keep-recordings.ts';
import { DrainState } from './drain/state.ts';
import { Executions } from './enforce/executions.ts';
import { Permission } from './enforce/permission.ts';
import type { Installation } from './installation.ts';
import { Ledger } from './ledger/store.ts';
import { Suspensions } from './ledger/suspensions.ts';
import { sweepLedger, watchDeletions } from './ledger/sweep.ts';
import { Lock } from './lock.ts';
import { observeWork } from './metrics.ts';
import { policiesOf } from './policies.ts';
import { Discovery } from './request/discovery.ts';
import { StoredVersions } from './request/stored-version.ts';
import type { Run } from './run/run.ts';
import { Runs } from './run/runs.ts';
import { watchEnds } from './run/watch-ends.ts';
import { Authenticator } from './serve/authenticate.ts';
import { Forwarder } from './serve/forward.ts';
import { createGatewayServer, type ServerContext } from './serve/server.ts';
import { Storage, type storageInformers } from './storage.ts';
import { Upstream } from './upstream.ts';

/** The host name of the gateway in sandboxes; a hostAlias sets its address. */
const HOST = 'sentinel-gateway';
const PORT = 8443;
const TEND_MS = 30_000;
const TEND_STALE_MS = 120_000;
const SWEEP_MS = 600_000;
const TIDY_MS = 60_000;

export interface GatewayParts {
  readonly installation: Installation;
  readonly logger: Logger;
  readonly transport: Transport;
  readonly client: KubeClient;
  readonly caches: {
    readonly pods: Informer<AnyObject>;
    readonly namespaces: Informer<AnyObject>;
    readonly policies: Informer<AgentPolicy>;
    readonly clusterPolicies: Informer<ClusterAgentPolicy>;
  };
  /** What is stored for actions, by size. */
  readonly counted: ReturnType<typeof storageInformers>;
  /** What may be stored for the actions of all namespaces, in bytes. */
  readonly storageBytes: number;
  /** How old the key of its statements may become, in milliseconds. */
  readonly statementKeyMaxAgeMs: number;
  /** Where other replicas reach this one. */
  readonly address: string;
}

/** One replica of the gateway: its server and its periodic tasks. Needs synced caches until it has stopped. */
export class Gateway implements Runnable {
  readonly name = 'gateway';
  readonly #parts: GatewayParts;
  readonly #drain = new DrainState();
  readonly #certificate: ServingCertificate;
  readonly #keeper: SigningKeeper;
  readonly #forwarder: Forwarder;
  readonly #upkeep: Upkeep;
  #authority = '';
  #server: Server | undefined;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#certificate = new ServingCertificate({
      client: parts.client,
      secret: { namespace: own.system, name: 'sentinel-gateway-ca' },
      dnsNames: [HOST, `sentinel-gateway.${own.system}.svc`],
      publish: async (bundle) => {
        this.#authority = bundle;
        await publish(parts.client, bundle);
      },
    });
    this.#keeper = new SigningKeeper({
      client: parts.client,
      secret: { namespace: own.system, name: 'sentinel-gateway-seal' },
      published: { namespace: own.system, name: STATEMENT_KEYS },
      fieldManager: 'sentinel-gateway',
      rotate: annotations.rotate,
      maxAgeMs: parts.statementKeyMaxAgeMs,
    });
    this.#upkeep = new Upkeep({
      what: 'the key of the statements and the certificate',
      everyMs: TEND_MS,
      staleAfterMs: TEND_STALE_MS,
      work: async () => {
        await this.#certificate.tend((pair) => this.#server?.setSecureContext(pair));
        if (await this.#keeper.tend()) parts.logger.info('Signs with another key', { key: this.#keeper.current().id });
      },
      onError: (error) => parts.logger.error('Failed to tend keys and certificates', { error: error.message }),
    });
    this.#forwarder = new Forwarder({ authority: () => this.#authority, name: HOST, port: PORT });
  }

  /** Why this replica must get no new connections now; undefined when it may. */
  fault(): string | undefined {
    if (!this.#server?.listening) return 'it does not listen';
    return this.#drain.phase === 'Serving' ? this.#upkeep.fault() : 'it is shutting down';
  }

  /** Serves until the signal aborts, then drains. Rejects when it cannot start. */
  async start(signal: AbortSignal): Promise<void> {
    const { client, logger, caches, counted, address } = this.#parts;
    await this.#keeper.tend();
    const ledger = new Ledger(client);
    await new Suspensions(client, caches).start((error) => logger.error('Failed to note a suspension', { error: String(error) }));
    // A restarted container keeps the address of its pod but has lost its recordings, so a replica is identified by more than its address.
    const replica = { address, process: randomUUID() };
    const context = this.#context(ledger, replica);
    const server = createGatewayServer(await this.#certificate.first(), context);
    this.#server = server;
    observeWork({
      requests: () => this.#drain.requests,
      rehearsals: () => context.runs.rehearsals().length,
      storage: () => context.storage.totals(),
    });
    await this.#upkeep.once();
    const sweep = (only?: (actionUid: string) => boolean) => sweepLedger(client, ledger, only);
    const warnOfSweep = warn(logger, 'Failed to sweep the ledger');
    watchDeletions(counted.actions, (uids) => void sweep((uid) => uids.has(uid)).catch(warnOfSweep));
    const stops = [
      this.#upkeep.start(),
      repeat(SWEEP_MS, sweep, warnOfSweep),
      repeat(TIDY_MS, () => context.runs.tidy(), warn(logger, 'Failed to tidy the runs')),
      watchEnds({ client, ledger, pods: caches.pods }, warn(logger, 'Failed to note the end of a run')),
    ];
    await listen(server);
    const lockFault = await context.lock.fault().catch((error: unknown) => String(error));
    logger.info('Started', { ...replica, key: this.#keeper.current().id, lock: lockFault ?? 'holds' });
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    const { storage, replay, runs } = context;
    const keeping = { client, ledger, storage, replay, logger, runs, pods: caches.pods };
    await drain({
      state: this.#drain,
      keepRecordings: () => keepRecordings(keeping),
      stopListening: () => {
        logger.info('Takes nothing more on', { requests: this.#drain.requests });
        server.close();
        server.closeIdleConnections();
      },
    });
    logger.info('Drained', { cut: this.#drain.requests, lost: context.runs.rehearsals().length });
    for (const stop of stops) stop();
    server.closeAllConnections();
    await this.#forwarder.close();
  }

  #context(ledger: Ledger, replica: { address: string; process: string }): ServerContext & { runs: Runs } {
    const { client, logger, transport, caches, counted, storageBytes, installation } = this.#parts;
    const discovery = new Discovery(transport);
    const upstream = new Upstream(transport, new StoredVersions(transport, discovery));
    const lock = new Lock(transport);
    const dependants = new Dependants(upstream, discovery);
    const policies = (run: Run) => policiesOf(caches, run);
    return {
      ...caches,
      client,
      ledger,
      logger,
      replica,
      installation,
      key: () => this.#keeper.current(),
      drain: this.#drain,
      forwarder: this.#forwarder,
      isFresh: () => Object.values(caches).every((cache) => cache.healthy()),
      permission: new Permission(client, (run) => suspendedBy(policies(run))),
      executions: new Executions(client),
      runs: new Runs({ client, ledger, replica, installation }, caches.pods, this.#drain),
      authenticator: new Authenticator(client),
      storage: new Storage({ ...counted, tenants: [counted.actions, counted.plans, counted.parts] }, storageBytes),
      discovery,
      lock,
      upstream,
      dependants,
      replay: (run) => replayRefused({ upstream, dependants, lock, policies }, run),
    };
  }
}

const warn = (logger: Logger, message: string) => (error: unknown) => logger.warn(message, { error: String(error) });

function repeat(everyMs: number, work: () => Promise<unknown>, onError: (error: unknown) => void): () => void {
  const timer = setInterval(() => void work().catch(onError), everyMs);
  return () => clearInterval(timer);
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(PORT, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

// The CA bundle for sandboxes and the operator: a ConfigMap in each of their namespaces, written only if it differs.
async function publish(client: KubeClient, bundle: string): Promise<void> {
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
