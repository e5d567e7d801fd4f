import { createHash } from 'node:crypto';
import { GATEWAY_AUDIENCE, namespaces } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { Refused } from './request/refused.ts';
import type { PodIdentity } from './run/resolve.ts';

/** Who calls the gateway. */
export type Caller = { readonly kind: 'sandbox'; readonly pod: PodIdentity } | { readonly kind: 'operator' };

const SANDBOX = `system:serviceaccount:${namespaces.sandboxes}:sandbox`;
const OPERATOR = `system:serviceaccount:${namespaces.system}:sentinel-operator`;
const POD_NAME = 'authentication.kubernetes.io/pod-name';
const POD_UID = 'authentication.kubernetes.io/pod-uid';
const CACHED_MS = 5_000;
const CACHED_MAX = 1_000;

/**
 * Says who holds a token, by a TokenReview for the gateway's own audience. A token of the sandbox's account counts only when it
 * is bound to a pod (anyone who may create tokens could mint one without). Throws Refused (401) for everything else.
 */
export class Authenticator {
  readonly #client: KubeClient;
  readonly #known = new Map<string, { until: number; caller: Caller }>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async authenticate(authorization: string | undefined): Promise<Caller> {
    const token = /^Bearer ([A-Za-z0-9._~+/=-]{1,8192})$/.exec(authorization ?? '')?.[1];
    if (token === undefined) throw unauthorized('no token of the gateway was sent');
    const key = createHash('sha256').update(token).digest('hex');
    const known = this.#known.get(key);
    if (known && known.until > Date.now()) return known.caller;
    const caller = await this.#review(token);
    if (this.#known.size >= CACHED_MAX) this.#known.clear();
    this.#known.set(key, { until: Date.now() + CACHED_MS, caller });
    return caller;
  }

  async #review(token: string): Promise<Caller> {
    const review = await this.#client.tokenReview({ token, audiences: [GATEWAY_AUDIENCE] });
    if (!review.authenticated || !review.audiences?.includes(GATEWAY_AUDIENCE))
      throw unauthorized('the token is not one for the gateway');
    const { username, extra } = review.user ?? {};
    const name = extra?.[POD_NAME]?.[0];
    const uid = extra?.[POD_UID]?.[0];
    if (name === undefined || uid === undefined) throw unauthorized('the token is not bound to a pod');
    if (username === OPERATOR) return { kind: 'operator' };
    if (username === SANDBOX) return { kind: 'sandbox', pod: { name, uid } };
    throw unauthorized('the service account is not authorized to use the gateway');
  }
}

const unauthorized = (message: string) => new Refused(401, 'Unauthorized', message);
