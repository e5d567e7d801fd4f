import { effectNumber, type RunReport } from '@sentinel/crds';
import { sealStatement } from '@sentinel/policy';
import { BLOCKED_WRITE, type BlockedWrite } from '../amend/blocked-write.ts';
import type { EnforceContext } from '../enforce/context.ts';
import { alteration, nameOf } from '../enforce/judge-write.ts';
import { reportOf } from '../enforce/run-report.ts';
import type { Claim, Replica } from '../ledger/claim.ts';
import { type Entry, isOpen } from '../ledger/entry.ts';
import { readRefusal } from '../ledger/refusals.ts';
import { Overtaken } from '../ledger/store.ts';
import { withdraw } from '../ledger/withdraw.ts';
import type { Lock } from '../lock.ts';
import { recordingDigest, type SealContext, type SealedRecording, sealRecording } from '../rehearse/sealed-recording.ts';
import { Refused } from '../request/refused.ts';
import { claimEnded, readEnded } from '../run/claim-ended.ts';
import { CHECKS_SUCCEEDED, noteGoodEnd } from '../run/note-end.ts';
import { openRun } from '../run/open-run.ts';
import type { ResolveContext } from '../run/resolve.ts';
import type { Runs } from '../run/runs.ts';
import { settleEntry } from '../settle/settle.ts';
import { type EndContext, serveEnd } from '../statement/serve-end.ts';
import { stateRehearsal } from '../statement/state-rehearsal.ts';
import { stateRun } from '../statement/state-run.ts';
import type { Storage } from '../storage.ts';
import { resolveEffects } from './serve-resolutions.ts';
import { type RollbackRequestContext, serveRollback } from './serve-rollback.ts';

export interface OperatorContext extends RollbackRequestContext, ResolveContext, EndContext {
  readonly runs: Runs;
  readonly lock: Lock;
  readonly replica: Replica;
  readonly permission: EnforceContext['permission'];
  readonly storage: Storage;
  readonly replay: SealContext['replay'];
}

/** Serves the operator: reports of runs, the state of the lock, stored sizes, resolutions, rollbacks, final statements. Throws Refused. */
export async function serveOperator(context: OperatorContext, method: string, path: string, body: Buffer): Promise<unknown> {
  const run = /^\/sentinel\/v1\/runs\/([a-z0-9-]{1,64})$/.exec(path)?.[1];
  if (method === 'GET' && run !== undefined) return await report(context, run);
  if (method === 'GET' && path === '/sentinel/v1/lock') return { fault: (await context.lock.fault()) ?? null };
  const namespace = /^\/sentinel\/v1\/storage\/([a-z0-9-]{1,63})$/.exec(path)?.[1];
  if (method === 'GET' && namespace !== undefined) return context.storage.use(namespace);
  if (method === 'POST' && path === '/sentinel/v1/resolutions') return await resolveEffects(context, body);
  if (method === 'POST' && path === '/sentinel/v1/rollbacks') return await serveRollback(context, body);
  if (method === 'POST' && path === '/sentinel/v1/ends') return await serveEnd(context, body);
  throw new Refused(404, 'RouteUnknown', 'there is nothing here');
}

async function report(context: OperatorContext, jobUid: string): Promise<RunReport> {
  const { ledger } = context;
  const claim = (await ledger.claimOf(jobUid)) ?? (await claimEnded(context, jobUid));
  const entries = claim ? await settleRun(context, claim) : [];
  const recording = await recordingOf(context, jobUid);
  // A block that was set while open writes were settled is reported, too.
  const altered = entries.find(({ stored }) => stored?.altered !== undefined);
  const blocked = claim && ((await ledger.claimNamed(claim.name)).blocked ?? (altered && alteration(altered)));
  if (claim) await noteEnd(context, claim);
  const run = claim && (await runOf(context, claim));
  const amendment = await amendmentOf(context, claim, blocked);
  const statement = recording
    ? stateRehearsal(recording)
    : run && stateRun(withBlock(run, claim, blocked), await ledger.states(run.job), Date.now());
  return {
    ...reportOf(entries),
    claimed: claim !== undefined,
    // A pod may have sent requests before it could be served: a run that was claimed later was not refused.
    notServed: claim === undefined ? await readRefusal(context.client, jobUid) : undefined,
    replica: claim?.replica,
    blocked,
    ...(amendment ? { amendment } : {}),
    ...(claim?.verifies !== undefined && run?.over === CHECKS_SUCCEEDED ? { verified: true } : {}),
    ...(statement ? { statement: sealStatement(statement, context.key()) } : {}),
    recorded: recording && {
      effects: [...recording.effects],
      draft: recording.draft,
      fault: recording.fault,
      ...(recording.parts ? { parts: [...recording.parts] } : {}),
      digest: recordingDigest(recording),
    },
  };
}

