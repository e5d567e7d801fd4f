import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransportError } from '@sentinel/kube';
import { type Answer, isAnswer, sendWrite } from '../effect/observe.ts';
import { type EnforceContext, TIMING } from '../enforce/context.ts';
import { done, type Entry, isOpen, lose, type Owner, refuse, type Target, takeOver } from '../ledger/entry.ts';
import { Overtaken } from '../ledger/store.ts';
import { readObject } from '../request/read-answer.ts';
import { Refused } from '../request/refused.ts';
import type { Run } from '../run/run.ts';
import { findLanded, pathOfTarget } from './find-landed.ts';
import { readStored } from './read-stored.ts';

/** The outcome of a sent write. */
export type Outcome =
  /** The write was applied. `entry.stored.altered` says how it differs from what was approved. */
  | { readonly kind: 'done'; readonly answer: Answer; readonly entry: Entry }
  /** The write was certainly not applied. */
  | { readonly kind: 'refused'; readonly answer: Answer }
  /** The write was not applied, and the object or the entry changed: everything must be read again. */
  | { readonly kind: 'again' }
  | { readonly kind: 'unknown'; readonly why: string };

type Context = Pick<EnforceContext, 'upstream' | 'ledger' | 'replica' | 'permission' | 'timing'>;

/** Sends a write in the state `Sent` and determines its outcome. */
export async function sendEntry(context: Context, run: Run, entry: Entry, owner: Owner): Promise<Outcome> {
  return await orOvertaken(async () => {
    const answer = await sendOnce(context, run, entry);
    if (isAnswer(answer) && answer.status < 300) return await conclude(context, entry, owner, answer);
    if (isAnswer(answer) && answer.status < 500) return await noteRefusal(context, run, entry, owner, answer);
    return await sendAgain(context, run, entry, owner, answer !== 'not-sent');
  });
}

/**
 * Sends a write for which an earlier send may still be in flight. A refusal does not prove that the earlier one will not be applied, so the
 * object is read after one.
 */
export async function sendBesideEarlier(context: Context, run: Run, entry: Entry, owner: Owner): Promise<Outcome> {
  return await orOvertaken(async () => {
    const answer = await sendOnce(context, run, entry);
    if (isAnswer(answer) && answer.status < 300) return await conclude(context, entry, owner, answer);
    const why = isAnswer(answer) ? reasonOf(answer) : NO_ANSWER;
    return await look(context, run, entry, owner, why);
  });
}

/**
 * Determines the outcome of an open write: of another process, of this one before a time-out, of one that crashed. A read alone cannot show that a
 * write in flight will not be applied, so the write is sent again with the same preconditions: then at most one is applied. Nothing of that
 * kind protects a create, which is only looked for.
 */
export async function settleEntry(context: Context, run: Run, open: Entry): Promise<Outcome> {
  const { ledger, replica } = context;
  return await orOvertaken(async () => {
    const entry = open.owner.process === replica.process ? open : await waitForOwner(context, run, open);
    if (!isOpen(entry)) return { kind: 'again' };
    if (await isUnknownStill(context, run, entry)) return { kind: 'unknown', why: entry.why ?? 'no answer came' };
    const owner = { process: replica.process, nonce: randomUUID() };
    return await sendAgain(context, run, await ledger.store(takeOver(entry, owner)), owner, true);
  });
}

// There is no new information and nothing may be sent: the entry and its reason are unchanged.
async function isUnknownStill(context: Context, run: Run, entry: Entry): Promise<boolean> {
  if (entry.state !== 'Unknown') return false;
  if (isAppliedOnce(entry) && (await mayNotSend(context, run)) === undefined) return false;
  const found = await findLanded(context.upstream, run, entry);
  return found.kind === 'unclear' || (found.kind === 'not-landed' && !found.final);
}

// Another process changed the entry in between, so it is read again.
async function orOvertaken(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Overtaken) return { kind: 'again' };
    throw error;
  }
}

async function waitForOwner({ ledger, timing = TIMING }: Context, { jobUid }: Run, open: Entry): Promise<Entry> {
  let entry = open;
  for (const end = performance.now() + timing.patience; entry.state === 'Sent' && performance.now() < end; ) {
    await sleep(timing.poll);
    entry = (await ledger.entry(jobUid, open.target.index)) ?? open;
  }
  return entry;
}

/**
 * Sends the write once, exactly as stored in the ledger. `lost`: no response shows its outcome. `not-sent`: the connection failed before
 * anything was sent.
 */
async function sendOnce({ upstream }: Context, run: Run, { sending }: Entry): Promise<Answer | 'lost' | 'not-sent'> {
  if (!sending) throw new Error('a write that was never sent cannot be sent again');
  try {
    const answer = await sendWrite(upstream, run, 'enforce', sending.request, { dryRun: false, ...sending.preconditions });
    // Success without an object does not say what is stored.
    if (answer.status < 300) readObject(answer.body);
    return answer;
  } catch (error) {
    if (error instanceof TransportError) return error.mayHaveHappened ? 'lost' : 'not-sent';
    if (error instanceof Refused && error.status === 502) return 'lost';
    throw error;
  }
}

