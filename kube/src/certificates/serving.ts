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
  /** Tells clients what to trust; called often, and to write only what differs. */
  readonly publish: (bundle: string) => Promise<void>;
}

const LEAF_DAYS = 7;
const RENEW_MS = 24 * 3600_000;

/** The certificate that a server shows, kept good for as long as the process lives. */
export class ServingCertificate {
  readonly #options: ServingOptions;
  #issued = { under: '', at: 0 };

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  /** A certificate to begin with. */
  async first(): Promise<KeyPair> {
    return await this.#issue((await this.#authority()).current);
  }

  /** Renews the authority and publishes it where that is due; hands `use` another certificate once a day, or when the authority is another. */
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
