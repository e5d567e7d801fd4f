import { type AgentAction, agentActions, annotations } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { parseIdentity } from '@sentinel/policy';
import { Serializer } from '../enforce/serializer.ts';
import type { Claim } from '../ledger/claim.ts';
import { newRecording } from '../rehearse/recording.ts';
import { forbidden } from '../request/refused.ts';
import { readPlan } from './judge-run.ts';
import type { Run } from './run.ts';
import type { Runs } from './runs.ts';

export interface OpenContext {
  readonly client: KubeClient;
  readonly runs: Pick<Runs, 'byJob'>;
}

/** The run of a claim, with what is needed to settle its writes; undefined if its action does not exist. */
export async function openRun(context: OpenContext, claim: Claim): Promise<Run | undefined> {
  const served = context.runs.byJob(claim.job);
  if (served) return served;
  const action = await context.client.get(agentActions, { namespace: claim.action.namespace, name: claim.action.name });
  const stage = action?.status?.stages?.find(({ uid }) => uid === claim.job);
  if (!action || !stage || action.metadata.uid !== claim.action.uid) return undefined;
  // Without its plan no write may be sent again; the outcome of its writes can be read nevertheless.
  const isClaimed = stage.plan === claim.plan;
  const plan = isClaimed ? await readPlan(context.client, action, stage).catch(() => undefined) : undefined;
  if (!plan) return asRun(action, claim.job, claim.account);
  const { claimedAt, blocked, name } = claim;
  const enforcement = {
    plan,
    digest: stage.plan ?? '',
    risk: claim.risk ?? plan.spec.risk.level,
    recordedAt: claimedAt,
    claim: name,
    claimedAt,
    blocked,
    consumed: new Set<number>(),
    turns: new Serializer(),
  };
  return { ...asRun(action, claim.job, claim.account), enforcement };
}

/** A run of an action without a sandbox. Throws Refused if the requester of the action is unknown. */
export function asRun(action: AgentAction, jobUid: string, account: string): Run {
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  if (!requester) throw forbidden('RequesterMissing', 'the action has no requester');
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
