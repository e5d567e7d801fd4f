import type { Effect, FieldChange } from '@sentinel/crds';
import { type DataHandling, keepDiffs } from '@sentinel/policy';
import { changeDigest } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import { type Answer, isAnswer, type Observation, observe, sendWrite } from '../effect/observe.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { forbidden, Refused } from '../request/refused.ts';
import type { Upstream } from '../upstream.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';
import type { Enforcement, Run } from './run.ts';

const TRIES = 5;
const REASONS = 3;

/**
 * A write in a real run. It is sent only when the change that it would make, seen by a dry-run right before, is one of the
 * approved effects that nothing has consumed yet; its intent and pre-image are in the ledger first, and it carries a precondition
 * on the object that was compared. Anything else blocks the run, for good; what it says of values is what `handling` lets a plan show.
 */
export async function enforceWrite(
  upstream: Upstream,
  ledger: Ledger,
  run: Run,
  request: ParsedRequest,
  handling: DataHandling,
): Promise<Answer> {
  const { enforcement } = run;
  if (!enforcement) throw forbidden('this run has no approved plan');
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    if (enforcement.blocked !== undefined) throw forbidden(enforcement.blocked);
    const observed = await observe(upstream, run, 'enforce', request);
    if (isAnswer(observed)) return observed;
    // Nothing would change: nothing to approve, and nothing to send.
    if (observed.changes.length === 0)
      return { status: 200, body: Buffer.from(JSON.stringify(observed.result)), contentType: 'application/json' };
    const { effect, why } = await judgeWrite(enforcement, request, observed, handling);
    if (!effect) return await block(ledger, run, enforcement, why);
    const answer = await carryOut(upstream, ledger, run, request, effect, observed);
    if (answer) return answer;
  }
  throw new Refused(409, 'Conflict', 'others keep changing the object; the approved change could not be made');
}

/** Does one approved effect; undefined when the object changed in between and everything must be looked at anew. */
async function carryOut(
  upstream: Upstream,
  ledger: Ledger,
  run: Run,
  request: ParsedRequest,
  effect: Effect,
  observed: Observation,
): Promise<Answer | undefined> {
  const enforcement = run.enforcement;
  if (!enforcement) return undefined;
  const intent = { effect, version: request.version, preImage: observed.live ?? null, change: observed.changes };
  if (!(await ledger.intend(run.jobUid, intent))) {
    return await resume(ledger, run, enforcement, effect, observed);
  }
  const answer = await sendWrite(upstream, run, 'enforce', request, {
    dryRun: false,
    uid: observed.uid,
    resourceVersion: observed.resourceVersion,
  });
  if (answer.status >= 400 && answer.status < 500) {
    // The API server refused it, so nothing happened: the effect may be tried again.
    await ledger.withdraw(run.jobUid, effect.index);
    return answer.status === 409 && request.api.verb !== 'create' ? undefined : answer;
  }
  if (answer.status >= 500) return answer;
  enforcement.consumed.add(effect.index);
  const result = (JSON.parse(answer.body.toString('utf8')) as { metadata?: { uid?: string; resourceVersion?: string } }).metadata;
  await ledger.complete(run.jobUid, effect.index, {
    uid: result?.uid,
    resourceVersion: result?.resourceVersion,
    change: observed.changes,
  });
  return answer;
}

/**
 * The effect has an intent already: another replica, or this one before it died, was at it. With a result it is done. Without,
 * the object is still at its pre-image only if the write never happened; then it may go on. Else nobody can tell, and people must.
 */
async function resume(
  ledger: Ledger,
  run: Run,
  enforcement: Enforcement,
  effect: Effect,
  observed: Observation,
): Promise<Answer | undefined> {
  const entry = await ledger.intent(run.jobUid, effect.index);
  if (!entry) return undefined;
  if (entry.result) {
    enforcement.consumed.add(effect.index);
    return undefined;
  }
  const untouched = preImageVersion(entry) === observed.resourceVersion && observed.resourceVersion !== undefined;
  if (!untouched)
    return await block(
      ledger,
      run,
      enforcement,
      `the outcome of effect ${effect.index} (${nameOf(effect)}) is not known: the gateway was interrupted, and the object has changed since`,
    );
  await ledger.withdraw(run.jobUid, effect.index);
  return undefined;
}

