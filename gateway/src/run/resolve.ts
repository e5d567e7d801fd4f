import {
  type ActionPlan,
  type AgentAction,
  actionPlans,
  agentActions,
  annotations,
  digestOf,
  namespaces,
  type Playbook,
  playbooks,
  type RiskLevel,
  type StageStatus,
} from '@sentinel/crds';
import { type AnyObject, jobs, type KubeClient, splitKey } from '@sentinel/kube';
import {
  adHocPlaybook,
  asksOf,
  computeRisk,
  evaluatePlan,
  type Identity,
  isAdHoc,
  judgeHighRisk,
  type PlanFacts,
  parseIdentity,
  playbookDigest,
  undeclaredEffects,
} from '@sentinel/policy';
import { gatherFacts, mayUse } from '../enforce/gather-facts.ts';
import { endingOf, startRefusal } from '../enforce/permission.ts';
import { planFaults } from '../enforce/plan-faults.ts';
import { Turns } from '../enforce/turns.ts';
import type { Claim, Replica } from '../ledger/claim.ts';
import type { Ledger } from '../ledger/store.ts';
import { newRecording } from '../rehearse/recording.ts';
import type { SealedRecording } from '../rehearse/sealed-recording.ts';
import { forbidden } from '../request/refused.ts';
import { podDifferences } from './pod-matches-job.ts';
import type { Enforcement, Run } from './run.ts';

/** A pod whose token was verified. */
export interface PodIdentity {
  readonly name: string;
  readonly uid: string;
}

/**
 * Finds the run of a sandbox pod by what the API server says: pod uid → owner Job uid → the stage whose Job uid the action's
 * status recorded before the Job was released. Labels and annotations only say where to look. Then the run is claimed for this
 * pod, once. For a real run the plan is held against the gateway's own recording and against the policies as they are now.
 *
 * @throws Refused with the reason.
 */
export async function resolveRun(client: KubeClient, ledger: Ledger, replica: Replica, pod: AnyObject): Promise<Run> {
  const podUid = pod.metadata.uid ?? '';
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller && reference.kind === 'Job');
  if (!owner) throw forbidden('the pod belongs to no Job');
  const job = await client.get(jobs, { name: owner.name, namespace: namespaces.sandboxes });
  if (!job || job.metadata.uid !== owner.uid) throw forbidden('the Job of the pod is gone');
  const altered = podDifferences(job, pod);
  if (altered.length > 0)
    throw forbidden(`the pod is not what its Job says, so something changed it: ${altered.slice(0, 3).join('; ')}`);
  const action = await readAction(client, job);
  const stage = action.status?.stages?.find(({ uid }) => uid === owner.uid);
  if (!stage || stage.outcome !== undefined) throw forbidden('the action has no running Job with this uid');
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  if (!requester || action.metadata.uid === undefined) throw forbidden('the action has no requester');
  const ref = { namespace: action.metadata.namespace ?? '', name: action.metadata.name, uid: action.metadata.uid };
  const run = {
    stage: stage.stage,
    jobUid: owner.uid,
    podUid,
    podName: pod.metadata.name ?? '',
    namespace: ref.namespace,
    actionName: ref.name,
    actionUid: ref.uid,
    generation: action.metadata.generation ?? 0,
    requester,
    recording: newRecording(),
  };
  const claimWith = { jobUid: owner.uid, podUid, replica, action: ref, now: Date.now() };
  if (stage.stage === 'run') {
    const plan = await readPlan(client, action, stage);
    const digest = stage.plan ?? '';
    const held = await ledger.claimOf(owner.uid);
    const risk = await requireApproved(client, ledger, ref, { plan, digest, held, now: claimWith.now });
    const claim = requireClaim(
      await ledger.claim({
        ...claimWith,
        account: plan.spec.account,
        plan: { digest, effects: plan.spec.effects.length, recording: plan.spec.recording?.job ?? '' },
      }),
      owner.uid,
      podUid,
    );
    const enforcement = await enforcementOf(ledger, { plan, digest, risk }, claim);
    return { ...run, account: plan.spec.account, mayWrite: true, enforcement };
  }
  const { account, mayWrite } =
    stage.stage === 'verification'
      ? { account: await accountOfRun(ledger, action, stage), mayWrite: false }
      : await rightsOf(client, action, requester, await readPlaybook(client, action));
  const claim = requireClaim(await ledger.claim({ ...claimWith, account, plan: undefined }), owner.uid, podUid);
  if (stage.stage === 'rehearsal' && claim.process !== replica.process)
    throw forbidden('another replica of the gateway records this rehearsal, or did until it ended');
  return { ...run, account, mayWrite, enforcement: undefined };
}

function requireClaim(claim: Claim, jobUid: string, podUid: string): Claim {
  if (claim.job !== jobUid) throw forbidden('another Job has claimed this plan already: a plan is carried out once');
  if (claim.pod !== podUid) throw forbidden('the run belongs to another pod: a Job runs once');
  return claim;
}

async function enforcementOf(
  ledger: Ledger,
  approved: Pick<Enforcement, 'plan' | 'digest' | 'risk'>,
  claim: Claim,
): Promise<Enforcement> {
  const entries = await ledger.entries(claim.job);
  const consumed = new Set(entries.filter((entry) => entry.state === 'Done').map(({ target }) => target.index));
  return {
    ...approved,
    claim: claim.name,
    claimedAt: claim.claimedAt,
    consumed,
    turns: new Turns(),
    blocked: claim.blocked,
  };
}

