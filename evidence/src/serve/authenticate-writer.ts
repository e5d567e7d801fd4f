import { EVIDENCE_AUDIENCE, OPERATOR_USER } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { TokenBuckets } from '@sentinel/kube/token-buckets';
import { Refused } from './refused.ts';

const POD_NAME = 'authentication.kubernetes.io/pod-name';
/** How many tokens a source may try while its tokens are refused, so that invalid tokens cause few requests to the API server. */
const FAILURES = { burst: 10, perSecond: 1, max: 4_096 };

/**
 * Admits the operator as the only writer: a TokenReview for the audience of the evidence store, of a token that is bound to a pod. A token
 * for another audience, such as the API server or the gateway, is refused.
 */
export class WriterAuthenticator {
  readonly #client: Pick<KubeClient, 'tokenReview'>;
  readonly #failures: TokenBuckets;

  constructor(client: Pick<KubeClient, 'tokenReview'>, now?: () => number) {
    this.#client = client;
    this.#failures = new TokenBuckets(FAILURES, now);
  }

  /** Resolves for the operator. Throws Refused (401, or 429 after too many attempts) for everybody else. */
  async authenticate(authorization: string | undefined, source: string): Promise<void> {
    const token = /^Bearer ([A-Za-z0-9._~+/=-]{1,8192})$/.exec(authorization ?? '')?.[1];
    if (token === undefined) throw unauthorized('no token for the evidence store was sent');
    if (!this.#failures.take(source))
      throw new Refused(429, 'EvidenceBusy', 'too many tokens that are not valid came from here; wait');
    const review = await this.#client.tokenReview({ token, audiences: [EVIDENCE_AUDIENCE] });
    const { username, extra } = review.user ?? {};
    if (!review.authenticated || !review.audiences?.includes(EVIDENCE_AUDIENCE))
      throw unauthorized('the token is not one for the evidence store');
    if (extra?.[POD_NAME]?.[0] === undefined) throw unauthorized('the token is not bound to a pod');
    if (username !== OPERATOR_USER) throw unauthorized('the service account is not authorized to store evidence');
    this.#failures.giveBack(source);
  }
}

const unauthorized = (message: string) => new Refused(401, 'WriterTokenInvalid', message);
