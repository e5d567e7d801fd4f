import { namespaces } from '@sentinel/crds';
import { configmaps, type KubeClient, type Logger, type Runnable, Upkeep } from '@sentinel/kube';
import { type KeyPair, ServingCertificate } from '@sentinel/kube/certificates';
import type { Config } from './config.ts';
import { noteDeletions, observeStore } from './metrics.ts';
import { publishAuthority } from './publish.ts';
import { sweepEvidence } from './retention/sweep.ts';
import { WriterAuthenticator } from './serve/authenticate-writer.ts';
import { type FrontProxy, readFrontProxy } from './serve/front-proxy.ts';
import { createEvidenceServer, tlsOf } from './serve/server.ts';
import { DirectoryStore } from './store/directory-store.ts';

const PORT = 8443;
const TEND_MS = 30_000;
const TEND_STALE_MS = 120_000;
const SWEEP_MS = 600_000;
/** How long it goes on answering after it was told to end: endpoints change a moment after the signal. */
const DRAIN_MS = 2_000;

const AUTHENTICATION = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };

export interface EvidenceParts {
  readonly client: KubeClient;
  readonly config: Config;
  readonly logger: Logger;
}

/** The evidence store: its server, its certificate and its retention. It is the only process that writes into its volume. */
export class EvidenceProgram implements Runnable {
  readonly name = 'evidence';
  readonly #parts: EvidenceParts;
  readonly #certificate: ServingCertificate;
  readonly #upkeep: Upkeep;
  #server: ReturnType<typeof createEvidenceServer>['server'] | undefined;
  #pair: KeyPair | undefined;
  #frontProxy: FrontProxy | undefined;

  constructor(parts: EvidenceParts) {
    this.#parts = parts;
    this.#certificate = new ServingCertificate({
      client: parts.client,
      secret: { namespace: namespaces.system, name: 'sentinel-evidence-ca' },
      dnsNames: [`sentinel-evidence.${namespaces.system}.svc`],
      publish: (bundle) => publishAuthority(parts.client, bundle),
    });
    this.#upkeep = new Upkeep({
      what: 'the certificate, and that of the aggregation layer',
      everyMs: TEND_MS,
      staleAfterMs: TEND_STALE_MS,
      work: () => this.#tend(),
      onError: (error) => parts.logger.error('Failed to tend certificates', { error: error.message }),
    });
  }

  /** Why it must not be used now; undefined when it may. */
  fault(): string | undefined {
    return this.#server?.listening ? this.#upkeep.fault() : 'it does not listen';
  }

  /** Serves until the signal aborts, and a moment longer. Rejects when it cannot start, also when the volume cannot be written. */
  async start(signal: AbortSignal): Promise<void> {
    const { client, config, logger } = this.#parts;
    const onUnreadable = (digest: string) => logger.error('Evidence is left out: its description cannot be read', { digest });
    const store = await DirectoryStore.open({ ...config, onUnreadable });
    observeStore(() => store.use());
    this.#pair = await this.#certificate.first();
    this.#frontProxy = await this.#readFrontProxy();
    const app = createEvidenceServer(this.#pair, {
      store,
      client,
      writers: new WriterAuthenticator(client),
      frontProxy: () => this.#frontProxy,
      logger,
      now: Date.now,
      stopping: signal,
    });
    await app.listen({ host: '0.0.0.0', port: PORT });
    this.#server = app.server;
    await this.#upkeep.once();
    const stop = this.#upkeep.start();
    const failed = (error: unknown) =>
      logger.warn('Failed to delete evidence whose time of retention is over', { error: String(error) });
    const sweep = () => sweepEvidence(client, store, Date.now, failed).then(noteDeletions, failed);
    void sweep();
    const sweeps = setInterval(() => void sweep(), SWEEP_MS);
    logger.info('Started', { port: PORT, ...store.use(), aggregated: this.#frontProxy !== undefined });
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
    clearInterval(sweeps);
    stop();
    await Promise.race([app.close(), new Promise((resolve) => setTimeout(resolve, DRAIN_MS))]);
    app.server.closeAllConnections();
  }

  // A secure context replaces all of the one before it, so each change needs both: the certificate and the authority of the API server.
  async #tend(): Promise<void> {
    const before = { pair: this.#pair, authority: this.#frontProxy?.authority };
    this.#frontProxy = await this.#readFrontProxy();
    await this.#certificate.tend((pair) => {
      this.#pair = pair;
    });
    if (this.#pair && (this.#pair !== before.pair || this.#frontProxy?.authority !== before.authority))
      this.#server?.setSecureContext(tlsOf(this.#pair, this.#frontProxy));
  }

  async #readFrontProxy(): Promise<FrontProxy | undefined> {
    const { client, logger } = this.#parts;
    const proxy = readFrontProxy((await client.get(configmaps, AUTHENTICATION))?.data);
    if (!proxy) logger.warn('The cluster has no aggregation layer, so nobody can read evidence', AUTHENTICATION);
    return proxy;
  }
}
