import { type AgentAction, digestOf, namespaces, type Stage, type StageStatus, type State } from '@sentinel/crds';
import { type AnyObject, isAlreadyExists, jobs } from '@sentinel/kube';
import {
  auditAdmission,
  dataHandling,
  explainAll,
  fillSteps,
  isAdHoc,
  jobSeconds,
  keepSentence,
  keepText,
  policyName,
  type Refusal,
  resolveParameters,
  withoutQuotes,
} from '@sentinel/policy';
import { whyUnverifiable } from '../decide/decide.ts';
import { isSuspended } from '../decide/orphans.ts';
import type { Facts } from '../facts/facts.ts';
import { differences } from '../sandbox/compare.ts';
import { type SandboxSettings, sandboxJob } from '../sandbox/job.ts';
import { jobName } from '../sandbox/names.ts';
import { condition, enter } from '../status/conditions.ts';
import { record } from '../status/record.ts';
import type { ActContext, Pass } from './context.ts';
import { deleteSuspended } from './delete-suspended.ts';
import { end } from './end.ts';
import { failVerification } from './fail-verification.ts';
import { releaseJob } from './release-job.ts';

/** The status holds the jobs of this many rehearsals by number. */
const MAX_ATTEMPTS = 100;

const states: Record<Stage, State> = { rehearsal: 'Rehearsing', run: 'Running', verification: 'Verifying' };

/**
 * Starts a stage: the Job is created suspended under a name that exists once, the answer is compared with what was sent, its uid
 * goes into the status, and only then it is released. A crash between any two of these neither loses it nor starts it twice.
 */
