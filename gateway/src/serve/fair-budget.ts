import { FairShare } from '@sentinel/policy';
import { Refused } from '../request/refused.ts';

/** A FairShare that refuses a request when there is no room. */
export class FairBudget {
  readonly #share: FairShare;
  readonly #what: string;

  /** `what` completes the sentence of a refusal: "too many … at a time". */
  constructor(total: number, what: string) {
    this.#share = new FairShare(total);
    this.#what = what;
  }

  /** As `tryTake` of a FairShare, but throws Refused (429) when there is no room. */
  take(...[taker, amount, more]: Parameters<FairShare['tryTake']>): () => void {
    const giveBack = this.#share.tryTake(taker, amount, more);
    if (giveBack === undefined)
      throw new Refused(429, 'GatewayBusy', `too many ${this.#what} at a time; the request is to be sent again`);
    return giveBack;
  }

  /** What is held now, by all. */
  get used(): number {
    return this.#share.used;
  }
}
