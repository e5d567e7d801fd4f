import { annotations } from '@sentinel/crds';
import { TokenBuckets } from '@sentinel/kube/token-buckets';
import { type AdmissionRequest, type AdmittedObject, TooManyRequests } from './review.ts';

/** Edits of one object at once, and how many more each second: two replicas let through twice as many. */
const EDITS = { burst: 64, perSecond: 0.25, max: 16_384 };
/** The same while a plan waits for people: whoever edits it then has reason to do so a few times. */
const EDITS_WHILE_WAITING = { ...EDITS, burst: 24 };

/**
 * How long after a decision was judged nobody else edits its object, in milliseconds. The API server tries a change up to five times
 * (maxRetryWhenPatchConflicts), and kubectl a further few; each time a decision is judged anew.
 */
const HOLD_MS = 10_000;
const HOLDS_MAX = 16_384;
/** How many versions of an object are remembered that an edit was let through for. */
const VERSIONS = 4;

/** A decision that is judged, or was a moment ago. */
interface Hold {
  /** How many of them are judged now. */
  judging: number;
  until: number;
  /** What had been decided before. */
  readonly decided: string;
}

type Edit = Pick<AdmissionRequest, 'oldObject' | 'dryRun'>;

/**
 * Bounds how often one object is edited, and keeps edits away while somebody decides on it. The API server stores a change only where
 * nobody else has changed the object while it was checked; checking a decision takes longest, so somebody who writes in a loop would
 * keep every decision out. `address` is where a request came from: who is not the API server must not use up what its callers have,
 * nor keep their edits away.
 */
export class EditRate {
  readonly #edits: TokenBuckets;
  readonly #whileWaiting: TokenBuckets;
  readonly #holds = new Map<string, Hold>();
  readonly #versions = new Map<string, readonly string[]>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#edits = new TokenBuckets(EDITS, now);
    this.#whileWaiting = new TokenBuckets(EDITS_WHILE_WAITING, now);
    this.#now = now;
  }

  /** Throws TooManyRequests for an edit beyond the rate, and for one while somebody decides. */
  require({ oldObject, dryRun }: Edit, address: string): void {
    if (!oldObject || dryRun) return;
    const key = keyOf(oldObject, address);
    if (this.#isHeld(key, oldObject))
      throw new TooManyRequests(
        'DecisionInProgress',
        'somebody decides on this object right now, and an edit would keep the decision from being stored: try again in some seconds',
      );
    const version = oldObject.metadata.resourceVersion;
    if (version !== undefined && this.#versions.get(key)?.includes(version)) return;
    if (!this.#take(key, isWaiting(oldObject)))
      throw new TooManyRequests(
        'EditLimitExceeded',
        'this object is edited too often, and decisions of others must find their turn: try again in some seconds',
      );
    if (version !== undefined) this.#remember(key, version);
  }

  #take(key: string, waits: boolean): boolean {
    if (!this.#edits.take(key)) return false;
    if (!waits || this.#whileWaiting.take(key)) return true;
    this.#edits.giveBack(key);
    return false;
  }

  // One edit of a version is stored at most, so whatever is asked about it again costs nothing: the API server asks once more where what
  // it had in its cache was old, and would otherwise never get through at the end of its tokens.
  #remember(key: string, version: string): void {
    const known = this.#versions.get(key) ?? [];
    this.#versions.delete(key);
    const oldest = this.#versions.size >= EDITS.max ? this.#versions.keys().next().value : undefined;
    if (oldest !== undefined) this.#versions.delete(oldest);
    this.#versions.set(key, [...known, version].slice(-VERSIONS));
  }

  /**
   * Judges a decision while nobody else edits its object. Afterwards nobody does for some seconds, until the decision is seen to be stored;
   * where it is refused, edits go on at once.
   */
  async hold<T>({ oldObject, dryRun }: Edit, address: string, judge: () => Promise<T>): Promise<T> {
    if (!oldObject || dryRun) return await judge();
    const key = keyOf(oldObject, address);
    const hold = this.#begin(key, decidedIn(oldObject));
    try {
      const judged = await judge();
      hold.until = this.#now() + HOLD_MS;
      return judged;
    } finally {
      hold.judging -= 1;
      if (!isOn(hold, this.#now()) && this.#holds.get(key) === hold) this.#holds.delete(key);
    }
  }

  #begin(key: string, decided: string): Hold {
    const known = this.#holds.get(key);
    // One that was stored meanwhile is over: what is decided now counts.
    const hold = known?.decided === decided ? known : { judging: known?.judging ?? 0, until: 0, decided };
    hold.judging += 1;
    this.#holds.delete(key);
    const oldest = this.#holds.size >= HOLDS_MAX ? this.#holds.keys().next().value : undefined;
    if (oldest !== undefined) this.#holds.delete(oldest);
    this.#holds.set(key, hold);
    return hold;
  }

  #isHeld(key: string, object: AdmittedObject): boolean {
    const hold = this.#holds.get(key);
    if (!hold) return false;
    const isStored = hold.judging === 0 && decidedIn(object) !== hold.decided;
    if (!isStored && isOn(hold, this.#now())) return true;
    this.#holds.delete(key);
    return false;
  }
}

const isOn = ({ judging, until }: Hold, now: number) => judging > 0 || now < until;

const keyOf = ({ metadata }: AdmittedObject, address: string) => `${address} ${metadata.uid ?? ''}`;

const decidedIn = ({ metadata }: AdmittedObject): string =>
  JSON.stringify([metadata.annotations?.[annotations.approvals], metadata.annotations?.[annotations.trust]]);

function isWaiting({ status }: AdmittedObject): boolean {
  const { conditions } = (status ?? {}) as { conditions?: unknown };
  return Array.isArray(conditions) && conditions.some((one) => one?.type === 'Succeeded' && one?.reason === 'AwaitingApproval');
}
