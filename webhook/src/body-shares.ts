import { FairShare } from '@sentinel/policy';

/** What one address may hold where it is alone: FairShare leaves as much to the next one. */
const ONE_ADDRESS = 7 / 16;
/** The part of it that is kept for namespaces that hold next to nothing, and how many of them it is enough for at the same time. */
const KEPT = 1 / 8;
const KEPT_FOR = 16;
/** How long a namespace that was refused counts as waiting: the API server sends the request again after a second. */
const WAITING_MS = 5_000;
/** How many are remembered as waiting. Anyone who reaches the port can name namespaces, and names of namespaces are no longer than this. */
const WAITING = { each: 16, all: 256, name: 63 };

/** A namespace that held nothing and was refused. */
interface Waiting {
  readonly address: string;
  readonly namespace: string;
  until: number;
}

/**
 * Memory of bodies, shared by addresses, and by the namespaces of each of them: all tenants of a cluster come from the address of the API
 * server. A namespace that holds nothing may have one body of any size while others leave room for it, and while none has waited for longer:
 * largest bodies, one after the other, would keep all others out. In all other cases it leaves as much as it takes.
 */
export class BodyShares {
  readonly #addresses: FairShare;
  readonly #ofAddress: number;
  readonly #held = new Map<string, Map<string, number>>();
  readonly #now: () => number;
  /** Those that wait for longest come first. */
  #waiting: Waiting[] = [];

  constructor(total: number, now: () => number = () => performance.now()) {
    this.#addresses = new FairShare(total);
    this.#now = now;
    this.#ofAddress = total * ONE_ADDRESS;
  }

  /** Takes an amount. Returns the function that gives it back, once; undefined if there is no room for it now. */
  tryTake(address: string, namespace: string, amount: number): (() => void) | undefined {
    const held = this.#held.get(address) ?? new Map<string, number>();
    this.#waiting = this.#waiting.filter(({ until }) => until > this.#now());
    const isNext = (this.#waiting.find((one) => one.address === address)?.namespace ?? namespace) === namespace;
    const giveBack = this.#fits(held, namespace, amount, isNext) ? this.#addresses.tryTake(address, amount) : undefined;
    if (giveBack === undefined) {
      if (!held.has(namespace)) this.#wait(address, namespace);
      return undefined;
    }
    this.#waiting = this.#waiting.filter((one) => one.address !== address || one.namespace !== namespace);
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

  #wait(address: string, namespace: string): void {
    const until = this.#now() + WAITING_MS;
    const own = this.#waiting.filter((one) => one.address === address);
    const known = own.find((one) => one.namespace === namespace);
    if (known) known.until = until;
    else if (own.length < WAITING.each && this.#waiting.length < WAITING.all && namespace.length <= WAITING.name)
      this.#waiting.push({ address, namespace, until });
  }

  #fits(held: ReadonlyMap<string, number>, namespace: string, amount: number, isNext: boolean): boolean {
    const own = held.get(namespace) ?? 0;
    const all = [...held.values()].reduce((sum, one) => sum + one, amount);
    const takers = held.size + (held.has(namespace) ? 0 : 1);
    const [kept, mine] = [this.#ofAddress * KEPT, own + amount];
    if (mine <= kept / KEPT_FOR) return all <= this.#ofAddress;
    const shared = this.#ofAddress - kept;
    if (all > shared) return false;
    // Another namespace may come at any time, so one more is assumed.
    return (own === 0 && isNext) || mine <= Math.max(shared / Math.max(takers, 2), shared - all);
  }
}
