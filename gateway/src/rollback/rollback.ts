import { setTimeout as sleep } from 'node:timers/promises';
import { effectNumber } from '@sentinel/crds';
import type { Dependants } from '../dependants/dependants.ts';
import { asStored } from '../effect/persisted.ts';
import { changeOf, type Entry, lastOrder, noteRollback } from '../ledger/entry.ts';
import { type Ledger, Overtaken } from '../ledger/store.ts';
import { comparable } from '../object/normalize.ts';
import { describeInexact, findInexactNumber } from '../request/exact-json.ts';
import { readObject } from '../request/read-answer.ts';
import { forbidden, Refused } from '../request/refused.ts';
import type { Run } from '../run/run.ts';
import { pathOfTarget } from '../settle/find-landed.ts';
import type { Upstream } from '../upstream.ts';
import type { Live, Outcome, Refusal, Restored } from './outcome.ts';
import { refusedWith } from './refused-with.ts';
import { removeCreated } from './remove-created.ts';
import { restoreFields } from './restore-fields.ts';
import { ask, Unavailable } from './unavailable.ts';

/** The dependencies of a rollback. */
export interface RollbackContext {
  readonly upstream: Upstream;
  readonly ledger: Ledger;
  /** Finds what others attached to an object that the run created. */
  readonly dependants: Pick<Dependants, 'below'>;
  /** Why no write is allowed now, checked before each write; undefined if writes are allowed. */
  readonly refusal?: () => string | undefined;
  /** Effects that have an outcome from an earlier pass. */
  readonly settled?: ReadonlySet<number>;
  /** Milliseconds, from a monotonic clock. */
  readonly clock?: () => number;
  /** When this pass ends, by that clock. */
  readonly deadline?: number;
  /** Waits; tests do not. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** An effect that has no outcome yet, and why. */
export interface Retry {
  readonly effect: number;
  readonly reason: string;
}

/** The result of one rollback pass. */
export interface RollbackPass {
  readonly outcomes: Outcome[];
  /** The effects that must be tried again. */
  readonly retries: Retry[];
}

/**
 * After a failed precondition the object is read and evaluated again. Controllers may write for some time, at the same pace as the retries, so
 * pauses grow and are random, about 5 s in total.
 */
const TRIES = 30;
const PAUSE_MS = { first: 10, most: 500, factor: 1.6 };
/** From this attempt on, only the fields that the rollback depends on are a precondition, no longer the version of the whole object. */
const BUSY_FROM = 5;

/** A pass returns before the time-out of the operator; the rest of the time is for the request in progress. */
const PASS_MS = 30_000;
/** After this many consecutive failures of the API server an effect has no outcome: a later pass retries it, and other effects come first. */
const UNAVAILABLE_TRIES = 5;
const REASON_MAX = 480;

/** Which effects earlier passes tried without an outcome, by Job. Others come before them. It is only an order, and may be lost. */
const triedBefore = new WeakMap<Ledger, Map<string, Set<number>>>();

/**
 * Rolls a run back, newest effect first, from the pre-images. Each field is restored only if it still has the value of the run, on the same
 * object: changes by others are reported, not overwritten. An effect that cannot be rolled back now does not stop the others, because one of
 * them may be the reason, such as a webhook that the run broke. Safe to call again: restored effects are reported as restored.
 */
export async function rollBack(context: RollbackContext, run: Run): Promise<RollbackPass> {
  const clock = context.clock ?? (() => performance.now());
  const bounded = { ...context, clock, deadline: clock() + PASS_MS };
  const all = (await context.ledger.entries(run.jobUid, ['Sent', 'Unknown', 'Done', 'Accepted'])).reverse();
  const entries = all.filter(({ target }) => !context.settled?.has(target.index));
  const byJob = triedBefore.get(context.ledger) ?? new Map<string, Set<number>>();
  triedBefore.set(context.ledger, byJob);
  let tried = byJob.get(run.jobUid) ?? new Set<number>();
  if (entries.every(({ target }) => tried.has(target.index))) tried = new Set();
  const isLater = (entry: Entry) => entries.some((one) => tried.has(one.target.index) && (one === entry || isNewer(one, entry)));
  const turns = [...entries.filter((one) => !isLater(one)), ...entries.filter(isLater)];
  const outcomes: Outcome[] = [];
  const retries: Retry[] = [];
  const open = new Set(entries);
  for (const entry of turns) {
    const effect = entry.target.index;
    // Until a newer change of the same object is rolled back, this one would look as if others had overwritten it.
    const newer = [...open].find((one) => isNewer(one, entry));
    if (newer) {
      retries.push({ effect, reason: `effect ${effectNumber(newer.target.index)} of the same object must be rolled back first` });
      continue;
    }
    if (clock() >= bounded.deadline) {
      retries.push({ effect, reason: 'the time of the pass was over before its turn' });
      continue;
    }
    try {
      outcomes.push({ effect, ...(await restoreEffect(bounded, run, entry)) });
      open.delete(entry);
    } catch (error) {
      // The kill switch stops all of them.
      if (error instanceof Refused && error.status === 403) throw error;
      retries.push({ effect, reason: (error instanceof Error ? error.message : String(error)).slice(0, REASON_MAX) });
      tried.add(effect);
    }
  }
  if (retries.length === 0) byJob.delete(run.jobUid);
  else byJob.set(run.jobUid, tried);
  const newestFirst = (a: { effect: number }, b: { effect: number }) => b.effect - a.effect;
  return { outcomes: outcomes.sort(newestFirst), retries: retries.sort(newestFirst) };
}

/** Whether a change is a later one of the same object. */
const isNewer = (one: Entry, other: Entry) => one.target.index > other.target.index && isOfSameObject(one, other);

// A subresource such as the scale is a view of its object, and has its uid. The name counts where a uid is not known.
function isOfSameObject(one: Entry, other: Entry): boolean {
  const [uid, otherUid] = [uidOf(one), uidOf(other)];
  return uid !== undefined && otherUid !== undefined ? uid === otherUid : nameOf(one) === nameOf(other);
}

const uidOf = ({ target, stored }: Entry) => target.uid ?? stored?.uid;
const nameOf = ({ target: { apiGroup, resource, namespace, name } }: Entry) =>
  JSON.stringify([apiGroup, resource.split('/')[0], namespace, name]);

/** Rolls one effect back from its pre-image, as `rollBack` does for all. */
export async function restoreEffect(context: RollbackContext, run: Run, first: Entry): Promise<Restored> {
  const known = knownOutcome(first);
  if (known) return known;
  let tried: Tried = { entry: first };
  let lost: Unavailable | undefined;
  let losses = 0;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const found = await restoreOnce(context, run, tried, attempt >= BUSY_FROM).catch(unavailable);
    lost = found instanceof Unavailable ? found : undefined;
    losses = lost ? losses + 1 : 0;
    // The entry may have changed before the lost request, and another pass may be processing it.
    tried = found instanceof Error ? { entry: (await context.ledger.entry(run.jobUid, first.target.index)) ?? first } : found;
    const { entry, restored } = tried;
    // Noted by another pass.
    if (isRolledBack(entry)) return { outcome: entry.rollback };
    const { outcome } = restored ?? {};
    const isDone = outcome === 'Restored' || outcome === 'Unchanged';
    if (restored && isDone && (await noteDone(context, entry, outcome))) return restored;
    const now = restored && (await context.ledger.entry(run.jobUid, first.target.index));
    if (restored && !isDone && now?.version === entry.version) return restored;
    // Another pass processed it in the meantime: the observed object may be its result.
    if (now) tried = { entry: now };
    if (losses >= UNAVAILABLE_TRIES) break;
    if (context.clock && context.deadline !== undefined && context.clock() >= context.deadline) {
      if (lost) break;
      throw new Refused(503, 'ObjectChanging', 'the time of the pass was over before the object stopped changing');
    }
    const { first: shortest, most, factor } = PAUSE_MS;
    await (context.pause ?? sleep)(Math.random() * Math.min(most, shortest * factor ** attempt));
  }
  // That is not an outcome: the operator asks again, and what was restored by then stays restored.
  if (lost) throw new Refused(503, 'ApiServerUnavailable', `the API server is temporarily unavailable: ${lost.message}`);
  return { outcome: 'Failed', message: 'the object keeps changing; the change of the run was not rolled back' };
}