async function readAction(client: KubeClient, job: AnyObject): Promise<AgentAction> {
  const { namespace, name } = splitKey(job.metadata.annotations?.[annotations.action] ?? '');
  const action = namespace === undefined || name === '' ? null : await client.get(agentActions, { namespace, name });
  if (!action) throw forbidden('the action of the Job is gone');
  if (action.metadata.deletionTimestamp !== undefined || action.spec.cancelled) throw forbidden('the action is being ended');
  return action;
}

// What a rehearsal may do, and as whom, comes from the Playbook that was admitted; one that changed since is not believed.
async function readPlaybook(client: KubeClient, action: AgentAction): Promise<Playbook> {
  const admitted = action.status?.playbook;
  if (!admitted) throw forbidden('the action names no Playbook');
  const name = action.spec.playbookRef?.name ?? '';
  const playbook = adHocPlaybook(action) ?? (await client.get(playbooks, { name, namespace: action.metadata.namespace }));
  if (!playbook || playbookDigest(playbook) !== admitted.digest)
    throw forbidden('the Playbook changed after the action was admitted');
  return playbook;
}

async function rightsOf(
  client: KubeClient,
  action: AgentAction,
  requester: Identity,
  { spec }: Playbook,
): Promise<{ account: string; mayWrite: boolean }> {
  if (action.status?.account !== spec.account) throw forbidden('the action names another account than its Playbook');
  if (!(await mayUse(client, requester, action.metadata.namespace ?? '', spec.account)))
    throw forbidden(`the requester does not hold the verb 'use' on the account '${spec.account}'`);
  return { account: spec.account, mayWrite: spec.sandbox.profile === 'Change' };
}

// The checks act as the account of the run that they check, by the gateway's own claim of it.
async function accountOfRun(ledger: Ledger, action: AgentAction, stage: StageStatus): Promise<string> {
  const run = action.status?.stages?.findLast((one) => one.stage === 'run');
  const claim = run && (await ledger.claimOf(run.uid));
  if (!claim || claim.action.uid !== action.metadata.uid || claim.plan === undefined || claim.plan !== stage.plan)
    throw forbidden('the gateway knows no run of this plan that there is to verify');
  return claim.account;
}

/** The plan of a real run, if its digest is the one that the action and the stage name. Throws Refused otherwise. */
export async function readPlan(client: KubeClient, action: AgentAction, stage: StageStatus): Promise<ActionPlan> {
  const { plan: summary } = action.status ?? {};
  if (!summary || stage.plan !== summary.digest) throw forbidden('the run is not that of the current plan');
  const plan = await client.get(actionPlans, { name: summary.name, namespace: action.metadata.namespace });
  if (!plan || digestOf(plan.spec) !== summary.digest) throw forbidden('the plan is gone or is not what was approved');
  if (plan.spec.action.uid !== action.metadata.uid) throw forbidden('the plan is for another action');
  return plan;
}

/**
 * Holds a plan against the recording of the gateway and against everything that policy asks for a start now. Answers with the risk of
 * what was recorded, by the gateway's own reckoning. Throws Refused.
 */
async function requireApproved(
  client: KubeClient,
  ledger: Ledger,
  ref: { readonly namespace: string; readonly name: string; readonly uid: string },
  run: { readonly plan: ActionPlan; readonly digest: string; readonly held: Claim | undefined; readonly now: number },
): Promise<RiskLevel> {
  const { plan, digest, held, now } = run;
  const recording = plan.spec.recording && (await ledger.recording<SealedRecording>(plan.spec.recording.job));
  const gathered = await gatherFacts(client, ref, plan, digest, held?.claimedAt ?? now);
  const faults = planFaults(gathered.action, plan, recording);
  if (faults.length > 0 || !recording)
    throw forbidden(`the plan is not what the gateway recorded: ${faults.slice(0, 4).join('; ')}`);
  // A freeze holds what has not started; a run that another replica has claimed goes on.
  const refusal = endingOf(gathered) ?? (held ? undefined : startRefusal(gathered));
  if (refusal !== undefined) throw forbidden(refusal);
  const risk = riskOf(gathered.facts, recording);
  const { refused, approved } = evaluatePlan({ ...gathered.facts, risk });
  if (refused !== undefined) throw forbidden(refused);
  if (!approved) throw forbidden('the plan does not have the approvals that policy requires');
  return risk;
}

// From the effects in full, which the plan may hide. What only the operator counts can raise it further.
function riskOf({ policies, playbook, action }: PlanFacts, { effects, shown, notObservable }: SealedRecording): RiskLevel {
  const indexed = effects.map((effect, index) => ({ ...effect, index }));
  return computeRisk({
    effects: indexed,
    shown,
    undeclared: undeclaredEffects(action, indexed),
    notObservable,
    environment: policies.environment,
    floor: playbook?.spec.risk?.floor,
    raised: judgeHighRisk(policies, indexed).raised,
    ownSteps: isAdHoc(action.spec),
    asks: playbook ? asksOf(policies, playbook.spec, action.spec.parameters) : [],
    wayBack: playbook?.spec.rollback?.from === 'PreImages',
  }).level;
}