export async function startJob(context: ActContext, pass: Pass, stage: Stage): Promise<void> {
  const { facts, draft, now } = pass;
  const { playbook } = facts;
  if (!playbook)
    return stage === 'verification'
      ? failVerification(pass, whyUnverifiable(facts))
      : end(pass, 'Denied', 'the Playbook is gone');
  const attempt = stage === 'rehearsal' ? (draft.attempt ?? 0) + 1 : 1;
  if (attempt > MAX_ATTEMPTS) return end(pass, 'Denied', `it was rehearsed ${MAX_ATTEMPTS} times. File a new action.`);
  const plan = stage === 'rehearsal' ? undefined : draft.plan?.digest;
  const wanted = desiredJob(facts, stage, attempt, plan, await context.settings());
  if (stage === 'run' && facts.plan?.spec.template !== digestOf(templateOf(wanted))) {
    return end(
      pass,
      'Denied',
      'the pods of the real run would not be those of the plan: Sentinel or its settings changed. File the action again.',
    );
  }
  const { job: created, existed } = await createOnce(context, wanted);
  // One that another operator made and released is not suspended any more. Its pods must be those that are wanted all the same.
  const released = existed && !isSuspended(created);
  const found = released ? differences(templateOf(wanted), templateOf(created), '.template') : altered(wanted, created);
  if (found.length > 0) {
    // By its uid alone: it may not even be suspended any more, if that was altered.
    const options = { preconditions: { uid: created.metadata.uid }, propagationPolicy: 'Background' } as const;
    await context.client.delete(jobs, { name: wanted.metadata.name ?? '', namespace: namespaces.sandboxes }, options);
    return end(
      pass,
      stage === 'run' ? 'RunFailed' : 'RehearsalFailed',
      `the Job was altered on its way, so it was never released: ${found.slice(0, 5).join('; ')}`,
    );
  }
  const uid = created.metadata.uid ?? '';
  const entry: StageStatus = {
    stage,
    attempt,
    name: wanted.metadata.name ?? '',
    uid,
    digest: digestOf(templateOf(wanted)),
    ...(plan === undefined ? {} : { plan }),
    startedAt: new Date(now).toISOString(),
  };
  if (stage === 'rehearsal') admitted(pass, attempt, await keptParameters(facts), await keptAudit(facts));
  draft.stages = [...(draft.stages ?? []), entry].slice(-16);
  delete draft.queuedAt;
  enter(draft, states[stage], `${sentence(stage)} (Job ${entry.name})`, now);
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

/** The Job of a stage, from facts alone. The template of the real run is part of what people approve. */
export function desiredJob(
  facts: Facts,
  stage: Stage,
  attempt: number,
  plan: string | undefined,
  settings: SandboxSettings,
): AnyObject {
  const { action, playbook, policies } = facts;
  if (!playbook) throw new Error('a Job needs a Playbook');
  const { values } = resolveParameters(playbook.spec, action.spec.parameters);
  const steps = stage === 'verification' ? (playbook.spec.verify ?? []) : playbook.spec.steps;
  const identity = { name: action.metadata.name, namespace: action.metadata.namespace ?? '', uid: action.metadata.uid ?? '' };
  return sandboxJob({
    name: jobName(identity.uid, stage, attempt, plan),
    stage,
    action: identity,
    sandbox: playbook.spec.sandbox,
    steps: fillSteps(steps, values),
    // What was planned, or less where policy has become stricter since.
    seconds: Math.min(
      jobSeconds(policies),
      (stage !== 'rehearsal' && facts.plan?.spec.durationSeconds) || Number.POSITIVE_INFINITY,
    ),
    settings,
  });
}

/** What is digested of a Job: its pods. */
export const templateOf = (job: AnyObject): unknown => (job.spec as { template: unknown }).template;

// The name is the lock: when the Job is there already, an earlier pass made it, for nobody else may create Jobs here. That pass may
// have seen another spec of the action: a Job that is still suspended then makes room for the one that is wanted now.
async function createOnce({ client }: ActContext, wanted: AnyObject): Promise<{ job: AnyObject; existed: boolean }> {
  try {
    return { job: await client.create(jobs, wanted), existed: false };
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const key = { name: wanted.metadata.name ?? '', namespace: namespaces.sandboxes };
  const found = await client.getOrThrow(jobs, key);
  if (found.metadata.deletionTimestamp !== undefined) throw new Error(`Job '${key.name}' of an earlier pass is being deleted`);
  if (!isSuspended(found) || altered(wanted, found).length === 0) return { job: found, existed: true };
  if (!(await deleteSuspended(client, found))) throw new Error(`Job '${key.name}' was released by another operator`);
  return { job: await client.create(jobs, wanted), existed: false };
}

const altered = (wanted: AnyObject, found: AnyObject) => differences({ spec: wanted.spec }, { spec: found.spec });

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
    condition(draft, type, 'Unknown', 'Pending', 'not yet', now);
  if (!again) record(draft, action, admissionEntry(action, facts, audited, parameters), now);
}

/** What policies that only audit would have refused, as it may be kept: it may quote commands. */
export async function keptAudit(facts: Facts): Promise<Refusal[]> {
  const handling = dataHandling(facts.policies);
  const kept: Refusal[] = [];
  for (const one of withoutQuotes(handling, auditAdmission({ ...facts, spec: facts.action.spec })))
    kept.push({ ...one, message: await keepSentence(handling, one.message) });
  return kept;
}

// Each value for itself: a digest of them all would tell nobody anything.
async function keptParameters({ action, policies }: Facts): Promise<string | undefined> {
  const handling = dataHandling(policies);
  if (handling.parameters === 'Dropped' || !action.spec.parameters?.length) return undefined;
  const kept = await Promise.all(
    action.spec.parameters.map(async ({ name, value }) => [name, await keepText('parameters', handling, value)] as const),
  );
  return JSON.stringify(Object.fromEntries(kept));
}

function admissionEntry(
  action: AgentAction,
  { requester, playbook, policies }: Facts,
  audited: readonly Refusal[],
  parameters: string | undefined,
) {
  const { intent } = action.spec;
  return {
    transition: 'Admitted' as const,
    actor: requester?.user ?? 'unknown',
    summary: `${requester?.user ?? 'unknown'} asks for ${isAdHoc(action.spec) ? 'steps of its own' : `Playbook ${playbook?.metadata.name ?? ''}`}: ${intent.summary}`,
    details: {
      'sentinel.intent.summary': intent.summary,
      'sentinel.intent.prompt': intent.prompt,
      'sentinel.intent.reason': intent.reason,
      'gen_ai.agent.name': intent.agent?.name,
      'gen_ai.request.model': intent.agent?.model,
      'gen_ai.conversation.id': intent.agent?.session,
      'gen_ai.tool.name': intent.tool?.name,
      'sentinel.mcp.server': intent.tool?.server,
      'sentinel.action.parent': intent.parentAction,
      'sentinel.parameters': parameters,
      'sentinel.playbook.digest': playbook ? digestOf(playbook.spec) : undefined,
      'sentinel.environment': policies.environment,
      'sentinel.policies': policies.policies.map((policy) => `${policyName(policy)}@${policy.digest.slice(0, 19)}`).join(' '),
      'sentinel.mode': action.spec.mode,
      'sentinel.policy.audit_only': explainAll(audited, 1000),
    },
  };
}

const sentence = (stage: Stage) =>
  ({
    rehearsal: 'the rehearsal runs; every write is a dry-run',
    run: 'the real run carries out the approved plan',
    verification: 'the checks of the Playbook run',
  })[stage];