/** `mayArrive`: whether an earlier send may have been applied, or may still be. */
async function sendAgain(context: Context, run: Run, entry: Entry, owner: Owner, mayArrive: boolean): Promise<Outcome> {
  let isOnItsWay = mayArrive;
  for (const pause of (context.timing ?? TIMING).pauses) {
    await sleep(pause);
    if (isOnItsWay && !isAppliedOnce(entry)) {
      const found = await findLanded(context.upstream, run, entry);
      if (found.kind === 'not-landed' && !found.final) continue;
      return await look(context, run, entry, owner, NO_ANSWER);
    }
    const refusal = await mayNotSend(context, run);
    if (refusal !== undefined && !isOnItsWay) return await noteNeverSent(context, entry, owner, refusal);
    if (refusal !== undefined) return await look(context, run, entry, owner, `it may not be sent again: ${refusal}`);
    const answer = await sendOnce(context, run, entry);
    if (answer === 'not-sent') continue;
    if (isAnswer(answer) && answer.status < 300) return await conclude(context, entry, owner, answer);
    if (isAnswer(answer) && answer.status < 500 && answer.status !== 429) {
      if (!isOnItsWay) return await noteRefusal(context, run, entry, owner, answer);
      return await look(context, run, entry, owner, reasonOf(answer));
    }
    isOnItsWay ||= !isAnswer(answer) || answer.status !== 429;
  }
  if (!isOnItsWay) return await noteNeverSent(context, entry, owner, 'the API server could not be reached');
  return await look(context, run, entry, owner, isAppliedOnce(entry) ? NO_ANSWER : `${NO_ANSWER}; ${MAY_BE_GONE}`);
}

const NO_ANSWER = 'the API server did not say whether it was carried out';
const MAY_BE_GONE =
  'no object of this name exists now, and somebody may have deleted it since; it is not sent again, because it could be created twice';

/**
 * Whether a write that is sent twice is applied at most once. The resourceVersion that a change names never returns. That there is no
 * object of this name, which a create needs, is true again as soon as somebody has deleted what it created.
 */
const isAppliedOnce = ({ sending }: Entry): boolean => sending?.preconditions.uid !== undefined;

// Nothing can arrive any more, so it may be intended again.
async function noteNeverSent({ ledger }: Context, entry: Entry, owner: Owner, why: string): Promise<Outcome> {
  await ledger.store(refuse(entry, owner, `it was not sent: ${why}`));
  return { kind: 'again' };
}

// A blocked run sends nothing any more, not even again.
async function mayNotSend({ ledger, permission }: Context, run: Run): Promise<string | undefined> {
  const claim = run.enforcement && (await ledger.claimNamed(run.enforcement.claim));
  return claim?.blocked === undefined ? await permission.refusal(run, undefined) : 'the run is blocked';
}

/**
 * Reads the object after the write could not be sent again. Only the object counts, not the status of a response, because quotas and webhooks
 * can return any status. If the precondition is not satisfied any more, no write in flight can be applied.
 */
async function look(context: Context, run: Run, entry: Entry, owner: Owner, why: string): Promise<Outcome> {
  const { upstream, ledger } = context;
  const found = await findLanded(upstream, run, entry);
  if (found.kind === 'landed') {
    const kept = await ledger.store(done(entry, owner, found.stored));
    return { kind: 'done', answer: found.answer, entry: kept };
  }
  if (found.kind === 'not-landed' && found.final) {
    await ledger.store(refuse(entry, owner, why));
    return { kind: 'again' };
  }
  const reason = found.kind === 'unclear' ? `${found.why} (${why})` : why;
  await ledger.store(lose(entry, owner, reason.slice(0, 1000)));
  return { kind: 'unknown', why: reason };
}

async function conclude({ ledger }: Context, entry: Entry, owner: Owner, answer: Answer): Promise<Outcome> {
  const kept = await ledger.store(done(entry, owner, readStored(entry, answer)));
  return { kind: 'done', answer, entry: kept };
}

// The API server refused it, so nothing happened: the effect may be intended again.
async function noteRefusal(context: Context, run: Run, entry: Entry, owner: Owner, answer: Answer): Promise<Outcome> {
  await context.ledger.store(refuse(entry, owner, reasonOf(answer)));
  return (await isPreconditionFailure(context, run, entry, answer)) ? { kind: 'again' } : { kind: 'refused', answer };
}

/** Whether an answer says that the object is not the one that was compared. */
async function isPreconditionFailure(
  context: Context,
  run: Run,
  { sending, target }: Entry,
  { status }: Answer,
): Promise<boolean> {
  if (!sending) return false;
  const { request, preconditions } = sending;
  if (status === 409) return true;
  if (status === 404) return request.api.verb !== 'create';
  // A failed `test` of a JSON patch has the same status as a patch that is never valid: the object shows which it is.
  if (status !== 422 || request.contentType !== 'application/json-patch+json') return false;
  return (await versionOf(context, run, target)) !== preconditions.resourceVersion;
}

async function versionOf({ upstream }: Context, run: Run, target: Target): Promise<string | undefined> {
  const headers = { accept: 'application/json' };
  const { status, body } = await upstream.send(run, 'enforce', { method: 'GET', path: pathOfTarget(target), headers });
  if (status !== 200) return undefined;
  return (readObject(body) as { metadata: { resourceVersion?: string } }).metadata.resourceVersion;
}

/** Describes a response of the API server. */
export function reasonOf({ status, body }: Answer): string {
  let message = '';
  try {
    message = String((JSON.parse(body.toString('utf8')) as { message?: unknown }).message ?? '');
  } catch {
    // The status code is sufficient.
  }
  return `HTTP ${status}${message === '' ? '' : `: ${message.slice(0, 300)}`}`;
}
