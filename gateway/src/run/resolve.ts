import { type ActionPlan, type AgentAction, agentActions, annotations, namespaces, type StageStatus } from '@sentinel/crds';
import { type AnyObject, jobs, type KubeClient, splitKey } from '@sentinel/kube';
import { parseIdentity, renderJob, type SandboxSettings, type StageFacts, templateDigest } from '@sentinel/policy';
import { claimAmendment } from '../amend/claim-amendment.ts';
import { Serializer } from '../enforce/serializer.ts';
import { type Installation, sandboxSettings } from '../installation.ts';
import type { ActionRef, Claim, ClaimRequest, Replica } from '../ledger/claim.ts';
import { keepRefusal } from '../ledger/refusals.ts';
import type { Ledger } from '../ledger/store.ts';
import { newRecording } from '../rehearse/recording.ts';
import { forbidden, Refused, refuseClaim } from '../request/refused.ts';
import { requireSource } from '../undo/source.ts';
import { judgePod } from './judge-pod.ts';
import { judgeRehearsal } from './judge-rehearsal.ts';
import { judgeRun, readPlan } from './judge-run.ts';
import { judgeVerification } from './judge-verification.ts';
import type { Enforcement, RecordedElsewhere, Run, Undoing } from './run.ts';

/** The message for a pod whose rehearsal cannot continue. */
export const RECORDER_GONE =
  'the replica of the gateway that recorded this rehearsal is gone, and what it recorded is lost; the rehearsal is started over';

/** A pod whose token was verified. */
export interface PodIdentity {
  readonly name: string;
  readonly uid: string;
}

/** The dependencies for resolving runs. */
export interface ResolveContext {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  readonly replica: Replica;
  readonly installation: Installation;
}

/** A pod that sends a request, and its stage of an action. */
interface Asked {
  readonly pod: AnyObject;
  readonly job: AnyObject;
  readonly jobUid: string;
  readonly podUid: string;
  readonly action: AgentAction;
  readonly ref: ActionRef;
  readonly stage: StageStatus;
  readonly now: number;
}

/**
 * Finds the run of a sandbox pod by what the API server says: pod uid → owner Job uid → the stage whose Job uid the action's
 * status recorded before the Job was released. Labels and annotations only say where to look. Then Job and pod are compared with what
 * the gateway renders itself, and the run is claimed for this pod, once. A refusal is kept in the ledger for the action's status.
 * A rehearsal stays with the process that claimed it.
 *
 * @throws Refused with the reason.
 */
export async function resolveRun(context: ResolveContext, pod: AnyObject): Promise<Run | RecordedElsewhere> {
  const { client } = context;
  const podUid = pod.metadata.uid ?? '';
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller && reference.kind === 'Job');
  if (!owner) throw forbidden('PodNotRecorded', 'the pod belongs to no Job');
  const job = await client.get(jobs, { name: owner.name, namespace: namespaces.sandboxes });
  if (!job || job.metadata.uid !== owner.uid) throw forbidden('PodNotRecorded', 'the Job of the pod is gone');
  const action = await readAction(client, job);
  const stage = action.status?.stages?.find(({ uid }) => uid === owner.uid);
  if (!stage || stage.outcome !== undefined) throw forbidden('PodNotRecorded', 'the action has no running Job with this uid');
  if (action.metadata.uid === undefined) throw forbidden('PodNotRecorded', 'the action has no uid');
  const ref = { namespace: action.metadata.namespace ?? '', name: action.metadata.name, uid: action.metadata.uid };
  try {
    return await claimStage(context, { pod, job, jobUid: owner.uid, podUid, action, ref, stage, now: Date.now() });
  } catch (error) {
    if (error instanceof Refused && error.status === 403)
      await keepRefusal(client, owner.uid, ref, { code: error.code, why: error.message });
    throw error;
  }
}

