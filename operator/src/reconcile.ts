import { isDeepStrictEqual } from 'node:util';
import { type AgentAction, agentActions, type State } from '@sentinel/crds';
import { type AnyObject, type Clock, copyOf, isTooLarge, keyOf, mayBeStored, type Result, splitKey } from '@sentinel/kube';
import { type Activity, countsFilings, isSchedule } from '@sentinel/policy';
import { actOnStep } from './act/act-on-step.ts';
import type { ActContext, Pass } from './act/context.ts';
import { deleteOrphans, makeRoom, stateEnd } from './act/index.ts';
import type { AdmissionSerializer } from './admission-serializer.ts';
import type { Exporter } from './audit/exporter.ts';
import type { Caches } from './caches.ts';
import { decideNextStep } from './decide/next-step.ts';
import { orphanedJobs } from './decide/orphans.ts';
import type { NextStep } from './decide/step.ts';
import { activityOf } from './facts/activity.ts';
import { withDeciders } from './facts/deciders.ts';
import { gatherFromCaches, gatherLive } from './facts/gather.ts';
import { type Draft, stateOf } from './status/conditions.ts';
import { ACTION_MAX, ACTION_MINIMUM, fitStatus } from './status/fit-status.ts';

export interface ReconcileContext extends ActContext {
  readonly caches: Caches;
  readonly exporter: Exporter;
  readonly clock: Clock;
  readonly admissions: AdmissionSerializer;
  /** The guards of a real run as this release renders them. */
  readonly guards: readonly AnyObject[];
}

// States in which the next step may be the start of a real run.
const reviewed: ReadonlySet<State> = new Set<State>(['AwaitingApproval', 'ChangesRequested', 'Starting', 'Suspended']);

/** One pass over one action: read everything, decide purely, act thinly, write the status once and only if it changed. */
export async function reconcileAction(context: ReconcileContext, key: string): Promise<Result> {
  const cached = context.caches.actions.store.get(key);
  // This comes first: the finalizer of an action is removed after its orphaned Jobs are deleted, not before.
  const mine = context.caches.jobs.store.byIndex('action', key);
  if (orphanedJobs(mine, cached).length > 0) await deleteOrphans(context.client, key, mine);
  if (!cached) {
    context.exporter.forget(key);
    return undefined;
  }
  const pass = await passFromCaches(context, cached);
  const step = decideNextStep(pass.facts);
  if (step.kind === 'LookAgainLive' || consequential.has(step.kind)) {
    // Limits count the existing actions, so one decision is stored before the next action is evaluated.
    const carry = () => carryOutLive(context, key);
    const state = stateOf(cached.status);
    const counted =
      reviewed.has(state) ||
      (state === 'Pending' &&
        (countsFilings(pass.facts.policies) ||
          cached.spec.intent.parentAction !== undefined ||
          cached.spec.rollbackOf !== undefined));
    return counted ? await context.admissions.exclusive(cached.metadata.namespace ?? '', carry) : await carry();
  }
  return await carryOut(context, pass, step);
}

async function carryOutLive(context: ReconcileContext, key: string): Promise<Result> {
  const live = await context.client.get(agentActions, splitKey(key));
  if (!live) return undefined;
  let pass = await passLive(context, live);
  let step = decideNextStep(pass.facts);
  if ((step.kind === 'StartJob' || step.kind === 'Resolve') && step.tally) {
    pass = { ...pass, facts: await withDeciders(context.client, pass.facts, step.tally) };
    step = decideNextStep(pass.facts);
  }
  return await carryOut(context, pass, step);
}

/** What the next admission or start must take into account, even if the cache does not show it yet; undefined if this step is neither. */
function startedBy({ action, draft, now }: Pass, step: NextStep): Activity | undefined {
  if (step.kind !== 'StartJob' || step.stage === 'verification') return undefined;
  const activity = activityOf(action);
  if (step.stage === 'run') return { ...activity, phase: 'Running', changed: action.status?.plan?.effects ?? 0 };
  return {
    ...activity,
    phase: 'Rehearsing',
    admitted: now,
    parent: draft.lineage?.at(-1)?.uid,
    root: draft.lineage?.[0]?.uid ?? action.metadata.uid ?? '',
  };
}

