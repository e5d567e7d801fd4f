import { randomUUID } from 'node:crypto';
import { type Effect, effectNumber } from '@sentinel/crds';
import { noteBlockedWrite } from '../amend/note-blocked-write.ts';
import { COULD_NOT_LIST } from '../dependants/read-owned.ts';
import { describeEffect } from '../effect/describe.ts';
import { type Answer, isAnswer, json, type Observation, observe } from '../effect/observe.ts';
import { type Entry, intendAgain, intended, isOpen, refuse, send, type Target } from '../ledger/entry.ts';
import { Overtaken } from '../ledger/store.ts';
import { withdraw } from '../ledger/withdraw.ts';
import { type ParsedRequest, pathOf } from '../request/parse.ts';
import { forbidden, Refused } from '../request/refused.ts';
import type { Enforcement, Run } from '../run/run.ts';
import { type Outcome, reasonOf, sendEntry, settleEntry } from '../settle/settle.ts';
import { block } from './block.ts';
import type { EnforceContext } from './context.ts';
import { dependantsFault, newDoubts } from './judge-dependants.ts';
import { alteration, judgeWrite, nameOf } from './judge-write.ts';
import { noteRefused } from './note-refused.ts';
import { readScaled } from './read-scaled.ts';

const TRIES = 8;
const CLOSED = 'the run has ended: its outcome was read already';
/** How long the result of the last check is valid: less than the second after which no write is sent. */
const GOOD_MS = 500;
/** Requests to a busy API server are retried for some time; a write that is not sent may be retried by the client. */
const ASKS = 20;

/**
 * Handles a write in a real run. It is sent only if its change, according to a dry-run right before, is one of the approved effects that are
 * not consumed yet, and if claim, action and policies allow it at that moment. Its intent is stored in the ledger first, and it has a
 * precondition on the compared object. Any other write blocks the run permanently. Writes of a run are handled one after the other.
 *
 * @throws Refused with the response for the client.
 */
export async function enforceWrite(context: EnforceContext, run: Run, request: ParsedRequest): Promise<Answer> {
  const { enforcement } = run;
  if (!enforcement) throw forbidden('PlanMissing', 'this run has no approved plan');
  const asked = performance.now();
  return await enforcement.turns.take(() => inTurn(context, run, enforcement, request, asked));
}

async function inTurn(
  context: EnforceContext,
  run: Run,
  enforcement: Enforcement,
  request: ParsedRequest,
  asked: number,
): Promise<Answer> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    // A write that waited until now has not been sent, and another replica can send it.
    context.drain?.requireOpen();
    await becomeWriter(context, run, enforcement);
    const observed = await observe(context.upstream, run, 'enforce', request);
    if (isAnswer(observed)) {
      const repeated = await answerOfRepeated(context, run, enforcement, request, asked);
      if (!repeated) await noteRefused(context, run, request, reasonOf(observed));
      return repeated ?? observed;
    }
    // Nothing would change, so nothing must be approved or sent.
    if (observed.changes.length === 0) return json(observed.result, 200);
    const judged = await judgeWrite(enforcement, request, observed, context.handling);
    if (judged.kind !== 'approved') {
      const answer = judged.kind === 'repeated' ? await answerOfRepeated(context, run, enforcement, request, asked) : undefined;
      if (answer) return answer;
      await noteBlockedWrite(context, run, enforcement, { request, observed, why: judged.why });
      return await block(context, run, enforcement, 'NotInApprovedPlan', judged.why);
    }
    const unseen = await takesUnseen(context, run, enforcement, request, judged.effect, observed);
    if (unseen !== undefined) return await block(context, run, enforcement, 'NotInApprovedPlan', unseen);
    const answer = await carryOut(context, run, enforcement, request, judged.effect, observed);
    if (answer) return answer;
  }
  throw new Refused(409, 'ObjectChanging', 'the object keeps changing; the approved change was not made');
}