async function claimStage(context: ResolveContext, asked: Asked): Promise<Run | RecordedElsewhere> {
  const { client, ledger, replica } = context;
  const { action, ref, stage, jobUid, podUid, now } = asked;
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  if (!requester) throw forbidden('RequesterMissing', 'the action has no requester');
  const run = {
    stage: stage.stage,
    jobUid,
    podUid,
    podName: asked.pod.metadata.name ?? '',
    namespace: ref.namespace,
    actionName: ref.name,
    actionUid: ref.uid,
    generation: action.metadata.generation ?? 0,
    requester,
    recording: newRecording(ref.namespace),
    enforcement: undefined,
  };
  const held = await ledger.claimOf(jobUid);
  // An existing claim of this pod was evaluated when it was made; policies and settings may have changed since.
  const isHeld = held?.pod === podUid;
  // An existing claim keeps its name, which may be that of another version.
  const claim = async (request: Pick<ClaimRequest, 'account' | 'plan' | 'verifies' | 'undoes'>) =>
    requireClaim(
      held ? await ledger.claimNamed(held.name) : await ledger.claim({ jobUid, podUid, replica, action: ref, now, ...request }),
      asked,
    );
  if (stage.stage === 'run') {
    const plan = await readPlan(client, action, stage);
    const digest = stage.plan ?? '';
    const { gathered, ...judged } = await judgeRun(client, ledger, ref, {
      plan,
      digest,
      approvedAt: held?.claimedAt ?? now,
      moment: held ? 'take-over' : 'claim',
      claimed: held,
    });
    const { playbook, policies } = gathered.facts;
    if (!isHeld) await requireRendered(context, asked, { action: gathered.action, playbook: playbook?.spec, policies, plan });
    const { account, effects, rollback } = plan.spec;
    const checks = playbook?.spec.verify?.length ?? 0;
    const undoing = undoingOf(gathered.action, plan);
    // A run that is taken over was judged when it was claimed.
    if (undoing.undoing && !held) await requireSource(ledger, undoing.undoing, { ...ref, account });
    if (!held && plan.spec.amends) await claimAmendment(client, plan.spec.amends, ref);
    const claimed = await claim({
      account,
      ...(undoing.undoing ? { undoes: undoing.undoing.source.uid } : {}),
      plan: { digest, effects: effects.length, risk: judged.risk, rollback: rollback.from, checks },
    });
    if (claimed.plan !== digest) throw refuseClaim('PlanNotRecorded', 'the run was claimed with another plan');
    const enforcement = await enforcementOf(ledger, { plan, digest, ...judged }, claimed);
    return { ...run, ...undoing, account, mayWrite: true, enforcement };
  }
  if (stage.stage === 'verification') {
    const { run: verified, plan, gathered } = await judgeVerification(client, ledger, ref, { action, stage, now });
    const { playbook, policies } = gathered.facts;
    if (!isHeld) await requireRendered(context, asked, { action: gathered.action, playbook: playbook?.spec, policies, plan });
    await claim({ account: verified.account, verifies: verified.job });
    return { ...run, ...undoingOf(gathered.action, plan), account: verified.account, mayWrite: false };
  }
  const { around, playbook, amends } = await judgeRehearsal(client, ledger, ref);
  const { account, sandbox } = playbook.spec;
  const settings = await requireRendered(context, asked, { ...around, playbook: playbook.spec, plan: undefined });
  const claimed = await claim({ account });
  if (claimed.process !== replica.process) {
    // The same address is this pod, whose container was started again.
    if (claimed.replica === replica.address) throw forbidden('RecorderGone', RECORDER_GONE);
    const recorder = { address: claimed.replica, process: claimed.process };
    return { stage: 'rehearsal', jobUid, namespace: ref.namespace, recorder };
  }
  const rehearsal = { playbook, attempt: stage.attempt, settings, parent: around.parent?.uid, amends };
  return { ...run, ...undoingOf(around.action), account, mayWrite: sandbox.profile === 'Change', rehearsal };
}

const undoingOf = ({ spec }: AgentAction, plan?: ActionPlan): { readonly undoing?: Undoing } =>
  spec.rollbackOf ? { undoing: { source: spec.rollbackOf, approved: plan?.spec.rollbackOf } } : {};

// Returns the settings with which Job and pod equal the rendered ones.
async function requireRendered(
  { client, installation }: ResolveContext,
  { pod, job, stage }: Asked,
  facts: Pick<StageFacts, 'action' | 'policies'> & {
    readonly playbook: StageFacts['playbook'] | undefined;
    readonly plan: ActionPlan | undefined;
  },
): Promise<SandboxSettings> {
  const { action, policies, playbook, plan } = facts;
  if (!playbook)
    throw refuseClaim('PlanNotRecorded', 'the Playbook is no longer the approved one, and the plan has no copy of it');
  const wanted = {
    stage: stage.stage,
    attempt: stage.attempt,
    plan: stage.plan,
    action,
    playbook,
    policies,
    plannedSeconds: plan?.spec.durationSeconds,
  };
  const settings = judgePod(wanted, await sandboxSettings(client, installation), { job, pod });
  if (stage.stage === 'run' && plan?.spec.template !== templateDigest(renderJob(wanted, settings)))
    throw refuseClaim('PlanNotRecorded', 'the plan names the pods of another Job than the one that it comes to');
  return settings;
}

function requireClaim(claim: Claim, { jobUid, podUid }: Asked): Claim {
  if (claim.job !== jobUid)
    throw refuseClaim('AlreadyRun', 'another Job has run this action already, and an action runs only once. Create a new action');
  if (claim.pod !== podUid) throw forbidden('AlreadyRun', 'the run belongs to another pod: a Job runs once');
  return claim;
}

async function enforcementOf(
  ledger: Ledger,
  approved: Pick<Enforcement, 'plan' | 'digest' | 'risk' | 'parent' | 'recordedAt'>,
  claim: Claim,
): Promise<Enforcement> {
  const states = await ledger.states(claim.job);
  const consumed = new Set(states.filter(({ state }) => state === 'Done').map(({ target }) => target.index));
  return {
    ...approved,
    claim: claim.name,
    claimedAt: claim.claimedAt,
    consumed,
    turns: new Serializer(),
    blocked: claim.blocked,
  };
}

async function readAction(client: KubeClient, job: AnyObject): Promise<AgentAction> {
  const { namespace, name } = splitKey(job.metadata.annotations?.[annotations.action] ?? '');
  const action = namespace === undefined || name === '' ? null : await client.get(agentActions, { namespace, name });
  if (!action) throw forbidden('ActionGone', 'the action of the Job is gone');
  if (action.metadata.deletionTimestamp !== undefined || action.spec.cancelled)
    throw forbidden('ActionEnding', 'the action is cancelled or being deleted');
  return action;
}