async function carryOut(context: ReconcileContext, pass: Pass, step: NextStep): Promise<Result> {
  await actOnStep(context, pass, step);
  await stateEnd(context, pass);
  const started = startedBy(pass, step);
  try {
    await writeStatus(context, pass);
    if (started) context.admissions.note(started);
  } catch (error) {
    if (started && mayBeStored(error)) context.admissions.note(started);
    throw error;
  }
  for (const follow of pass.afterwards) await follow();
  return pass.againAfterMs === undefined ? requeueAfter(context, step) : { requeueAfterMs: pass.againAfterMs };
}

// Steps with effects outside the status. A cache may still show the state before the last of them, and repeating one because of that
// is not harmless: a Job that has been released already differs from what was sent.
const consequential: ReadonlySet<NextStep['kind']> = new Set([
  'StartJob',
  'ReadOutcome',
  'StopJob',
  'FailVerification',
  'Resolve',
  'Abandon',
  'RollBack',
  'End',
  'Retire',
  'Delete',
]);

async function passFromCaches(context: ReconcileContext, action: AgentAction): Promise<Pass> {
  const now = context.clock.now();
  // Actions that wait for a sandbox are compared with the current activity; the limits of a cache decide nothing else.
  const isScheduled = isSchedule(activityOf(action).requester);
  const activity = stateOf(action.status) === 'Pending' || isScheduled ? activityNow(context) : [];
  const facts = await gatherFromCaches(context.caches, context.client, action, context.exporter.sink(action), activity, now);
  return { facts, action, draft: draftOf(context, action), now, afterwards: [] };
}

async function passLive(context: ReconcileContext, action: AgentAction): Promise<Pass> {
  const now = context.clock.now();
  const address = async () => (await context.settings()).gatewayAddress;
  const gateway = {
    lock: async () => context.gateway.lockFault(await address()),
    // A person who ends an action must not have to wait for the gateway.
    storage: async (namespace: string) =>
      context.gateway.storage(await address(), namespace).catch((error: unknown) => {
        context.logger.warn('Cannot count what is stored', { namespace, error: String(error) });
        return undefined;
      }),
  };
  const evidenceFault = async (namespace: string) =>
    context.evidence === undefined ? 'no evidence store is installed' : await context.evidence.fault(namespace);
  const facts = await gatherLive(
    context.client,
    { gateway, guards: context.guards, evidenceFault },
    action,
    context.exporter.sink(action),
    activityNow(context),
    now,
  );
  return { facts, action, draft: draftOf(context, action), now, afterwards: [] };
}

const activityNow = ({ admissions, caches }: ReconcileContext) => admissions.overlay(caches.actions.store.list().map(activityOf));

/** The current status with the acknowledged cursor of the sink, so that acknowledged records may be removed. */
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

async function writeStatus(context: ReconcileContext, { action, draft }: Pass): Promise<void> {
  // With resourceVersion: a write based on outdated data fails, and everything is decided again.
  const write = async (status: Draft) => {
    if (!isWorthWriting(action.status ?? {}, status)) return;
    await context.client.replaceStatus(agentActions, { ...copyOf(action), status });
  };
  let most = ACTION_MAX;
  for (;;) {
    const fitted = fitStatus(action, draft, most);
    try {
      return await write(fitted);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      // Some clusters accept less than etcd does by default. The minimal form is tried last.
      if (most < ACTION_MINIMUM) {
        await makeRoom(context, action);
        throw error;
      }
      context.logger.warn('The status is too large for this cluster', { action: keyOf(action), most, error: String(error) });
      most = Math.floor(most / 2);
    }
  }
}

/** The cursor is stored with the next transition; it is written separately only once, when all records of an ended action are acknowledged. */
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
