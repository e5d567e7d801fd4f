import { createHash } from 'node:crypto';
import { GATEWAY_AUDIENCE, namespaces } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { TokenBuckets } from '@sentinel/kube/token-buckets';
import { Refused } from '../request/refused.ts';
import type { PodIdentity } from '../run/resolve.ts';
import { tokenFault } from './token-claims.ts';

/** Who calls the gateway. */
export type Caller = { readonly kind: 'sandbox'; readonly pod: PodIdentity } | { readonly kind: 'operator' };

const SANDBOX = `system:serviceaccount:${namespaces.sandboxes}:sandbox`;
const OPERATOR = `system:serviceaccount:${namespaces.system}:sentinel-operator`;
const accounts: ReadonlySet<string> = new Set([SANDBOX, OPERATOR]);
const POD_NAME = 'authentication.kubernetes.io/pod-name';
const POD_UID = 'authentication.kubernetes.io/pod-uid';
const CACHED_MS = 5_000;
/** Shorter: a replica of the API server may not know a new pod yet. */
const REFUSED_MS = 2_000;
const CACHED_MAX = 1_000;
/** How many tokens a source may try while its tokens are refused. A source without refused tokens is not limited. */
const FAILURES = { burst: 10, perSecond: 1, max: 4_096 };

type Reviewed = { readonly caller: Caller } | { readonly fault: string };

/**
 * Authenticates a token with a TokenReview for the gateway's own audience. A token of the sandbox account counts only if it is bound to a pod
 * (anyone who may create tokens could create one without). Throws Refused (401) for everything else.
 *
 * The claims of a token are checked first, one review serves all requests with the same token, and a source whose tokens are refused
 * repeatedly must wait (429), so that invalid tokens cause few requests to the API server.
 */
export class Authenticator {
  readonly #client: Pick<KubeClient, 'tokenReview'>;
  readonly #now: () => number;
  readonly #known = new Map<string, { until: number; reviewed: Reviewed }>();
  readonly #asked = new Map<string, Promise<Reviewed>>();
  readonly #failures: TokenBuckets;

  constructor(client: Pick<KubeClient, 'tokenReview'>, now: () => number = Date.now) {
    this.#client = client;
    this.#now = now;
    this.#failures = new TokenBuckets(FAILURES, now);
  }

  async authenticate(authorization: string | undefined, source: string): Promise<Caller> {
    const token = /^Bearer ([A-Za-z0-9._~+/=-]{1,8192})$/.exec(authorization ?? '')?.[1];
    if (token === undefined) throw unauthorized('no token of the gateway was sent');
    const fault = tokenFault(token, accounts, this.#now());
    if (fault !== undefined) throw unauthorized(fault);
    const key = createHash('sha256').update(token).digest('hex');
    const reviewed = this.#cached(key) ?? (await this.#reviewOnce(key, token, source));
    if ('fault' in reviewed) throw unauthorized(reviewed.fault);
    return reviewed.caller;
  }

  #cached(key: string): Reviewed | undefined {
    const known = this.#known.get(key);
    return known && known.until > this.#now() ? known.reviewed : undefined;
  }

  async #reviewOnce(key: string, token: string, source: string): Promise<Reviewed> {
    const asked = this.#asked.get(key);
    if (asked) return await asked;
    // A token that was valid before is not counted as an attempt.
    const before = this.#known.get(key)?.reviewed;
    const isGuess = before === undefined || 'fault' in before;
    if (isGuess && !this.#failures.take(source))
      throw new Refused(429, 'TooManyInvalidTokens', 'too many tokens that are not valid came from here; wait');
    const asking = this.#review(token);
    this.#asked.set(key, asking);
    try {
      const reviewed = await asking;
      if (isGuess && 'caller' in reviewed) this.#failures.giveBack(source);
      this.#remember(key, reviewed);
      return reviewed;
    } finally {
      this.#asked.delete(key);
    }
  }

  // The oldest entry is removed. A used entry moves to the end.
  #remember(key: string, reviewed: Reviewed): void {
    this.#known.delete(key);
    const oldest = this.#known.size >= CACHED_MAX ? this.#known.keys().next().value : undefined;
    if (oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, { until: this.#now() + ('caller' in reviewed ? CACHED_MS : REFUSED_MS), reviewed });
  }

  async #review(token: string): Promise<Reviewed> {
    const review = await this.#client.tokenReview({ token, audiences: [GATEWAY_AUDIENCE] });
    if (!review.authenticated || !review.audiences?.includes(GATEWAY_AUDIENCE))
      return { fault: 'the token is not one for the gateway' };
    const { username, extra } = review.user ?? {};
    const name = extra?.[POD_NAME]?.[0];
    const uid = extra?.[POD_UID]?.[0];
    if (name === undefined || uid === undefined) return { fault: 'the token is not bound to a pod' };
    if (username === OPERATOR) return { caller: { kind: 'operator' } };
    if (username === SANDBOX) return { caller: { kind: 'sandbox', pod: { name, uid } } };
    return { fault: 'the service account is not authorized to use the gateway' };
  }
}

const unauthorized = (message: string) => new Refused(401, 'TokenInvalid', message);