type Told = Pick<Entry, 'target' | 'state' | 'orders' | 'rollback'>;

/** The outcome of the rollback of an effect by the ledger alone, without a read of the object; undefined if the ledger has none. */
export function knownOutcome(entry: Told): Restored | undefined {
  if (isRolledBack(entry)) return { outcome: entry.rollback };
  if (entry.state === 'Accepted')
    return {
      outcome: 'Skipped',
      message: `${lastOrder(entry)?.user ?? 'a person'} accepted it as it is stored; it is left as it is`,
    };
  if (entry.target.verb === 'delete')
    return { outcome: 'Skipped', message: 'a rollback recreates neither a deleted object nor its dependants; the plan said so' };
  return undefined;
}

type RolledBack<T = Entry> = T & { readonly rollback: 'Restored' | 'Unchanged' };
const isRolledBack = <T extends Pick<Entry, 'rollback'>>(entry: T): entry is RolledBack<T> =>
  entry.rollback === 'Restored' || entry.rollback === 'Unchanged';

// False when another pass moved the entry in between.
async function noteDone({ ledger }: RollbackContext, entry: Entry, outcome: RolledBack['rollback']): Promise<boolean> {
  try {
    await ledger.store(noteRollback(entry, outcome));
    return true;
  } catch (error) {
    if (error instanceof Overtaken) return false;
    throw error;
  }
}

