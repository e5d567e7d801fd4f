import { annotations } from '@sentinel/crds';
import { TokenBuckets } from '@sentinel/kube/token-buckets';
import { type AdmissionRequest, type AdmittedObject, TooManyRequests } from './review.ts';

/** Burst and rate per second of edits of one object; two replicas allow twice as many. */
const EDITS = { burst: 64, perSecond: 0.25, max: 16_384 };
/** The same while a plan waits for approval, when a few edits are normal. */
const EDITS_WHILE_WAITING = { ...EDITS, burst: 24 };

/**
 * How long edits of an object are refused after a decision was evaluated, in milliseconds. The API server tries a patch up to five times
 * (maxRetryWhenPatchConflicts), and kubectl some more times; the decision is evaluated again each time.
 */
const HOLD_MS = 10_000;
const HOLDS_MAX = 16_384;
/** How many versions of an object are remembered for which an edit was allowed. */
const VERSIONS = 4;

/** A decision that is being evaluated, or was a moment ago. */
interface Hold {
  /** How many are being evaluated now. */
  judging: number;
  until: number;
  /** The decisions before it. */
  readonly decided: string;
}

type Edit = Pick<AdmissionRequest, 'oldObject' | 'dryRun'>;

/**
 * Limits how often one object is edited, and refuses edits while somebody decides on it. The API server stores a change only if the object did
 * not change while it was checked; checking a decision takes longest, so somebody who writes in a loop could prevent every decision.
 * `address` is the source of a request: other clients than the API server must not use up the limits of its callers, nor block their edits.
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

  /** Throws TooManyRequests for an edit above the rate, and for an edit while somebody decides. */
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

  // At most one edit of a version is stored, so further reviews for the same version cost no token: the API server repeats a review if its
  // cache was outdated, and would otherwise never succeed when the tokens are used up.
  #remember(key: string, version: string): void {
    const known = this.#versions.get(key) ?? [];
    this.#versions.delete(key);
    const oldest = this.#versions.size >= EDITS.max ? this.#versions.keys().next().value : undefined;
    if (oldest !== undefined) this.#versions.delete(oldest);
    this.#versions.set(key, [...known, version].slice(-VERSIONS));
  }

  /**
   * Evaluates a decision while edits of its object are refused. After that they are refused for some more seconds, until the decision is stored;
   * if the decision is refused, edits are allowed again at once.
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
    // A decision that was stored in the meantime is complete.
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
  JSON.stringify([annotations.approvals, annotations.trust, annotations.standing].map((key) => metadata.annotations?.[key]));

function isWaiting({ status }: AdmittedObject): boolean {
  const { conditions } = (status ?? {}) as { conditions?: unknown };
  return Array.isArray(conditions) && conditions.some((one) => one?.type === 'Succeeded' && one?.reason === 'AwaitingApproval');
}
