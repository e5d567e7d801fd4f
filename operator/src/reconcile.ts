import { isDeepStrictEqual } from 'node:util';
import { type AgentAction, agentActions, namespaces, type State } from '@sentinel/crds';
import { type Clock, copyOf, jobs, type Result, splitKey } from '@sentinel/kube';
import { countsFilings } from '@sentinel/policy';
import type { ActContext, Pass } from './act/context.ts';
import { deleteOrphans } from './act/delete-orphans.ts';
import { endAsDecided } from './act/end.ts';
import { failVerification } from './act/fail-verification.ts';
import { letGo } from './act/let-go.ts';
import { noteDecisions } from './act/note-decisions.ts';
import { readOutcome } from './act/read-outcome.ts';
import { releaseJob } from './act/release-job.ts';
import { resume } from './act/resume.ts';
import { deleteRetired, retire } from './act/retire.ts';
import { rollBack } from './act/roll-back.ts';
import { startJob } from './act/start-job.ts';
import { startOver } from './act/start-over.ts';
import { stopJob } from './act/stop-job.ts';
import type { Exporter } from './audit/exporter.ts';
import type { Caches } from './caches.ts';
import { decide } from './decide/decide.ts';
import { orphanedJobs } from './decide/orphans.ts';
import type { NextStep } from './decide/step.ts';
import { activityOf } from './facts/activity.ts';
import { gatherFromCaches, gatherLive } from './facts/gather.ts';
import type { Starts } from './starts.ts';
import { type Draft, enter, stateOf } from './status/conditions.ts';

export interface ReconcileContext extends ActContext {
  readonly caches: Caches;
  readonly exporter: Exporter;
  readonly clock: Clock;
  readonly starts: Starts;
}

// States in which the next step may be the start of a real run.
const reviewed: ReadonlySet<State> = new Set<State>(['AwaitingApproval', 'Starting', 'Suspended']);

/** One pass over one action: read everything, decide purely, act thinly, write the status once and only if it changed. */
export async function reconcileAction(context: ReconcileContext, key: string): Promise<Result> {
  const cached = context.caches.actions.store.get(key);
  // First of all: the finalizer of an action goes after the Jobs that it left behind, not before.
  const mine = context.caches.jobs.store.byIndex('action', key);
  if (orphanedJobs(mine, cached).length > 0) await deleteOrphans(context.client, key, mine);
  if (!cached) {
    context.exporter.forget(key);
    return undefined;
  }
  const pass = await passFromCaches(context, cached);
  const step = decide(pass.facts);
  if (step.kind === 'LookAgainLive' || consequential.has(step.kind)) {
    // Limits compare what comes with what is there, so one is decided and stored before the next one is looked at.
    const carry = () => carryOutLive(context, key);
    const state = stateOf(cached.status);
    const counted =
      reviewed.has(state) ||
      (state === 'Pending' && (countsFilings(pass.facts.policies) || cached.spec.intent.parentAction !== undefined));
    return counted ? await context.starts.exclusive(carry) : await carry();
  }
  return await carryOut(context, pass, step);
}

async function carryOutLive(context: ReconcileContext, key: string): Promise<Result> {
  const live = await context.client.get(agentActions, splitKey(key));
  if (!live) return undefined;
  const pass = await passLive(context, live);
  const step = decide(pass.facts);
  const result = await carryOut(context, pass, step);
  if (step.kind === 'StartJob' && step.stage === 'run')
    context.starts.note({ ...activityOf(live), phase: 'Running', changed: live.status?.plan?.effects ?? 0 });
  if (step.kind === 'StartJob' && step.stage === 'rehearsal')
    context.starts.note({
      ...activityOf(live),
      phase: 'Rehearsing',
      admitted: pass.now,
      parent: pass.draft.lineage?.at(-1)?.uid,
      root: pass.draft.lineage?.[0]?.uid ?? live.metadata.uid ?? '',
    });
  return result;
}

async function carryOut(context: ReconcileContext, pass: Pass, step: NextStep): Promise<Result> {
  await act(context, pass, step);
  await writeStatus(context, pass);
  for (const follow of pass.afterwards) await follow();
  return requeueAfter(context, step);
}

// Steps that reach beyond the status. A cache may still show the state before the last of them, and doing one again on that
// ground is not harmless: a Job that has been released already does not look as it was sent.
const consequential: ReadonlySet<NextStep['kind']> = new Set([
  'StartJob',
  'ReadOutcome',
  'StopJob',
  'FailVerification',
  'RollBack',
  'End',
  'Retire',
  'Delete',
]);

async function passFromCaches(context: ReconcileContext, action: AgentAction): Promise<Pass> {
  const now = context.clock.now();
  const facts = await gatherFromCaches(context.caches, context.client, action, context.exporter.sink(action), now);
  return { facts, action, draft: draftOf(context, action), now, afterwards: [] };
}