/** Why a delete would remove dependants that the approvers did not see; undefined if it would not, and for every other write. */
async function takesUnseen(
  { dependants }: EnforceContext,
  run: Run,
  { plan }: Enforcement,
  request: ParsedRequest,
  effect: Effect,
  observed: Observation,
): Promise<string | undefined> {
  if (effect.verb !== 'delete') return undefined;
  const found = await dependants.of(run, 'enforce', request, observed);
  // The approvers were not told that there may be more dependants; the next attempt may list them.
  if (found.isFaulty && !effect.deletion?.incomplete?.includes(COULD_NOT_LIST))
    throw new Refused(429, 'DependantsUnknown', `${nameOf(effect)} was not sent: ${found.incomplete.join('; ')}`);
  const doubts = newDoubts(effect.deletion?.incomplete, found.incomplete);
  if (doubts.length > 0)
    return `${nameOf(effect)} differs from the approved plan: not all that would be deleted with it is known, and the approved plan does not say so: ${doubts.join('; ')}. Create the action again to get a new plan`;
  const created = plan.spec.effects.filter(({ verb, uid }) => verb === 'create' || uid === undefined);
  const fault = dependantsFault(effect, found.dependants, created);
  return fault === undefined
    ? undefined
    : `${nameOf(effect)} differs from the approved plan: ${fault}. Create the action again to get a new plan`;
}

/**
 * Makes this process the writer of the run. Writes that another process left open are settled first: until their outcome is known, no other
 * write is sent.
 */
async function becomeWriter(context: EnforceContext, run: Run, enforcement: Enforcement): Promise<void> {
  const { ledger, replica } = context;
  if (enforcement.blocked !== undefined) throw forbidden('RunBlocked', enforcement.blocked);
  const claim = await ledger.claimNamed(enforcement.claim);
  if (claim.blocked !== undefined) {
    enforcement.blocked = claim.blocked;
    throw forbidden('RunBlocked', claim.blocked);
  }
  if (claim.closed) throw forbidden('RunClosed', CLOSED);
  if (claim.process === replica.process) return;
  try {
    for (const entry of await ledger.entries(run.jobUid)) {
      if (entry.state === 'Done') enforcement.consumed.add(entry.target.index);
      if (entry.stored?.altered !== undefined) await block(context, run, enforcement, 'EffectAltered', alteration(entry));
      if (entry.state === 'Intended') await withdraw(ledger, entry, replica);
      if (isOpen(entry)) await settle(context, run, enforcement, entry);
    }
    await ledger.takeOverClaim(claim, replica);
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error;
    throw new Refused(429, 'RunServedElsewhere', 'another replica of the gateway serves this run; send the request again');
  }
}

/** Carries out one approved effect; undefined if the object or the entry changed in between, so that everything must be read again. */
async function carryOut(
  context: EnforceContext,
  run: Run,
  enforcement: Enforcement,
  request: ParsedRequest,
  effect: Effect,
  observed: Observation,
): Promise<Answer | undefined> {
  const { ledger, replica } = context;
  const owner = { process: replica.process, nonce: randomUUID() };
  const held = await ledger.entry(run.jobUid, effect.index);
  if (held?.state === 'Done') {
    enforcement.consumed.add(effect.index);
    return undefined;
  }
  if (held && isOpen(held)) {
    await settle(context, run, enforcement, held);
    return undefined;
  }
  let sent: Entry;
  try {
    const target = targetOf(request, effect, observed);
    const entry = await ledger.store(held ? intendAgain(held, owner) : intended(run.jobUid, target, owner, Date.now()));
    const mayGoOn = async (at: Entry, ask: () => Promise<string | undefined>): Promise<number> => {
      const asked = performance.now();
      const refusal = await refusalOf(context, enforcement, effect, ask);
      if (refusal === undefined) return asked;
      await ledger.store(refuse(at, owner, refusal));
      throw forbidden('WriteNotPermitted', refusal);
    };
    const scaled = await readScaled(context.upstream, run, request);
    const { deletion } = effect;
    const seen = { ...describeEffect(request, { ...observed, scaled }), ...(deletion ? { deletion } : {}), index: effect.index };
    let asked = await mayGoOn(entry, () => context.permission.refusal(run, seen));
    const { uid, resourceVersion, changes: change, live, result } = observed;
    const sending = { request, preconditions: { uid, resourceVersion }, change, promised: { live, result } };
    sent = await ledger.store(send(entry, owner, sending));
    // If the API server was slow, the result is outdated: the fast check is repeated right before sending.
    for (let again = 1; performance.now() - asked > GOOD_MS; again++) {
      if (again > ASKS) return await tooSlow(context, sent, owner);
      asked = await mayGoOn(sent, () => context.permission.ending(run));
    }
  } catch (error) {
    if (error instanceof Overtaken) return undefined;
    throw error;
  }
  return await answerOf(context, run, enforcement, sent, await sendEntry(context, run, sent, owner));
}

