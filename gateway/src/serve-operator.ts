import { type AgentAction, type AgentActionStatus, agentActions, annotations, type RunReport } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { parseIdentity } from '@sentinel/policy';
import { z } from 'zod';
import type { Lock } from './lock.ts';
import { badRequest, forbidden, Refused } from './request/refused.ts';
import type { Ledger } from './run/ledger.ts';
import { newRecording } from './run/recording.ts';
import { readApprovedPlan } from './run/resolve.ts';
import { rollBack } from './run/rollback.ts';
import type { Run } from './run/run.ts';
import type { Runs } from './runs.ts';
import type { Upstream } from './upstream.ts';

export interface OperatorContext {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  readonly runs: Runs;
  readonly upstream: Upstream;
  readonly lock: Lock;
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

async function report({ ledger, runs }: OperatorContext, jobUid: string): Promise<RunReport> {
  const claim = await ledger.readClaim(jobUid);
  const intents = claim ? await ledger.intents(jobUid) : [];
  const run = runs.byJob(jobUid);
  return {
    claimed: claim !== undefined,
    replica: claim?.replica,
    blocked: claim?.blocked,
    consumed: intents.filter(({ result }) => result).map(({ intent }) => intent.effect.index),
    unknown: intents.filter(({ result }) => !result).map(({ intent }) => intent.effect.index),
    recorded: run && {
      effects: run.recording.effects,
      reads: [...run.recording.reads],
      notObservable: [...run.recording.notObservable],
    },
  };
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
  const plan = await readApprovedPlan(context.client, action, stage);
  if (plan.spec.rollback.from !== 'PreImages') throw forbidden('the plan has no way back');
  return await rollBack(context.upstream, context.ledger, asRun(action, parsed.data.job));
}

function asRun(action: AgentAction, jobUid: string): Run {
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  const account = action.status?.account;
  if (!requester || !account) throw forbidden('the action has no requester or no account');
  return {
    stage: 'run',
    jobUid,
    podUid: '',
    namespace: action.metadata.namespace ?? '',
    actionName: action.metadata.name,
    actionUid: action.metadata.uid ?? '',
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
