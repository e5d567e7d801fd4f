import { effectNumber, type PlannedRollback } from '@sentinel/crds';
import { type Answer, json } from '../effect/observe.ts';
import type { EnforceContext } from '../enforce/context.ts';
import { nameOf } from '../enforce/judge-write.ts';
import type { Entry } from '../ledger/entry.ts';
import { afterRehearsal } from '../rehearse/rehearsed-dependants.ts';
import type { Discovery } from '../request/discovery.ts';
import { type ParsedRequest, parseRequest, type RawRequest } from '../request/parse.ts';
import { refusalWithoutValues } from '../request/read-answer.ts';
import { forbidden, Refused } from '../request/refused.ts';
import { whyAttached } from '../rollback/remove-created.ts';
import { Unavailable } from '../rollback/unavailable.ts';
import type { Run } from '../run/run.ts';
import { stageUser } from '../upstream.ts';
import { compareUndone } from './compare.ts';
import { hasCreated, inverseFor, inverseWithoutObject, type Left } from './inverse-write.ts';
import { readTarget } from './read-target.ts';
import { sourceJob } from './source.ts';

/** The path that the steps of a rollback ask. */
export const UNDO_PATH = '/sentinel/v1/undo';

/** The dependencies for undoing. `write` handles a request as one of the sandbox itself: policies, rehearsal, the approved plan. */
export interface UndoContext extends Pick<EnforceContext, 'upstream' | 'ledger' | 'dependants'> {
  readonly discovery: Discovery;
  readonly write: (request: ParsedRequest) => Promise<Answer>;
}

/** The outcome of one effect, without any content of its object. */
export interface Undone {
  readonly object: string;
  readonly outcome: 'Undone' | 'Unchanged' | 'Left';
  readonly left: readonly Left[];
}

const LEFT_MAX = 128;
const PATH_MAX = 1024;

/**
 * Answers the step of a rollback: which effects there are (GET), the inverse of one (POST of `effects/INDEX`), or how objects differ from
 * their pre-images (GET of `compare`). The gateway builds each request itself, from its ledger and the object as it is, so that no
 * pre-image enters the sandbox; then the request goes the way of every write. Throws Refused.
 */
export async function serveUndo(
  context: UndoContext,
  run: Run,
  { method, url }: Pick<RawRequest, 'method' | 'url'>,
): Promise<Answer> {
  if (!run.undoing) throw forbidden('PathNotAllowed', `${url} is refused: the action undoes no other one`);
  const { ledger } = context;
  const job = await sourceJob(ledger, run.undoing, run);
  const what = url.slice(UNDO_PATH.length);
  if (method === 'GET' && what === '') {
    const states = await ledger.states(job);
    const made = states.filter(isMade).map(({ target }) => target.index);
    run.recording.undone.all ??= made;
    return json({ effects: made.toReversed() }, 200);
  }
  if (method === 'GET' && what === '/compare') {
    const entries = await ledger.entries(job, ['Done']);
    return json(await compareUndone(context, run, run.undoing, entries), 200);
  }
  const index = /^\/effects\/(\d{1,3})$/.exec(what)?.[1];
  const entry = method === 'POST' && index !== undefined ? await ledger.entry(job, Number(index)) : undefined;
  if (!entry || !isMade(entry)) throw forbidden('PathNotAllowed', `${method} ${url} is refused: it is not an effect to undo`);
  return await run.recording.undone.turns.take(async () => json(await undo(context, run, entry), 200));
}

const isMade = ({ state }: Pick<Entry, 'state'>) => state === 'Done' || state === 'Accepted';

const undo = (context: UndoContext, run: Run, entry: Entry): Promise<Undone> =>
  run.stage === 'rehearsal' ? rehearse(context, run, entry) : carryOut(context, run, run.undoing?.approved, entry);

async function rehearse(context: UndoContext, run: Run, entry: Entry): Promise<Undone> {
  const { undone, effects } = run.recording;
  const { index } = entry.target;
  const object = cut(nameOf(entry.target));
  const noted = undone.left.filter(({ effect }) => effect === index);
  // The response to an earlier request was lost.
  if (undone.unchanged.includes(index)) return undoneOf(object, false, []);
  if (undone.undoes.includes(index) || noted.length > 0) return undoneOf(object, undone.undoes.includes(index), noted);
  const { request, left } = await inverseOf(context, run, entry);
  const before = effects.length;
  const refused = request && refusalOf(await context.write(request), request);
  // It is known before anybody decides, so the plan says it.
  const all = refused === undefined ? left : [{ why: cut(refused) }];
  if (undone.left.length + all.length > LEFT_MAX)
    throw forbidden('RehearsalTooLarge', `more than ${LEFT_MAX} fields cannot be rolled back: undo the changes by hand`);
  if (effects.length > before) undone.undoes.push(index);
  else if (all.length === 0) undone.unchanged.push(index);
  for (const { path, why } of all)
    undone.left.push({ effect: index, object, ...(path === undefined ? {} : { path: path.slice(0, PATH_MAX) }), why: cut(why) });
  return undoneOf(object, effects.length > before, all);
}

