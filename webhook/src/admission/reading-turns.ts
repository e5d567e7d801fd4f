import { isDeepStrictEqual } from 'node:util';
import { FairQueue } from '@sentinel/kube/fair-queue';
import { type AdmissionRequest, TooManyRequests } from './review.ts';
import { textSize } from './room.ts';

/** Texts up to this many characters take the thread for some milliseconds at most. */
const SHORT = 4 * 1024;
/**
 * How many of a namespace are at work or wait, and how many of all. They hold slots of the intake meanwhile, of which decisions on large
 * actions need one (intake.ts).
 */
const HELD = { own: 2, all: 7 };
/** After long texts, the thread is left to others for this many times as long as it took. */
export const PAUSE = 3;

/**
 * Reads long texts of specs, such as scripts and prompts, one request at a time: whoever may file an action, also in a dry-run, could
 * otherwise keep the thread busy, and nobody in the cluster could decide any more. Namespaces take turns.
 */
export class ReadingTurns {
  readonly #now: () => number;
  readonly #thread = new FairQueue(1);
  readonly #held = new Map<string, number>();
  #all = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Runs `work` at once where nothing long is new, else in its turn. Throws TooManyRequests when too many wait for theirs. */
  async run<T>(request: AdmissionRequest, work: () => Promise<T>): Promise<T> {
    if (!bringsLongText(request)) return await work();
    const endTurn = await this.#turn(request.namespace);
    const start = this.#now();
    try {
      return await work();
    } finally {
      setTimeout(endTurn, PAUSE * (this.#now() - start));
    }
  }

  async #turn(namespace: string): Promise<() => void> {
    const own = this.#held.get(namespace) ?? 0;
    if (own >= HELD.own || this.#all >= HELD.all)
      throw new TooManyRequests(
        `too many long texts of namespace '${namespace}' wait to be read, and others must find their turn: try again in some seconds`,
      );
    this.#count(namespace, 1);
    try {
      const end = await this.#thread.take(namespace);
      return () => {
        this.#count(namespace, -1);
        end();
      };
    } catch (error) {
      this.#count(namespace, -1);
      throw error;
    }
  }

  #count(namespace: string, by: number): void {
    this.#all += by;
    const own = (this.#held.get(namespace) ?? 0) + by;
    if (own > 0) this.#held.set(namespace, own);
    else this.#held.delete(namespace);
  }
}

// What only ends or stops something is never held up, and a decision changes no spec.
function bringsLongText({ operation, object, oldObject }: AdmissionRequest): boolean {
  if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
  const [spec, before] = [withoutSwitches(object?.spec), withoutSwitches(oldObject?.spec)];
  return textSize(spec, SHORT) > SHORT && !isDeepStrictEqual(spec, before);
}

function withoutSwitches(spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null) return spec;
  const { cancelled: _, suspended: __, ...rest } = spec as { cancelled?: unknown; suspended?: unknown };
  return rest;
}
