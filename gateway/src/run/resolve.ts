import {
  type ActionPlan,
  type AgentAction,
  actionPlans,
  agentActions,
  annotations,
  digestOf,
  namespaces,
  playbooks,
  type StageStatus,
} from '@sentinel/crds';
import { type AnyObject, configmaps, jobs, type KubeClient, splitKey } from '@sentinel/kube';
import {
  adHocPlaybook,
  type Identity,
  isApproved,
  parseIdentities,
  parseIdentity,
  playbookDigest,
  readSealKeys,
  type SealKeys,
  tallyDecisions,
} from '@sentinel/policy';
import { forbidden } from '../request/refused.ts';
import { requireNobodyNeeded } from './auto-review.ts';
import type { Ledger, Replica } from './ledger.ts';
import { newRecording } from './recording.ts';
import type { Enforcement, Run } from './run.ts';

/** The ConfigMap in which the webhook publishes the public keys of its seals. */
export const SEAL_KEYS = 'sentinel-seal-keys';

/** A pod whose token was verified. */
export interface PodIdentity {
  readonly name: string;
  readonly uid: string;
}

/**
 * Finds the run of a sandbox pod by what the API server says: pod uid → owner Job uid → the stage whose Job uid the action's
 * status recorded before the Job was released. Labels and annotations only say where to look. Then the run is claimed for this
 * pod, once. For a real run the plan's digest and the seals of its approvals are checked here again. Throws Refused otherwise.
 */
export async function resolveRun(client: KubeClient, ledger: Ledger, replica: Replica, pod: AnyObject): Promise<Run> {
  const podUid = pod.metadata.uid ?? '';
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller && reference.kind === 'Job');
  if (!owner) throw forbidden('the pod belongs to no Job');
  const job = await client.get(jobs, { name: owner.name, namespace: namespaces.sandboxes });
  if (!job || job.metadata.uid !== owner.uid) throw forbidden('the Job of the pod is gone');
  const action = await readAction(client, job);
  const stage = action.status?.stages?.find(({ uid }) => uid === owner.uid);
  if (!stage || stage.outcome !== undefined) throw forbidden('the action knows no running Job with this uid');
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  const account = action.status?.account;
  if (!requester || !account || action.metadata.uid === undefined) throw forbidden('the action has no requester or no account');
  const enforcement = stage.stage === 'run' ? await readEnforcement(client, action, stage) : undefined;
  const mayWrite = stage.stage === 'run' || (stage.stage === 'rehearsal' && (await isChanging(client, action)));
  const ref = { namespace: action.metadata.namespace ?? '', name: action.metadata.name, uid: action.metadata.uid };
  const claim = await ledger.claim(owner.uid, podUid, replica, ref);
  if (claim.pod !== podUid) throw forbidden('the run belongs to another pod: a Job runs once');
  if (stage.stage === 'rehearsal' && claim.process !== replica.process)
    throw forbidden('another replica of the gateway records this rehearsal, or did until it ended');
  if (enforcement) {
    enforcement.blocked = claim.blocked;
    for (const { intent, result } of await ledger.intents(owner.uid)) if (result) enforcement.consumed.add(intent.effect.index);
  }
  return {
    stage: stage.stage,
    jobUid: owner.uid,
    podUid,
    namespace: action.metadata.namespace ?? '',
    actionName: action.metadata.name,
    actionUid: action.metadata.uid,
    account,
    requester,
    mayWrite,
    recording: newRecording(),
    enforcement,
  };
}

async function readAction(client: KubeClient, job: AnyObject): Promise<AgentAction> {
  const { namespace, name } = splitKey(job.metadata.annotations?.[annotations.action] ?? '');
  const action = namespace === undefined || name === '' ? null : await client.get(agentActions, { namespace, name });
  if (!action) throw forbidden('the action of the Job is gone');
  if (action.metadata.deletionTimestamp !== undefined || action.spec.cancelled) throw forbidden('the action is being ended');
  return action;
}

// What the Playbook may do comes from the Playbook that was admitted; one that changed since is not believed.
async function isChanging(client: KubeClient, action: AgentAction): Promise<boolean> {
  const admitted = action.status?.playbook;
  if (!admitted) throw forbidden('the action names no Playbook');
  const playbook =
    adHocPlaybook(action) ?? (await client.get(playbooks, { name: admitted.name, namespace: action.metadata.namespace }));
  if (!playbook || playbookDigest(playbook) !== admitted.digest)
    throw forbidden('the Playbook changed after the action was admitted');
  return playbook.spec.sandbox.profile === 'Change';
}

async function readEnforcement(client: KubeClient, action: AgentAction, stage: StageStatus): Promise<Enforcement> {
  const { plan, requester, keys } = await readApproved(client, action, stage);
  const needsPerson = plan.spec.required.autoReview
    ? await requireNobodyNeeded(client, action, plan, requester, keys)
    : undefined;
  return { plan, consumed: new Set(), blocked: undefined, needsPerson };
}

/** The plan of a real run, if its digest is the one that was approved and the seals say so. Throws Refused otherwise. */
export const readApprovedPlan = async (client: KubeClient, action: AgentAction, stage: StageStatus): Promise<ActionPlan> =>
  (await readApproved(client, action, stage)).plan;

async function readApproved(
  client: KubeClient,
  action: AgentAction,
  stage: StageStatus,
  now = Date.now(),
): Promise<{ plan: ActionPlan; requester: Identity; keys: SealKeys }> {
  const { plan: summary } = action.status ?? {};
  const requester = parseIdentity(action.metadata.annotations?.[annotations.requestedBy]);
  const editors = parseIdentities(action.metadata.annotations?.[annotations.amendedBy]);
  if (!summary || !requester || !editors || stage.plan !== summary.digest)
    throw forbidden('the run is not that of the current plan');
  const plan = await client.get(actionPlans, { name: summary.name, namespace: action.metadata.namespace });
  if (!plan || digestOf(plan.spec) !== summary.digest) throw forbidden('the plan is gone or is not what was approved');
  if (plan.spec.action.uid !== action.metadata.uid) throw forbidden('the plan is for another action');
  const keys = readSealKeys(
    (await client.get(configmaps, { name: SEAL_KEYS, namespace: namespaces.system }))?.data as Record<string, string> | undefined,
  );
  const requirements = { ...plan.spec.required, groups: plan.spec.required.groups };
  // Judged as of the start of the Job: an approval that ran out while the run was under way was good when it counted.
  const at = stage.startedAt === undefined ? now : Math.min(now, Date.parse(stage.startedAt));
  const tally = tallyDecisions({
    approvals: action.metadata.annotations?.[annotations.approvals],
    actionUid: action.metadata.uid ?? '',
    plan: summary.digest,
    requester,
    editors,
    requirements,
    keys,
    now: at,
  });
  if (!isApproved(tally, requirements)) throw forbidden('the sealed approvals of the plan do not verify');
  return { plan, requester, keys };
}
