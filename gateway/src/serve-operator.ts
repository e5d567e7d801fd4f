import {
  type AgentAction,
  type AgentActionStatus,
  type AgentPolicy,
  agentActions,
  annotations,
  type ClusterAgentPolicy,
  type RunReport,
} from '@sentinel/crds';
import type { AnyObject, Informer, KubeClient } from '@sentinel/kube';
import { dataHandling, parseIdentity, suspendedBy } from '@sentinel/policy';
import { z } from 'zod';
import type { EnforceContext } from './enforce/context.ts';
import { alteration, nameOf } from './enforce/judge-write.ts';
import { settleEntry } from './enforce/settle.ts';
import { Turns } from './enforce/turns.ts';
import type { Claim, Replica } from './ledger/claim.ts';
import { type Entry, isOpen } from './ledger/entry.ts';
import { type Ledger, Overtaken } from './ledger/store.ts';
import { withdraw } from './ledger/withdraw.ts';
import type { Lock } from './lock.ts';
import { policiesOf } from './policies.ts';
import { newRecording } from './rehearse/recording.ts';
import { recordingDigest, type SealedRecording, sealRecording } from './rehearse/sealed-recording.ts';
import { badRequest, forbidden, Refused } from './request/refused.ts';
import { rollBack } from './rollback/rollback.ts';
import { readPlan } from './run/resolve.ts';
import type { Run } from './run/run.ts';
import type { Runs } from './runs.ts';
import type { Upstream } from './upstream.ts';

export interface OperatorContext {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  readonly runs: Runs;
  readonly upstream: Upstream;
  readonly lock: Lock;
  readonly replica: Replica;
  readonly permission: EnforceContext['permission'];
  readonly namespaces: Informer<AnyObject>;
  readonly policies: Informer<AgentPolicy>;
  readonly clusterPolicies: Informer<ClusterAgentPolicy>;
}

const RollbackRequest = z.object({
  namespace: z.string().min(1).max(63),
  name: z.string().min(1).max(253),
  job: z.string().min(1).max(64),
});

/** Answers the operator: reports of runs, the state of the lock, rollbacks. Throws Refused. */
export async function serveOperator(context: OperatorContext, method: string, path: string, body: Buffer): Promise<unknown> {
  const run = /^\/sentinel\/v1\/runs\/([a-z0-9-]{1,64})$/.exec(path)?.[1];
  if (method === 'GET' && run !== undefined) return await report(context, run);
  if (method === 'GET' && path === '/sentinel/v1/lock') return { fault: (await context.lock.fault()) ?? null };
  if (method === 'POST' && path === '/sentinel/v1/rollbacks') return { outcomes: await takeBack(context, body) };
  throw new Refused(404, 'NotFound', 'there is nothing here');
}

async function report(context: OperatorContext, jobUid: string): Promise<RunReport> {
  const { ledger } = context;
  const claim = await ledger.claimOf(jobUid);
  const entries = claim ? await settleRun(context, claim) : [];
  const recording = await recordingOf(context, jobUid);
  // What was blocked while the open writes were settled is said, too.
  const altered = entries.find(({ stored }) => stored?.altered !== undefined);
  const blocked = claim && ((await ledger.claimNamed(claim.name)).blocked ?? (altered && alteration(altered)));
  const inState = (...states: Entry['state'][]) =>
    entries.filter(({ state }) => states.includes(state)).map(({ target }) => target.index);
  return {
    claimed: claim !== undefined,
    replica: claim?.replica,
    blocked,
    consumed: inState('Done'),
    unknown: inState('Sent', 'Unknown'),
    refused: entries.flatMap(({ state, target, why }) =>
      state === 'Refused' && why !== undefined ? [{ effect: target.index, why }] : [],
    ),
    recorded: recording && {
      effects: [...recording.effects],
      shown: [...recording.shown],
      reads: [...recording.reads],
      notObservable: [...recording.notObservable],
      digest: recordingDigest(recording),
    },
  };
}