async function tooSlow({ ledger }: EnforceContext, sent: Entry, owner: Entry['owner']): Promise<never> {
  const why = `${nameOf(sent.target)} was not sent: the API server did not confirm in time that the run may still write`;
  await ledger.store(refuse(sent, owner, why));
  throw new Refused(429, 'ApiServerUnavailable', `${why}; send the request again`);
}

// Read right before the write is sent: a block, a cancellation or a stricter policy stops it, with the operator or without it.
async function refusalOf(
  { ledger, replica }: EnforceContext,
  enforcement: Enforcement,
  effect: Effect,
  ask: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const [claim, refusal] = await Promise.all([ledger.claimNamed(enforcement.claim), ask()]);
  if (claim.blocked !== undefined) return claim.blocked;
  if (claim.closed) return CLOSED;
  if (claim.process !== replica.process) return 'another replica of the gateway serves this run now';
  return refusal === undefined ? undefined : `${nameOf(effect)} is refused: ${refusal}`;
}

async function settle(context: EnforceContext, run: Run, enforcement: Enforcement, entry: Entry): Promise<void> {
  await answerOf(context, run, enforcement, entry, await settleEntry(context, run, entry));
}

/** The response for the client after a write; undefined if everything must be read again. Blocks the run if necessary. */
async function answerOf(
  context: EnforceContext,
  run: Run,
  enforcement: Enforcement,
  { target }: Entry,
  outcome: Outcome,
): Promise<Answer | undefined> {
  switch (outcome.kind) {
    case 'done':
      enforcement.consumed.add(target.index);
      if (outcome.entry.stored?.altered !== undefined)
        return await block(context, run, enforcement, 'EffectAltered', alteration(outcome.entry));
      return outcome.answer;
    case 'refused':
      return outcome.answer;
    case 'again':
      return undefined;
    case 'unknown':
      return await block(
        context,
        run,
        enforcement,
        'EffectOutcomeUnknown',
        `the outcome of effect ${effectNumber(target.index)} (${nameOf(target)}) is unknown: ${outcome.why}`,
      );
  }
}

/**
 * The response to a write of a step that the kubelet executed a second time: a write of the first execution is not sent again, and the client
 * gets the current object. Undefined if no step was executed again, or if there is no such write.
 */
async function answerOfRepeated(
  { upstream, ledger, executions }: EnforceContext,
  run: Run,
  { consumed }: Enforcement,
  request: ParsedRequest,
  asked: number,
): Promise<Answer | undefined> {
  if (consumed.size === 0) return undefined;
  const entries = await ledger.entries(run.jobUid, ['Done']);
  const same = entries.find(({ sending }) => sending && isSameRequest(sending.request, request));
  if (!same || !(await executions.isRepeated(run, asked))) return undefined;
  const { target } = same;
  if (target.verb === 'delete') return json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }, 200);
  const path = pathOf({ ...request, api: { ...request.api, name: target.name } });
  const read = await upstream.send(run, 'enforce', { method: 'GET', path, headers: { accept: 'application/json' } });
  return { status: read.status, body: read.body, contentType: 'application/json' };
}

const isSameRequest = (a: ParsedRequest, b: ParsedRequest): boolean =>
  JSON.stringify([a.api, a.version, a.contentType]) === JSON.stringify([b.api, b.version, b.contentType]) &&
  a.body.equals(b.body);

function targetOf({ api, version }: ParsedRequest, effect: Effect, observed: Observation): Target {
  return {
    index: effect.index,
    verb: effect.verb,
    apiGroup: api.apiGroup,
    version,
    resource: api.resource,
    ...(api.namespace === undefined ? {} : { namespace: api.namespace }),
    name: observed.name,
    ...(observed.uid === undefined ? {} : { uid: observed.uid }),
  };
}
