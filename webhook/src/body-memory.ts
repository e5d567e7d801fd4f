import { FairQueue } from '@sentinel/kube/fair-queue';
import { FairShare } from '@sentinel/policy';

/** What one address may hold where it is alone: FairShare leaves as much to the next one. */
const ONE_ADDRESS = 7 / 16;
/** How many of an address wait for memory. Each has a connection, and an address may have 512. */
const WAITING_MAX = 128;

/**
 * Memory of bodies, shared by addresses, and by the namespaces of each of them: all tenants of a cluster come from the address of the API
 * server. Next is the namespace that had least of it lately, so that one that sends little waits for one body of others, however many they
 * are. One namespace has half of an address's part at most, except for a single body, which may have all of it.
 */
export class BodyMemory {
  readonly #addresses: FairShare;
  readonly #ofAddress: number;
  readonly #queues = new Map<string, FairQueue>();
  readonly #refusal: (namespace: string) => Error;

  /** `refusal` is what `take` rejects with. */
  constructor(total: number, refusal: (namespace: string) => Error) {
    this.#addresses = new FairShare(total);
    this.#ofAddress = total * ONE_ADDRESS;
    this.#refusal = refusal;
  }

  /**
   * Resolves when there is room for an amount, with the function that gives it back, once. Rejects when other addresses hold too much, and
   * when too many of this one wait: then those of the namespace that had most leave first.
   */
  async take(address: string, namespace: string, amount: number): Promise<() => void> {
    const queue =
      this.#queues.get(address) ?? new FairQueue(this.#ofAddress, { perPart: this.#ofAddress / 2, now: () => performance.now() });
    this.#queues.set(address, queue);
    if (queue.waiting >= WAITING_MAX && !queue.displace('', namespace, this.#refusal)) throw this.#refusal(namespace);
    const endTurn = await queue.take('', namespace, { amount });
    const end = () => {
      endTurn();
      if (queue.isIdle && this.#queues.get(address) === queue) this.#queues.delete(address);
    };
    const giveBack = this.#addresses.tryTake(address, amount);
    if (giveBack === undefined) {
      end();
      throw this.#refusal(namespace);
    }
    return () => {
      giveBack();
      end();
    };
  }
}