const preImageVersion = (entry: LedgerEntry) =>
  (entry.intent.preImage as { metadata?: { resourceVersion?: string } } | null)?.metadata?.resourceVersion;

/**
 * Which approved effect a write is, or why it is none that may be carried out. In a plan that no person has seen, what counts is
 * what is observed now, not what the plan shows.
 */
export async function judgeWrite(
  enforcement: Pick<Enforcement, 'plan' | 'consumed' | 'needsPerson'>,
  request: ParsedRequest,
  observed: Observation,
  handling: DataHandling,
): Promise<{ effect: Effect; why?: never } | { effect?: never; why: string }> {
  const effect = findApproved(enforcement, request, observed);
  if (!effect) return { why: await differenceOf(enforcement, request, observed, handling) };
  const reasons = enforcement.needsPerson?.([{ ...describeEffect(request, observed), index: effect.index }]) ?? [];
  if (reasons.length === 0) return { effect };
  return { why: `${nameOf(effect)} needs a person and has none: ${reasons.slice(0, REASONS).join('; ')}` };
}

/** The approved effect that equals what would happen: same request, same object, same change. */
export function findApproved(
  enforcement: Pick<Enforcement, 'plan' | 'consumed'>,
  request: ParsedRequest,
  observed: Observation,
): Effect | undefined {
  const digest = changeDigest(observed.changes);
  return enforcement.plan.spec.effects.find(
    (effect) =>
      !enforcement.consumed.has(effect.index) && isSameObject(effect, request, observed) && effect.changeDigest === digest,
  );
}

function isSameObject(effect: Effect, request: ParsedRequest, observed: Observation): boolean {
  const { api } = request;
  const sameRequest =
    effect.verb === api.verb &&
    effect.apiGroup === api.apiGroup &&
    effect.version === request.version &&
    effect.resource === api.resource;
  return (
    sameRequest &&
    effect.namespace === api.namespace &&
    effect.name === observed.name &&
    (effect.verb === 'create' || effect.uid === observed.uid)
  );
}

async function block(ledger: Ledger, run: Run, enforcement: Enforcement, why: string): Promise<never> {
  const message = `${why}. The run is blocked; nothing more is written.`.slice(0, 1800);
  enforcement.blocked = message;
  await ledger.block(run.jobUid, message);
  throw forbidden(message);
}

const nameOf = (effect: Pick<Effect, 'verb' | 'resource' | 'name' | 'namespace'>) =>
  `${effect.verb} ${effect.resource} ${effect.namespace ?? ''}/${effect.name}`;

// What differs from the plan, for the person who is asked why it stopped. It ends up in status, records and Events, so it says no more
// of a value than the plan does.
async function differenceOf(
  enforcement: Pick<Enforcement, 'plan' | 'consumed'>,
  request: ParsedRequest,
  observed: Observation,
  handling: DataHandling,
): Promise<string> {
  const tried = describeEffect(request, observed);
  const about = nameOf(tried);
  const candidates = enforcement.plan.spec.effects.filter((effect) => isSameObject(effect, request, observed));
  if (candidates.length === 0) return `${about} is not in the approved plan`;
  const open = candidates.find((effect) => !enforcement.consumed.has(effect.index));
  if (!open) return `${about} was approved once and has been done already`;
  const approved = new Map((open.change ?? []).map((change) => [change.path, change]));
  const [shown] = await keepDiffs(handling, [{ ...tried, index: open.index }]);
  const differing = shown?.change?.find(
    (change) => approved.get(change.path)?.after !== change.after || approved.get(change.path)?.before !== change.before,
  );
  if (!differing) return `${about} differs from the approved plan, in what a plan does not show`;
  return `${about} differs from the approved plan at ${differing.path}: approved ${inWords(approved.get(differing.path))}, tried ${inWords(differing)}`;
}

function inWords(change: FieldChange | undefined): string {
  if (change?.redacted && change.before === undefined && change.after === undefined) return 'what is not shown';
  return `${change?.before ?? 'nothing'} → ${change?.after ?? 'nothing'}`;
}