// The recording that is kept, or what this replica has in memory: from now on that is the one that holds.
async function recordingOf(context: OperatorContext, jobUid: string): Promise<SealedRecording | undefined> {
  const kept = await context.ledger.recording<SealedRecording>(jobUid);
  if (kept) return kept;
  const run = context.runs.byJob(jobUid);
  if (run?.stage !== 'rehearsal') return undefined;
  return await sealRecording(context.ledger, run, dataHandling(policiesOf(context, run)));
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
    if (why !== undefined) await ledger.block(claim.name, `the outcome of ${nameOfEntry(entry)} is unknown: ${why}`);
  }
  return await ledger.entries(claim.job);
}

// It was sent after all: that is settled with the others, when the operator asks again.
function askAgain(error: unknown): never {
  if (!(error instanceof Overtaken)) throw error;
  throw new Refused(503, 'ServiceUnavailable', 'a write is under way; ask again');
}

const nameOfEntry = ({ target }: Entry) => `effect ${target.index} (${nameOf(target)})`;

// The run of a claim as far as it takes to look after its writes; undefined when its action is gone.
async function openRun(context: OperatorContext, claim: Claim): Promise<Run | undefined> {
  const served = context.runs.byJob(claim.job);
  if (served) return served;
  const action = await context.client.get(agentActions, { namespace: claim.action.namespace, name: claim.action.name });
  const stage = action?.status?.stages?.find(({ uid }) => uid === claim.job);
  if (!action || !stage || action.metadata.uid !== claim.action.uid) return undefined;
  // Without its plan nothing of it may be sent again; what became of its writes can be looked at all the same.
  const plan = await readPlan(context.client, action, stage).catch(() => undefined);
  if (!plan) return asRun(action, claim.job, claim.account);
  const { claimedAt, blocked, name } = claim;
  const enforcement = {
    plan,
    digest: stage.plan ?? '',
    risk: plan.spec.risk.level,
    claim: name,
    claimedAt,
    blocked,
    consumed: new Set<number>(),
    turns: new Turns(),
  };
  return { ...asRun(action, claim.job, claim.account), enforcement };
}

/** Takes a run back, if the action's own status says that its time has come: the operator's word alone is not enough. */
async function takeBack(context: OperatorContext, body: Buffer): Promise<AgentActionStatus['rollback']> {
  const parsed = RollbackRequest.safeParse(parseJson(body));
  if (!parsed.success) throw badRequest('the request must name namespace, name and job');
  const action = await context.client.get(agentActions, { namespace: parsed.data.namespace, name: parsed.data.name });
  const stage = action?.status?.stages?.find(({ uid, stage }) => uid === parsed.data.job && stage === 'run');
  if (!action || !stage || stage.outcome === undefined) throw forbidden('the action has no ended run with this Job');
  const succeeded = action.status?.conditions?.find(({ type }) => type === 'Succeeded');
  if (succeeded?.reason !== 'RollingBack') throw forbidden('the action is not being rolled back');
  const claim = await context.ledger.claimOf(parsed.data.job);
  if (!claim || claim.action.uid !== action.metadata.uid)
    throw forbidden('the gateway knows no run of this action with this Job');
  const run = asRun(action, parsed.data.job, claim.account);
  // The kill switch freezes what there is: nothing is written any more, not even to restore something.
  const refusal = () => {
    const stoppers = suspendedBy(policiesOf(context, run));
    return stoppers.length === 0 ? undefined : `${stoppers.join(', ')} is suspended`;
  };
  return await rollBack({ ...context, refusal }, run);
}

function asRun(action: AgentAction, jobUid: string, account: string): Run {
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  if (!requester) throw forbidden('the action has no requester');
  return {
    stage: 'run',
    jobUid,
    podUid: '',
    podName: '',
    namespace: action.metadata.namespace ?? '',
    actionName: action.metadata.name,
    actionUid: action.metadata.uid ?? '',
    generation: action.metadata.generation ?? 0,
    account,
    requester,
    mayWrite: true,
    recording: newRecording(),
    enforcement: undefined,
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
