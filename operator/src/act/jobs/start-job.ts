import { type AgentAction, digestOf, namespaces, type Stage, type StageStatus, type State } from '@sentinel/crds';
import { type AnyObject, isAlreadyExists, jobs } from '@sentinel/kube';
import {
  asReleased,
  auditAdmission,
  dataHandling,
  explainAll,
  isAdHoc,
  jobDifferences,
  keepSentence,
  policyName,
  type Refusal,
  renderJob,
  type SandboxJob,
  type SandboxSettings,
  templateDigest,
  withoutQuotes,
} from '@sentinel/policy';
import { whyUnverifiable } from '../../decide/next-step.ts';
import { isSuspended } from '../../decide/orphans.ts';
import type { Facts } from '../../facts/facts.ts';
import { condition, enter } from '../../status/conditions.ts';
import { record } from '../../status/record.ts';
import type { ActContext, Pass } from '../context.ts';
import { end } from '../end/end.ts';
import { endAltered } from '../end/end-altered.ts';
import { failVerification } from '../outcome/fail-verification.ts';
import { keptParameters, requestDetails } from '../request-details.ts';
import { deleteSuspended } from './delete-suspended.ts';
import { releaseJob } from './release-job.ts';

/** The status has room for the Jobs of this many rehearsals. */
const MAX_ATTEMPTS = 100;

const states: Record<Stage, State> = { rehearsal: 'Rehearsing', run: 'Running', verification: 'Verifying' };

/**
 * Starts a stage: the Job is created suspended under a unique name, the response is compared with what was sent, its uid is stored in the
 * status, and only then it is released. After a crash between any two of these steps the Job is neither lost nor started twice.
 */
export async function startJob(context: ActContext, pass: Pass, stage: Stage): Promise<void> {
  const { facts, draft, now } = pass;
  const { playbook } = facts;
  if (!playbook)
    return stage === 'verification'
      ? failVerification(pass, whyUnverifiable(facts))
      : end(pass, 'Denied', 'the Playbook is gone');
  const attempt = nextAttempt(draft, stage);
  if (attempt > MAX_ATTEMPTS)
    return end(pass, 'Denied', `it was rehearsed ${MAX_ATTEMPTS} times, which is the maximum. Create a new action.`);
  const plan = stage === 'rehearsal' ? undefined : draft.plan?.digest;
  const wanted = desiredJob(facts, stage, attempt, plan, await context.settings());
  if (stage === 'run' && facts.plan?.spec.template !== templateDigest(wanted)) {
    return end(
      pass,
      'Denied',
      'the pods of the real run would not be those of the plan: Sentinel or its settings changed. Create the action again.',
    );
  }
  const { job: created, existed } = await createOnce(context, wanted);
  // A Job that another operator created and released is not suspended any more. Its pods must nevertheless be the wanted ones.
  const released = existed && !isSuspended(created);
  const found = jobDifferences(released ? asReleased(wanted, created) : wanted, created);
  if (found.length > 0) {
    // Identified only by its uid: it may not even be suspended any more, if that was altered.
    const options = { preconditions: { uid: created.metadata.uid }, propagationPolicy: 'Background' } as const;
    await context.client.delete(jobs, { name: wanted.metadata.name, namespace: namespaces.sandboxes }, options);
    const altered = { stage, attempt, name: wanted.metadata.name, uid: created.metadata.uid ?? '' };
    return endAltered(pass, { ...altered, ...(plan === undefined ? {} : { plan }) }, 'on its way', found);
  }
  const uid = created.metadata.uid ?? '';
  const entry: StageStatus = {
    stage,
    attempt,
    name: wanted.metadata.name,
    uid,
    digest: templateDigest(wanted),
    ...(plan === undefined ? {} : { plan }),
    startedAt: new Date(now).toISOString(),
  };
  if (stage === 'rehearsal') admitted(pass, attempt, await keptParameters(facts), await keptAudit(facts));
  addStage(draft, entry);
  delete draft.queuedAt;
  enter(draft, states[stage], `${sentence(stage)} (Job ${entry.name})`, now);
  // Only the first one is recorded: the others would take room that later records need.
  if (stage !== 'verification' || attempt === 1)
    record(
      draft,
      pass.action,
      {
        transition: stage === 'rehearsal' ? 'RehearsalStarted' : stage === 'run' ? 'RunStarted' : 'VerificationStarted',
        actor: 'sentinel-operator',
        summary: sentence(stage),
        plan,
        job: uid,
      },
      now,
    );
  if (!released) pass.afterwards.push(() => releaseJob(context, created));
}

// Rehearsals are counted over the whole life of the action; an action runs only once.
function nextAttempt({ attempt = 0, stages = [] }: Pass['draft'], stage: Stage): number {
  if (stage === 'rehearsal') return attempt + 1;
  return stage === 'run' ? 1 : stages.filter((one) => one.stage === 'verification').length + 1;
}

const addStage = (draft: Pass['draft'], entry: StageStatus) => {
  draft.stages = [...(draft.stages ?? []), entry].slice(-16);
};

