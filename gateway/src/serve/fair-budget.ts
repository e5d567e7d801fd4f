import { FairShare } from '@sentinel/policy';
import { Refused } from '../request/refused.ts';

/** A FairShare that refuses a request if nothing is available. */
export class FairBudget {
  readonly #share: FairShare;
  readonly #what: string;

  /** `what` completes the sentence of a refusal: "too many … at a time". */
  constructor(total: number, what: string) {
    this.#share = new FairShare(total);
    this.#what = what;
  }

  /** Like `tryTake` of a FairShare, but throws Refused (429) if nothing is available. */
  take(...[taker, amount, more]: Parameters<FairShare['tryTake']>): () => void {
    const giveBack = this.#share.tryTake(taker, amount, more);
    if (giveBack === undefined) throw new Refused(429, 'GatewayBusy', `too many ${this.#what} at a time; send the request again`);
    return giveBack;
  }

  /** What is held now, by all. */
  get used(): number {
    return this.#share.used;
  }
}
