import { randomUUID } from 'node:crypto';
import type { Effect } from '@sentinel/crds';
import type { ResolutionOrder } from '@sentinel/policy';
import { describeEffect } from '../effect/describe.ts';
import { isAnswer, observe } from '../effect/observe.ts';
import type { EnforceContext } from '../enforce/context.ts';
import { judgeWrite } from '../enforce/judge-write.ts';
import {
  accept,
  done,
  type Entry,
  isAnswered,
  lose,
  noteOrder,
  type Order,
  openOrder,
  redo,
  refuse,
  refuseOrder,
  takeOver,
} from '../ledger/entry.ts';
import { Overtaken } from '../ledger/store.ts';
import { Refused } from '../request/refused.ts';
import { restoreEffect } from '../rollback/rollback.ts';
import type { Enforcement, Run } from '../run/run.ts';
import { findLanded } from './find-landed.ts';
import { reasonOf, sendBesideEarlier, settleEntry } from './settle.ts';

/** The dependencies for carrying out a resolution. */
export interface ResolveContext
  extends Pick<EnforceContext, 'upstream' | 'ledger' | 'replica' | 'permission' | 'timing' | 'handling' | 'dependants'> {
  /** Why an effect may not be sent again, from live reads; undefined if it may. */
  readonly refusalOfRedo: (effect: Effect) => Promise<string | undefined>;
  /** Why no write is allowed, not even to restore something; undefined if writes are allowed. */
  readonly suspension: () => string | undefined;
}

type Enforced = Run & { readonly enforcement: Enforcement };

const REASON_MAX = 480;
/** How old the permission of a redo may be when it is sent, as for every other write. */
const GOOD_MS = 500;
const ASKS = 5;

/**
 * Carries out the decision of a person on an effect whose outcome is unknown, as transitions of its ledger entry. Each order counts once; a call
 * after a crash, or on another replica, continues from the state of the entry. Does nothing if the outcome is known by then.
 *
 * @throws Refused with 503 when another process moved the entry meanwhile: ask again.
 */
export async function resolveEffect(context: ResolveContext, run: Enforced, order: ResolutionOrder): Promise<void> {
  await orAskAgain(async () => {
    const entry = await context.ledger.entry(run.jobUid, order.effect);
    if (entry?.state !== 'Unknown' || isAnswered(entry, order.id)) return;
    const { id, resolution, user, time } = order;
    const noted: Order = { id, resolution, user, time };
    switch (resolution) {
      case 'accept':
        await context.ledger.store(accept(entry, noted));
        return;
      case 'redo':
        return await redoEffect(context, run, entry, noted);
      case 'roll-back':
        return await rollBackEffect(context, run, await context.ledger.store(noteOrder(entry, noted)));
    }
  });
}

/** Finishes what an earlier call left half-way: a redo that was sent, a rollback that was ordered. */
export async function resumeOrder(context: ResolveContext, run: Run, entry: Entry): Promise<void> {
  await orAskAgain(async () => {
    if (entry.state === 'Sent') await settleEntry(context, run, entry);
    const now = await context.ledger.entry(run.jobUid, entry.target.index);
    if (!now || openOrder(now) === undefined) return;
    if (now.state === 'Unknown') await rollBackEffect(context, run, now);
    else await restore(context, run, now);
  });
}

async function orAskAgain(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error;
    throw new Refused(503, 'EffectInProgress', 'another process resolves this effect; ask again');
  }
}

const newOwner = ({ replica }: ResolveContext) => ({ process: replica.process, nonce: randomUUID() });

