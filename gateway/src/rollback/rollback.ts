import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentActionStatus } from '@sentinel/crds';
import { pathOfTarget } from '../enforce/find-landed.ts';
import { changeOf, type Entry, noteRollback } from '../ledger/entry.ts';
import { type Ledger, Overtaken } from '../ledger/store.ts';
import { forbidden, Refused } from '../request/refused.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { refusedWith } from './refused-with.ts';
import { removeCreated } from './remove-created.ts';
import { restoreFields } from './restore-fields.ts';
import { ask, Unavailable } from './unavailable.ts';

/** What became of one effect in a rollback. */
export type Outcome = NonNullable<AgentActionStatus['rollback']>[number];
/** The same, before it is known for which effect. */
export type Restored = Omit<Outcome, 'effect'>;

/** What the steps of a rollback work with. */
export interface RollbackContext {
  readonly upstream: Upstream;
  readonly ledger: Ledger;
  /** Why nothing may be written now, asked before each write; undefined when it may. */
  readonly refusal?: () => string | undefined;
  /** Waits; tests do not. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** The object as it is now. */
export interface Live {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
}

/** The API server refused a write. If the object has the same version still, no precondition failed, and it means the write itself. */
export interface Refusal {
  readonly version: string;
  readonly answer: { readonly status: number; readonly body: Buffer };
}

/**
 * A precondition that failed means: read again and judge again. Controllers may write for a while, and in the rhythm of the tries:
 * pauses grow and are random, about 5 s in all.
 */
const TRIES = 30;
const PAUSE_MS = { first: 10, most: 500, factor: 1.6 };
/** From this try on, only what the rollback depends on is a precondition, no longer the version of the whole object. */
const BUSY_FROM = 5;

/**
 * Rolls a run back, newest effect first, from the pre-images. Each field is restored only when it still is what the run made of it, on
 * the same object: what others changed since is reported, not overwritten. Safe to call again: what was restored stays restored in the
 * answer.
 */
export async function rollBack(context: RollbackContext, run: Run): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const entries = await context.ledger.entries(run.jobUid);
  for (const entry of entries.reverse())
    if (entry.state !== 'Intended' && entry.state !== 'Refused')
      outcomes.push({ effect: entry.target.index, ...(await restore(context, run, entry)) });
  return outcomes;
}

async function restore(context: RollbackContext, run: Run, first: Entry): Promise<Restored> {
  if (first.rollback === 'Restored') return { outcome: 'Restored' };
  if (first.target.verb === 'delete')
    return { outcome: 'Skipped', message: 'a deleted object cannot be restored; the plan said so' };
  let tried: Tried = { entry: first };
  let lost: Unavailable | undefined;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const found = await restoreOnce(context, run, tried, attempt >= BUSY_FROM).catch(unavailable);
    lost = found instanceof Unavailable ? found : undefined;
    // The entry may have moved before the request that was lost, and another pass may be at it.
    tried = found instanceof Error ? { entry: (await context.ledger.entry(run.jobUid, first.target.index)) ?? first } : found;
    const { entry, restored } = tried;
    // Noted by another pass.
    if (entry.rollback === 'Restored') return { outcome: 'Restored' };
    if (restored?.outcome === 'Restored' && (await noteRestored(context, entry))) return restored;
    const now = restored && (await context.ledger.entry(run.jobUid, first.target.index));
    if (restored && restored.outcome !== 'Restored' && now?.version === entry.version) return restored;
    // Another pass was at it meanwhile: what was seen of the object may be its work.
    if (now) tried = { entry: now };
    const { first: shortest, most, factor } = PAUSE_MS;
    await (context.pause ?? sleep)(Math.random() * Math.min(most, shortest * factor ** attempt));
  }
  // That is no outcome: the operator asks again, and what was restored by then stays restored.
  if (lost) throw new Refused(503, 'ServiceUnavailable', `the API server is temporarily unavailable: ${lost.message}`);
  return { outcome: 'Failed', message: 'the object keeps changing; the change of the run was not rolled back' };
}

// False when another pass moved the entry in between.
async function noteRestored({ ledger }: RollbackContext, entry: Entry): Promise<boolean> {
  try {
    await ledger.store(noteRollback(entry, 'Restored'));
    return true;
  } catch (error) {
    if (error instanceof Overtaken) return false;
    throw error;
  }
}

/** How far an effect has got: its entry as it is stored now, and the outcome or why there is none yet. */
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
    return { entry, restored: { outcome: 'Failed', message: `the object cannot be read (HTTP ${read.status})` } };
  const live = JSON.parse(read.body.toString('utf8')) as Live;
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
  if (refusal !== undefined) throw forbidden(`nothing is rolled back: ${refusal}`);
  // That a rollback has begun is stored first: after a crash, an object that is as it was before the run was restored by it.
  const noteStart = async () => {
    if (entry.rollback !== 'Restoring') entry = await ledger.store(noteRollback(entry, 'Restoring'));
  };
  const found = made
    ? await removeCreated(upstream, run, entry, path, live, noteStart)
    : await restoreFields(upstream, run, {
        ...{ path, live, isBusy, noteStart },
        changes: changeOf(entry),
        request: sending.request,
      });
  if ('answer' in found) return { entry, refusal: found };
  if (found.outcome === 'Unchanged' && entry.rollback === 'Restoring') return { entry, restored: { outcome: 'Restored' } };
  return { entry, restored: found };
}

function gone(entry: Entry, made: boolean): Restored {
  if (entry.rollback === 'Restoring' && made) return { outcome: 'Restored' };
  if (made && entry.stored !== undefined) return { outcome: 'Unchanged', message: 'the object that was created is gone already' };
  if (made) return { outcome: 'Failed', message: 'the outcome of the write is unknown, and it may still be applied' };
  return { outcome: 'Failed', message: 'the object is gone' };
}
