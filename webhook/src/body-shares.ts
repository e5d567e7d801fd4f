import { FairShare } from '@sentinel/policy';

/** What one address may hold where it is alone: FairShare leaves as much to the next one. */
const ONE_ADDRESS = 7 / 16;
/** The part of it that is kept for namespaces that hold next to nothing, and how many of them it is enough for at the same time. */
const KEPT = 1 / 8;
const KEPT_FOR = 16;

/**
 * Memory of bodies, shared by addresses, and by the namespaces of each of them: all tenants of a cluster come from the address of the API
 * server. A namespace that holds nothing may have one body of any size while others leave room for it; with more, it leaves as much as it takes.
 */
export class BodyShares {
  readonly #addresses: FairShare;
  readonly #ofAddress: number;
  readonly #held = new Map<string, Map<string, number>>();

  constructor(total: number) {
    this.#addresses = new FairShare(total);
    this.#ofAddress = total * ONE_ADDRESS;
  }

  /** Takes an amount. Returns the function that gives it back, once; undefined if there is no room for it now. */
  tryTake(address: string, namespace: string, amount: number): (() => void) | undefined {
    const held = this.#held.get(address) ?? new Map<string, number>();
    if (!this.#fits(held, namespace, amount)) return undefined;
    const giveBack = this.#addresses.tryTake(address, amount);
    if (giveBack === undefined) return undefined;
    this.#held.set(address, held);
    const change = (by: number) => {
      const left = (held.get(namespace) ?? 0) + by;
      if (left > 0) held.set(namespace, left);
      else held.delete(namespace);
      if (held.size === 0 && this.#held.get(address) === held) this.#held.delete(address);
    };
    change(amount);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      change(-amount);
      giveBack();
    };
  }

  #fits(held: ReadonlyMap<string, number>, namespace: string, amount: number): boolean {
    const own = held.get(namespace) ?? 0;
    const all = [...held.values()].reduce((sum, one) => sum + one, amount);
    const takers = held.size + (held.has(namespace) ? 0 : 1);
    const [kept, mine] = [this.#ofAddress * KEPT, own + amount];
    if (mine <= kept / KEPT_FOR) return all <= this.#ofAddress;
    const shared = this.#ofAddress - kept;
    if (all > shared) return false;
    // Another namespace may come at any time, so one more is assumed.
    return own === 0 || mine <= Math.max(shared / Math.max(takers, 2), shared - all);
  }
}
