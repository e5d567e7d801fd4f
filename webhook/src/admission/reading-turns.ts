import { isDeepStrictEqual } from 'node:util';
import { FairQueue } from '@sentinel/kube/fair-queue';
import { type AdmissionRequest, TooManyRequests } from './review.ts';
import { textSize } from './room.ts';

/** Texts up to this many characters take the thread for some milliseconds at most. */
const SHORT = 4 * 1024;
/**
 * How many of a namespace are at work or wait, and how many of all, for each address that asks. They hold slots of the intake meanwhile, of which decisions on large
 * actions need one (intake.ts).
 */
const HELD = { own: 2, all: 7 };
/** After long texts, the thread is left to others for this many times as long as it took. */
export const PAUSE = 3;

/**
 * Reads long texts of specs, such as scripts and prompts, one request at a time: anyone who may create an action, also in a dry-run, could
 * otherwise keep the thread busy, and nobody in the cluster could decide any more. Next is the namespace that had least, and so it is with
 * addresses: who is not the API server must not use up the turns of its callers.
 */
export class ReadingTurns {
  readonly #now: () => number;
  readonly #thread: FairQueue;
  readonly #held = new Map<string, number>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#thread = new FairQueue(1, { now });
  }

  /**
   * Runs `work` at once if the request brings no new long text, otherwise in its turn. Throws TooManyRequests when too many wait for theirs,
   * and when the turn has not come within `waitMs`: if the API server goes on without an answer, it must have one in time.
   */
  async run<T>(
    request: AdmissionRequest,
    address: string,
    work: () => Promise<T>,
    waitMs = Number.POSITIVE_INFINITY,
  ): Promise<T> {
    if (!bringsLongText(request)) return await work();
    const endTurn = await inTime(this.#turn(request.namespace, address), waitMs, request.namespace);
    const start = this.#now();
    try {
      return await work();
    } finally {
      setTimeout(endTurn, PAUSE * (this.#now() - start));
    }
  }

  async #turn(namespace: string, address: string): Promise<() => void> {
    const own = `${address} ${namespace}`;
    if (this.#heldBy(own) >= HELD.own) throw tooMany(namespace);
    // A namespace that had fewer turns takes the place of one that had more, so that many busy ones do not keep it out.
    if (this.#heldBy(address) >= HELD.all && !this.#thread.displace(address, namespace, tooMany)) throw tooMany(namespace);
    const count = (by: number) => {
      for (const key of [own, address]) this.#count(key, by);
    };
    count(1);
    try {
      const end = await this.#thread.take(address, namespace);
      return () => {
        count(-1);
        end();
      };
    } catch (error) {
      count(-1);
      throw error;
    }
  }

  #heldBy(key: string): number {
    return this.#held.get(key) ?? 0;
  }

  #count(key: string, by: number): void {
    const held = this.#heldBy(key) + by;
    if (held > 0) this.#held.set(key, held);
    else this.#held.delete(key);
  }
}

const tooMany = (namespace: string) =>
  new TooManyRequests(
    'TextLimitExceeded',
    `too many long texts of namespace '${namespace}' wait to be read, and others must find their turn: try again in some seconds`,
  );

// Who is refused keeps the place until the turn comes, which then ends at once.
async function inTime(turn: Promise<() => void>, waitMs: number, namespace: string): Promise<() => void> {
  if (waitMs === Number.POSITIVE_INFINITY) return await turn;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, waitMs, undefined);
  });
  const first = await Promise.race([turn, late]).finally(() => clearTimeout(timer));
  if (first) return first;
  turn.then(
    (end) => end(),
    () => undefined,
  );
  throw tooMany(namespace);
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