// The write that blocked a run, if it is what its claim says.
async function amendmentOf(
  { ledger }: OperatorContext,
  claim: Claim | undefined,
  blocked: string | undefined,
): Promise<RunReport['amendment']> {
  if (claim?.plan === undefined || blocked === undefined) return undefined;
  const write = await ledger.recording<BlockedWrite>(claim.job, BLOCKED_WRITE);
  if (write?.blocked !== blocked) return undefined;
  return { refused: write.refused, ...(write.reason === undefined ? {} : { reason: write.reason }) };
}

// Noted when its pod showed it, which may be gone by now. The pod may show it for so short a time that nothing is noted yet.
async function noteEnd(context: OperatorContext, { pod: uid, plan, verifies }: Claim): Promise<void> {
  if (plan === undefined && verifies === undefined) return;
  const known = context.pods.store.list().find(({ metadata }) => metadata.uid === uid);
  const pod = known && (await readEnded(context, known));
  if (pod) await noteGoodEnd(context, pod);
}

// What was stored otherwise than it was approved blocks a run, also where the process died before it could note that.
const withBlock = (run: Claim, claim: Claim, blocked: string | undefined): Claim =>
  run.name === claim.name ? { ...run, blocked: run.blocked ?? blocked } : run;

// The run that a report is about: a verification is a part of one. As it is now, with what was noted of it meanwhile.
async function runOf({ ledger }: OperatorContext, claim: Claim): Promise<Claim | undefined> {
  if (claim.verifies !== undefined) return await ledger.claimOf(claim.verifies);
  return claim.plan === undefined ? undefined : await ledger.claimNamed(claim.name);
}

// The stored recording, or the one in memory, which is stored and counts from now on.
async function recordingOf(context: OperatorContext, jobUid: string): Promise<SealedRecording | undefined> {
  const kept = await context.ledger.recording<SealedRecording>(jobUid);
  if (kept) return kept;
  const run = context.runs.byJob(jobUid);
  if (run?.stage !== 'rehearsal') return undefined;
  const recording = await sealRecording(context, run);
  context.runs.forget(jobUid);
  return recording;
}

/**
 * The entries of a run that has ended, their outcomes found out as far as anybody can. Unless everything is done, the claim is closed
 * first: then a request that is still on its way in some replica sends nothing after this was read.
 */
async function settleRun(context: OperatorContext, claim: Claim): Promise<Entry[]> {
  const { ledger, replica } = context;
  const entries = await ledger.entries(claim.job);
  const isDone = ({ state }: Entry) => state === 'Done';
  if (claim.plan === undefined || entries.filter(isDone).length === claim.effects) return entries;
  await ledger.close(claim.name);
  const run = await openRun(context, claim);
  for (const entry of await ledger.entries(claim.job)) {
    if (entry.state === 'Intended') await withdraw(ledger, entry, replica).catch(askAgain);
    if (!run || !isOpen(entry)) continue;
    const outcome = await settleEntry(context, run, entry);
    const why = outcome.kind === 'unknown' ? outcome.why : undefined;
    if (why !== undefined)
      await ledger.block(claim.name, `the outcome of ${nameOfEntry(entry)} is unknown: ${why}`, 'OutcomeUnknown');
  }
  const settled = await ledger.entries(claim.job);
  // Somebody else moved it meanwhile: what it came to is known in a moment.
  if (run && settled.some(({ state }) => state === 'Sent')) throw askAgain(new Overtaken('an effect'));
  return settled;
}

// It was sent after all: that is settled with the others, when the operator asks again.
function askAgain(error: unknown): never {
  if (!(error instanceof Overtaken)) throw error;
  throw new Refused(503, 'RunNotEnded', 'a write is under way; ask again');
}

const nameOfEntry = ({ target }: Entry) => `effect ${effectNumber(target.index)} (${nameOf(target)})`;
