import { readFileSync } from 'node:fs';
import { annotations, namespaces, SEAL_KEYS } from '@sentinel/crds';
import { type KubeClient, type Logger, type Runnable, Upkeep } from '@sentinel/kube';
import { ServingCertificate } from '@sentinel/kube/certificates';
import { SigningKeeper } from '@sentinel/kube/signing-key';
import { ActJournal } from './acts/journal.ts';
import { DefinitionQuota, type definitionInformers } from './admission/definition-quota.ts';
import { ActionQuota, type quotaInformers } from './admission/quota.ts';
import { Authorizer } from './authorize.ts';
import { injectCaBundle } from './ca-bundle.ts';
import type { Config } from './config.ts';
import { PolicyReader } from './policy-reader.ts';
import { createWebhookServer, tlsOf } from './server.ts';

const CONFIGURATION = 'sentinel';
const PORT = 9443;
const TEND_MS = 30_000;
const TEND_STALE_MS = 120_000;
/** How long it goes on answering after it was told to end. */
export const DRAIN_MS = 4_000;

export interface WebhookParts {
  readonly client: KubeClient;
  readonly config: Config;
  /** What counts against the quota of a namespace. */
  readonly counted: ReturnType<typeof quotaInformers>;
  /** The Playbooks and AgentPolicies of all namespaces, as sizes. */
  readonly definitions: ReturnType<typeof definitionInformers>;
  readonly logger: Logger;
}

/** One replica of the webhook: its server, and the keys and certificates that it keeps up. */
export class Webhook implements Runnable {
  readonly name = 'webhook';
  readonly #parts: WebhookParts;
  readonly #keeper: SigningKeeper;
  readonly #upkeep: Upkeep;
  #tendCertificate: () => Promise<void> = async () => undefined;
  #isListening = false;

  constructor(parts: WebhookParts) {
    const { client, config, logger } = parts;
    this.#parts = parts;
    this.#keeper = new SigningKeeper({
      client,
      secret: { namespace: namespaces.system, name: 'sentinel-webhook-seal' },
      published: { namespace: namespaces.system, name: SEAL_KEYS },
      fieldManager: 'sentinel-webhook',
      rotate: annotations.rotate,
      maxAgeMs: config.sealKeyMaxAgeMs,
    });
    this.#upkeep = new Upkeep({
      what: 'the key of the seals and the certificate',
      everyMs: TEND_MS,
      staleAfterMs: TEND_STALE_MS,
      work: async () => {
        await this.#tendCertificate();
        if (await this.#keeper.tend()) logger.info('Seals with another key', { key: this.#keeper.current().id });
      },
      onError: (error) => logger.error('Failed to tend keys and certificates', { error: error.message }),
    });
  }

  /** Why this replica must not be asked now; undefined when it may. */
  fault(): string | undefined {
    return this.#isListening ? this.#upkeep.fault() : 'it does not listen';
  }

  /** Serves until the signal aborts, and a moment longer. Rejects when it cannot start. */
  async start(signal: AbortSignal): Promise<void> {
    const { client, config, counted, definitions, logger } = this.#parts;
    await this.#keeper.tend();
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
      key: () => this.#keeper.current(),
      acts: new ActJournal(client, () => this.#keeper.current()),
      quota: new ActionQuota(counted, config.storageBytes),
      definitions: new DefinitionQuota(definitions, config.definitionBytes),
      logger,
      clientCa,
      stopping: signal,
    });
    await app.listen({ host: '0.0.0.0', port: PORT });
    this.#isListening = true;
    this.#tendCertificate = () => certificate.tend((pair) => app.server.setSecureContext(tlsOf(pair, clientCa)));
    // Listening comes first: the bundle makes the API server call.
    await this.#upkeep.once();
    const stop = this.#upkeep.start();
    logger.info('Started', { port: PORT, key: this.#keeper.current().id });
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    // The API server keeps its connections, and endpoints change a moment after the signal: anyone who still calls gets an answer.
    await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
    stop();
    await app.close();
  }
}
