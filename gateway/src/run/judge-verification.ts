import type { ActionPlan, AgentAction, StageStatus } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { type GatheredFacts, gatherFacts } from '../enforce/gather-facts.ts';
import type { ActionRef, Claim } from '../ledger/claim.ts';
import type { Ledger } from '../ledger/store.ts';
import { refuseClaim } from '../request/refused.ts';
import { readPlan } from './judge-run.ts';

/**
 * Finds the run that a verification checks: the newest run of the action, according to the gateway's own claim. The checks are those of the plan
 * in this claim, and they use the account of the run. Throws Refused.
 */
export async function judgeVerification(
  client: KubeClient,
  ledger: Ledger,
  ref: ActionRef,
  { action, stage, now }: { readonly action: AgentAction; readonly stage: StageStatus; readonly now: number },
): Promise<{ readonly run: Claim; readonly plan: ActionPlan; readonly gathered: GatheredFacts }> {
  const newest = action.status?.stages?.findLast((one) => one.stage === 'run');
  const run = newest && (await ledger.claimOf(newest.uid));
  if (!run || run.action.uid !== ref.uid || run.plan === undefined || run.plan !== stage.plan)
    throw refuseClaim('PlanNotRecorded', 'the gateway knows no completed run of this plan to verify');
  if (run.rollingBack) throw refuseClaim('PlanNotRecorded', 'the run is being rolled back, so there is nothing to verify');
  const plan = await readPlan(client, action, stage);
  return { run, plan, gathered: await gatherFacts(client, ref, { plan, digest: run.plan, recordedAt: now }, now) };
}