async function redoEffect(context: ResolveContext, run: Enforced, entry: Entry, order: Order): Promise<void> {
  const { ledger, upstream } = context;
  const refuseWith = async (why: string) => {
    await ledger.store(noteOrder(entry, { ...order, refused: why.slice(0, REASON_MAX) }));
  };
  const { sending } = entry;
  if (!sending) return await refuseWith('the ledger does not hold what was sent');
  const found = await findLanded(upstream, run, entry);
  const owner = newOwner(context);
  if (found.kind === 'landed') {
    const mine = await ledger.store(takeOver(noteOrder(entry, order), owner));
    await ledger.store(done(mine, owner, found.stored));
    return;
  }
  if (found.kind === 'unclear') return await refuseWith(found.why);
  const { request } = sending;
  const observed = await observe(upstream, run, 'enforce', request).catch(refusedIn);
  if (observed instanceof Refused) return await refuseWith(observed.message);
  if (isAnswer(observed)) return await refuseWith(`the API server refuses it now: ${reasonOf(observed)}`);
  // Only this effect was ordered; no other effect may be matched.
  const others = run.enforcement.plan.spec.effects.map(({ index }) => index).filter((index) => index !== entry.target.index);
  const open = { plan: run.enforcement.plan, consumed: new Set(others) };
  const judged = await judgeWrite(open, request, observed, context.handling);
  if (judged.kind !== 'approved') return await refuseWith(`it is not the approved change any more: ${judged.why}`);
  const { uid, resourceVersion, changes: change, live, result } = observed;
  const again = { request, preconditions: { uid, resourceVersion }, change, promised: { live, result } };
  const sent = await ledger.store(redo(entry, owner, again, order));
  const seen = { ...describeEffect(request, observed), index: entry.target.index };
  const refusal = await freshRefusal(() => context.refusalOfRedo(seen));
  if (refusal === undefined) {
    await sendBesideEarlier(context, run, sent, owner);
    return;
  }
  // Nothing was sent, so the reason for the unknown outcome stays the same.
  const why = `it may not be sent again: ${refusal}`.slice(0, REASON_MAX);
  await ledger.store(lose(refuseOrder(sent, why), owner, entry.why ?? why));
}

const refusedIn = (error: unknown): Refused => {
  if (error instanceof Refused) return error;
  throw error;
};

// If the API server was slow, the result is outdated and the check is repeated.
async function freshRefusal(ask: () => Promise<string | undefined>): Promise<string | undefined> {
  for (let asks = 1; asks <= ASKS; asks++) {
    const asked = performance.now();
    const refusal = await ask();
    if (refusal !== undefined || performance.now() - asked <= GOOD_MS) return refusal;
  }
  return 'the API server did not confirm in time that the write is still allowed';
}

async function rollBackEffect(context: ResolveContext, run: Run, entry: Entry): Promise<void> {
  const { ledger, upstream } = context;
  const refuseWith = async (why: string) => {
    await ledger.store(refuseOrder(entry, why.slice(0, REASON_MAX)));
  };
  const suspension = context.suspension();
  if (suspension !== undefined) return await refuseWith(suspension);
  const found = await findLanded(upstream, run, entry);
  if (found.kind === 'unclear') return await refuseWith(found.why);
  if (found.kind === 'not-landed' && !found.final)
    return await refuseWith('the write has not been applied, and it may still be: nothing shows that it will not');
  const owner = newOwner(context);
  const mine = await ledger.store(takeOver(entry, owner));
  if (found.kind === 'not-landed') {
    await ledger.store(refuse(mine, owner, 'it was not applied; there is nothing to roll back'));
    return;
  }
  await restore(context, run, await ledger.store(done(mine, owner, found.stored)));
}

async function restore(context: ResolveContext, run: Run, entry: Entry): Promise<void> {
  const { ledger } = context;
  const suspension = context.suspension();
  const { outcome, message } =
    suspension === undefined
      ? await restoreEffect({ ...context, refusal: context.suspension }, run, entry)
      : { outcome: 'Failed' as const, message: suspension };
  const now = await ledger.entry(run.jobUid, entry.target.index);
  if (!now || openOrder(now) === undefined) return;
  if (outcome !== 'Restored' && outcome !== 'Unchanged')
    await ledger.store(refuseOrder(now, (message ?? outcome).slice(0, REASON_MAX)));
}
