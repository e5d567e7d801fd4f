import { X509Certificate } from 'node:crypto';
import type { KubeClient } from '../client/client.ts';
import { noteExpiration } from '../state-metrics.ts';
import { ensureAuthority } from './authority.ts';
import { issueServerCertificate, type KeyPair } from './issue.ts';

export interface ServingOptions {
  readonly client: KubeClient;
  /** The Secret of the authority. */
  readonly secret: { readonly namespace: string; readonly name: string };
  readonly dnsNames: readonly [string, ...string[]];
  /** Publishes the CA bundle for clients; called often, and must write only if it differs. */
  readonly publish: (bundle: string) => Promise<void>;
}

const LEAF_DAYS = 7;
const RENEW_MS = 24 * 3600_000;

/** The serving certificate, kept valid as long as the process runs. */
export class ServingCertificate {
  readonly #options: ServingOptions;
  #issued = { under: '', at: 0 };

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  /** The first certificate. */
  async first(): Promise<KeyPair> {
    return await this.#issue((await this.#authority()).current);
  }

  /** Renews and publishes the authority when necessary; passes a new certificate to `use` once a day, or after a change of the authority. */
  async tend(use: (pair: KeyPair) => void): Promise<void> {
    const { current, bundle } = await this.#authority();
    await this.#options.publish(bundle);
    if (this.#issued.under === current.cert && performance.now() - this.#issued.at < RENEW_MS) return;
    use(await this.#issue(current));
  }

  #authority() {
    return ensureAuthority(this.#options.client, this.#options.secret, this.#options.secret.name);
  }

  async #issue(authority: KeyPair): Promise<KeyPair> {
    const pair = await issueServerCertificate(authority, this.#options.dnsNames, LEAF_DAYS);
    this.#issued = { under: authority.cert, at: performance.now() };
    const { name } = this.#options.secret;
    noteExpiration(name, 'authority', endOf(authority.cert));
    noteExpiration(name, 'serving', endOf(pair.cert));
    return pair;
  }
}

const endOf = (pem: string): number => new X509Certificate(pem).validToDate.getTime();