/** The Job of a stage, from facts alone. The template of the real run is part of what people approve. */
export function desiredJob(
  { action, playbook, policies, plan: made }: Facts,
  stage: Stage,
  attempt: number,
  plan: string | undefined,
  settings: SandboxSettings,
): SandboxJob {
  if (!playbook) throw new Error('a Job needs a Playbook');
  const plannedSeconds = stage === 'rehearsal' ? undefined : made?.spec.durationSeconds;
  return renderJob({ stage, attempt, plan, action, playbook: playbook.spec, policies, plannedSeconds }, settings);
}

// The name is the lock: an existing Job was created by an earlier reconcile, because nobody else may create Jobs here. That reconcile may
// have seen another spec of the action: a Job that is still suspended is then replaced by the wanted one.
async function createOnce({ client }: ActContext, wanted: SandboxJob): Promise<{ job: AnyObject; existed: boolean }> {
  try {
    return { job: await client.create(jobs, wanted), existed: false };
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const key = { name: wanted.metadata.name, namespace: namespaces.sandboxes };
  const found = await client.getOrThrow(jobs, key);
  if (found.metadata.deletionTimestamp !== undefined) throw new Error(`Job '${key.name}' of an earlier pass is being deleted`);
  if (!isSuspended(found) || jobDifferences(wanted, found).length === 0) return { job: found, existed: true };
  if (!(await deleteSuspended(client, found))) throw new Error(`Job '${key.name}' was released by another operator`);
  return { job: await client.create(jobs, wanted), existed: false };
}

function admitted(
  { facts, draft, action, now }: Pass,
  attempt: number,
  parameters: string | undefined,
  audited: readonly Refusal[],
): void {
  const { playbook, policies } = facts;
  if (!playbook) return;
  draft.observedGeneration = action.metadata.generation;
  draft.attempt = attempt;
  draft.startedAt ??= new Date(now).toISOString();
  const admittedPlaybook = {
    name: playbook.metadata.name,
    uid: playbook.metadata.uid ?? '',
    digest: digestOf(playbook.spec),
    ...(isAdHoc(action.spec) ? { adHoc: true } : {}),
  };
  const again = draft.playbook?.digest === admittedPlaybook.digest && attempt > 1;
  draft.playbook = admittedPlaybook;
  draft.account = playbook.spec.account;
  if (facts.parent) draft.lineage = [...facts.parent.lineage, { name: facts.parent.name, uid: facts.parent.uid }];
  if (policies.environment !== undefined) draft.environment = policies.environment;
  draft.policies = policies.policies.map(({ kind, name, digest }) => ({ kind, name, digest }));
  const allowed = `allowed by ${policies.policies.map(policyName).join(', ')}`;
  const would = audited.length === 0 ? '' : `; only audited: ${explainAll(audited)}`;
  condition(draft, 'Admitted', 'True', 'Satisfied', `${allowed}${would}`, now);
  for (const type of ['Rehearsed', 'Approved', 'Executed', 'Verified'] as const)
    condition(draft, type, 'Unknown', 'Pending', 'the action has not reached this step yet', now);
  if (!again) record(draft, action, admissionEntry(action, facts, audited, parameters), now);
}

/** What `auditOnly` policies would have refused, masked because it may quote commands. */
export async function keptAudit(facts: Facts): Promise<Refusal[]> {
  const handling = dataHandling(facts.policies);
  const kept: Refusal[] = [];
  for (const one of withoutQuotes(handling, auditAdmission({ ...facts, spec: facts.action.spec })))
    kept.push({ ...one, message: await keepSentence(handling, one.message) });
  return kept;
}

function admissionEntry(
  action: AgentAction,
  { requester, playbook, policies }: Facts,
  audited: readonly Refusal[],
  parameters: string | undefined,
) {
  const { intent, onBehalfOf } = action.spec;
  const person = onBehalfOf === undefined ? '' : ` on behalf of ${onBehalfOf.user}`;
  return {
    transition: 'Admitted' as const,
    actor: requester?.user ?? 'unknown',
    summary: `${requester?.user ?? 'unknown'}${person} asks for ${workOf(action, playbook?.metadata.name)}: ${intent.summary}`,
    details: {
      ...requestDetails(action, parameters),
      'sentinel.playbook.digest': playbook ? digestOf(playbook.spec) : undefined,
      'sentinel.environment': policies.environment,
      'sentinel.policies': policies.policies.map((policy) => `${policyName(policy)}@${policy.digest.slice(0, 19)}`).join(' '),
      'sentinel.spec.digest': digestOf(action.spec),
      'sentinel.policy.audit_only': explainAll(audited, 1000),
    },
  };
}

function workOf({ spec }: AgentAction, playbook = ''): string {
  if (spec.rollbackOf) return `the rollback of AgentAction '${spec.rollbackOf.name}'`;
  return isAdHoc(spec) ? 'ad-hoc steps' : `Playbook ${playbook}`;
}

const sentence = (stage: Stage) =>
  ({
    rehearsal: 'the rehearsal runs; every write is a dry-run',
    run: 'the real run carries out the approved plan',
    verification: 'the checks of the Playbook run',
  })[stage];