async function passLive(context: ReconcileContext, action: AgentAction): Promise<Pass> {
  const now = context.clock.now();
  const lock = async () => context.gateway.lockFault((await context.settings()).gatewayAddress);
  const activity = context.starts.overlay(context.caches.actions.store.list().map(activityOf));
  const facts = await gatherLive(context.client, lock, action, context.exporter.sink(action), activity, now);
  return { facts, action, draft: draftOf(context, action), now, afterwards: [] };
}

/** The status as it is, with the cursor of the exporter where the sink says it is: acknowledged records may make room. */
function draftOf(context: ReconcileContext, action: AgentAction): Draft {
  const draft: Draft = copyOf(action.status ?? {});
  const acknowledged = context.exporter.acknowledged(action);
  if (draft.outbox) {
    draft.outbox.exported = Math.max(draft.outbox.exported, Math.min(acknowledged, draft.outbox.sequence));
    const sink = context.exporter.sink(action);
    if (sink) draft.outbox.sink = { ...sink, acknowledged: Math.min(sink.acknowledged, draft.outbox.sequence) };
  }
  return draft;
}

async function act(context: ReconcileContext, pass: Pass, step: NextStep): Promise<void> {
  switch (step.kind) {
    case 'StartJob':
      if (step.tally) noteDecisions(pass, step.tally);
      return await startJob(context, pass, step.stage);
    case 'ReleaseJob':
      return await releaseRecorded(context, pass);
    case 'ReadOutcome':
      return await readOutcome(context, pass, step.stage);
    case 'StopJob':
      return await stopJob(context, pass, step.evidence);
    case 'FailVerification':
      return failVerification(pass, step.why);
    case 'RollBack':
      return await rollBack(context, pass);
    case 'NoteDecisions':
      return noteDecisions(pass, step.tally, step.suspendedBy);
    case 'Resume':
      noteDecisions(pass, step.tally);
      return resume(pass);
    case 'StartOver':
      return startOver(pass);
    case 'End':
      if (step.tally) noteDecisions(pass, step.tally);
      return await endAsDecided(pass, step);
    case 'Retire':
      return retire(pass);
    case 'Delete':
      pass.afterwards.push(() => deleteRetired(context, pass));
      return;
    case 'LetGo':
      pass.afterwards.push(() => letGo(context, pass));
      return;
    case 'Wait':
      if (step.queued) pass.draft.queuedAt ??= new Date(pass.now).toISOString();
      else delete pass.draft.queuedAt;
      // Approved, and held by something that an admin must know of: the status says what.
      if (step.tally) noteDecisions(pass, step.tally);
      if (step.why !== undefined) enter(pass.draft, step.state ?? 'Starting', step.why, pass.now);
      return;
    case 'LookAgainLive':
      return;
  }
}

// The status names the Job and it is still suspended: the pass that recorded it did not get to its release.
async function releaseRecorded(context: ReconcileContext, { facts }: Pass): Promise<void> {
  const job = facts.stage && (await context.client.get(jobs, { name: facts.stage.name, namespace: namespaces.sandboxes }));
  if (job?.metadata.uid === facts.stage?.uid && job && (job.spec as { suspend?: boolean }).suspend)
    await releaseJob(context, job);
}

async function writeStatus(context: ReconcileContext, { action, draft }: Pass): Promise<void> {
  if (!isWorthWriting(action.status ?? {}, draft)) return;
  // With resourceVersion: a view that is out of date loses, and everything is decided again.
  await context.client.replaceStatus(agentActions, { ...copyOf(action), status: draft });
}

/** The cursor rides on the next transition; alone it is written once, when all records of an action that has ended are acknowledged. */
function isWorthWriting(before: Draft, draft: Draft): boolean {
  if (!isDeepStrictEqual(withoutCursors(draft), withoutCursors(before))) return true;
  const { outbox } = draft;
  if (outbox === undefined || draft.finishedAt === undefined || isDeepStrictEqual(outbox, before.outbox)) return false;
  return outbox.exported >= outbox.sequence && (outbox.sink === undefined || outbox.sink.acknowledged >= outbox.sequence);
}

function withoutCursors(draft: Draft): unknown {
  if (!draft.outbox) return draft;
  const { exported: _, sink: __, ...outbox } = draft.outbox;
  return { ...draft, outbox };
}

function requeueAfter(context: ReconcileContext, step: NextStep): Result {
  if (step.kind === 'Wait' && step.why !== undefined) context.logger.warn('Waiting', { why: step.why });
  return 'requeueAfterMs' in step && step.requeueAfterMs !== undefined
    ? { requeueAfterMs: Math.max(50, step.requeueAfterMs) }
    : undefined;
}
