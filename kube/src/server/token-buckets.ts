export interface TokenBucketOptions {
  /** Tokens of a full bucket. */
  readonly burst: number;
  /** Tokens that come back each second. */
  readonly perSecond: number;
  /** Buckets that are kept. Those that were not asked for longest make room, which are full again where this is enough. */
  readonly max: number;
}

/** A token bucket for each key, such as an address: bounds how often something is tried, bursts apart. */
export class TokenBuckets {
  readonly #options: TokenBucketOptions;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(options: TokenBucketOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /** Takes a token; answers with whether there was one. */
  take(key: string): boolean {
    const bucket = this.#bucketOf(key);
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }

  /** Gives a token back. */
  giveBack(key: string): void {
    const bucket = this.#bucketOf(key);
    bucket.left = Math.min(this.#options.burst, bucket.left + 1);
  }

  #bucketOf(key: string): { left: number; at: number } {
    const { burst, perSecond, max } = this.#options;
    const now = this.#now();
    const known = this.#buckets.get(key);
    const left = known ? Math.min(burst, known.left + ((now - known.at) / 1000) * perSecond) : burst;
    const bucket = { left, at: now };
    this.#buckets.delete(key);
    const oldest = this.#buckets.size >= max ? this.#buckets.keys().next().value : undefined;
    if (oldest !== undefined) this.#buckets.delete(oldest);
    this.#buckets.set(key, bucket);
    return bucket;
  }
}