/** The progress of an effect: its current entry, and the outcome or why there is none yet. */
interface Tried {
  readonly entry: Entry;
  readonly restored?: Restored | undefined;
  readonly refusal?: Refusal | undefined;
}

const unavailable = (error: unknown): Unavailable | Overtaken => {
  if (error instanceof Unavailable || error instanceof Overtaken) return error;
  throw error;
};

async function restoreOnce(context: RollbackContext, run: Run, last: Tried, isBusy: boolean): Promise<Tried> {
  const { upstream, ledger } = context;
  let { entry } = last;
  const { target, stored, sending } = entry;
  if (!sending) return { entry, restored: { outcome: 'Failed', message: 'the ledger does not hold what was sent' } };
  const path = pathOfTarget(target);
  const read = await ask(upstream, run, { method: 'GET', path, headers: { accept: 'application/json' } });
  // An apply that found no object created one.
  const made = target.verb === 'create' || target.uid === undefined;
  if (read.status === 404) return { entry, restored: gone(entry, made) };
  if (read.status !== 200)
    return { entry, restored: { outcome: 'Failed', message: `the object could not be fetched (HTTP ${read.status})` } };
  const text = read.body.toString('utf8');
  const live = readObject(read.body) as unknown as Live;
  const inexact = findInexactNumber(text);
  if (inexact)
    return {
      entry,
      restored: { outcome: 'Skipped', message: `it holds ${describeInexact(inexact)} now, which cannot be compared exactly` },
    };
  if (last.refusal?.version === live.metadata.resourceVersion) return { entry, restored: refusedWith(last.refusal.answer) };
  const mayStillLand = stored === undefined && sending.preconditions.resourceVersion === live.metadata.resourceVersion;
  if (mayStillLand)
    return {
      entry,
      restored: { outcome: 'Failed', message: 'the outcome of the write is unknown, and it may still be applied' },
    };
  if (!made && live.metadata.uid !== target.uid)
    return { entry, restored: { outcome: 'Skipped', message: 'another object has this name now' } };
  const refusal = context.refusal?.();
  if (refusal !== undefined) throw forbidden('RollbackNotAllowed', `nothing is rolled back: ${refusal}`);
  // The start of the rollback is stored first: after a crash, an object that equals its pre-image counts as restored by it.
  const noteStart = async () => {
    if (entry.rollback !== 'Restoring') entry = await ledger.store(noteRollback(entry, 'Restoring'));
  };
  const found = made
    ? await removeCreated(context, run, { entry, path, live, noteStart })
    : await restoreFields(upstream, run, {
        ...{ path, live, isBusy, noteStart },
        changes: changeInFact(entry, live),
        preImage: sending.promised.live,
        request: sending.request,
      });
  if ('answer' in found) return { entry, refusal: found };
  if (found.outcome === 'Unchanged' && entry.rollback === 'Restoring') return { entry, restored: { outcome: 'Restored' } };
  return { entry, restored: found };
}

// What was stored, or where no answer says it, what was sent as the object shows it.
const changeInFact = (entry: Entry, live: Live) =>
  entry.stored || !entry.sending ? changeOf(entry) : asStored(entry.sending, comparable(live, entry.sending.request));

function gone(entry: Entry, made: boolean): Restored {
  if (entry.rollback === 'Restoring' && made) return { outcome: 'Restored' };
  if (made && entry.stored !== undefined) return { outcome: 'Unchanged', message: 'the object that was created is gone already' };
  if (made) return { outcome: 'Failed', message: 'the outcome of the write is unknown, and it may still be applied' };
  return { outcome: 'Failed', message: 'the object is gone' };
}