async function carryOut(context: UndoContext, run: Run, approved: PlannedRollback | undefined, entry: Entry): Promise<Undone> {
  const { index } = entry.target;
  const object = cut(nameOf(entry.target));
  const left = (approved?.left ?? []).filter(({ effect }) => effect === index);
  const own = approved?.undoes.indexOf(index) ?? -1;
  if (own < 0 && left.length > 0) return undoneOf(object, false, left);
  if (own >= 0 && (await context.ledger.entry(run.jobUid, own))?.state === 'Done') return undoneOf(object, true, left);
  const inverse = await inverseOf(context, run, entry, new Set(left.flatMap(({ path }) => path ?? [])));
  const [drifted] = inverse.left;
  // Nothing was to undo, and a person approved that; now there is.
  if (own < 0 && approved?.unchanged?.includes(index) && !inverse.request && !drifted) return undoneOf(object, false, []);
  if (own < 0 || !inverse.request || drifted) {
    const why = drifted
      ? `${drifted.path ?? 'the object'}: ${drifted.why}`
      : own < 0
        ? 'the plan has no write that undoes it'
        : 'it is as it was before already';
    const what = `the inverse of effect ${effectNumber(index)} (${object})`;
    throw new Refused(409, 'RollbackDrifted', `${what} is not the approved one any more: ${why}`);
  }
  const refused = refusalOf(await context.write(inverse.request), inverse.request);
  if (refused !== undefined) throw forbidden('InverseRefused', `the inverse of '${object}': ${refused}`);
  return undoneOf(object, true, left);
}

const undoneOf = (object: string, isUndone: boolean, left: readonly Left[]): Undone => ({
  object,
  outcome: isUndone ? 'Undone' : left.length > 0 ? 'Left' : 'Unchanged',
  left: left.map(({ path, why }) => ({ path, why })),
});

async function inverseOf(
  context: UndoContext,
  run: Run,
  entry: Entry,
  skip?: ReadonlySet<string>,
): Promise<{ readonly request: ParsedRequest | undefined; readonly left: readonly Left[] }> {
  const fixed = inverseWithoutObject(entry);
  if (fixed) return { request: undefined, left: fixed.left };
  const live = await readTarget(context, run, entry.target);
  if (live === undefined) return { request: undefined, left: hasCreated(entry) ? [] : [{ why: 'the object is gone' }] };
  const { request, left } = inverseFor(entry, live, skip);
  const attached = request?.method === 'DELETE' ? await attachedTo(context, run, entry) : undefined;
  if (attached !== undefined) return { request: undefined, left: [{ why: attached }] };
  return { request: request && (await parsed(context, request)), left };
}

async function attachedTo({ dependants }: UndoContext, run: Run, entry: Entry): Promise<string | undefined> {
  try {
    return await whyAttached(dependants, run, entry, entry.stored?.uid ?? '', stageUser(run), afterRehearsal(run));
  } catch (error) {
    if (error instanceof Unavailable) throw new Refused(429, 'DependantsUnknown', `${nameOf(entry.target)}: ${error.message}`);
    throw error;
  }
}

async function parsed({ discovery }: UndoContext, raw: RawRequest): Promise<ParsedRequest> {
  const request = await parseRequest(raw, discovery);
  if ('path' in request) throw forbidden('PathNotAllowed', `${raw.url} is refused: it is not a resource`);
  return { ...request, isExact: true };
}

/** Why the API server refused a write for good; undefined if it did not. Its answer is not passed on, because it may contain the object. */
function refusalOf({ status, body }: Answer, { base }: ParsedRequest): string | undefined {
  if (status < 300) return undefined;
  if (status === 409 || status === 429 || status >= 500)
    throw new Refused(503, 'ApiServerUnavailable', `the API server did not accept the write now (HTTP ${status})`);
  return `the API server refuses it (${base === 'secrets' ? `HTTP ${status}` : refusalWithoutValues({ status, body })})`;
}

const cut = (text: string) => text.slice(0, 512).toWellFormed();
