import { type AgentAction, digestOf, type PlaybookSpec, type Stage } from '@sentinel/crds';
import { fillSteps, resolveParameters } from '../admission/parameters.ts';
import { isRollback } from '../admission/rollback-of.ts';
import { jobSeconds } from '../approval/requirements.ts';
import type { PolicySet } from '../policyset/policy-set.ts';
import { jobName } from './names.ts';
import { type SandboxJob, type SandboxSettings, sandboxJob } from './sandbox-job.ts';

/** Everything that the Job of a stage depends on. */
export interface StageFacts {
  readonly stage: Stage;
  readonly attempt: number;
  /** The digest of the plan that the Job is for; undefined for a rehearsal. */
  readonly plan: string | undefined;
  readonly action: Pick<AgentAction, 'metadata' | 'spec'>;
  /** The Playbook of the stage, or the one that is built from the ad-hoc steps. */
  readonly playbook: PlaybookSpec;
  readonly policies: PolicySet;
  /** How long the plan lets its run take, in seconds; undefined for a rehearsal. */
  readonly plannedSeconds: number | undefined;
}

/**
 * The Job of a stage, computed only from facts. The operator creates it; the gateway renders it again from its own reads, and serves only a pod
 * that equals it.
 */
export function renderJob(
  { stage, attempt, plan, action, playbook, ...facts }: StageFacts,
  settings: SandboxSettings,
): SandboxJob {
  const { values } = resolveParameters(playbook, action.spec.parameters);
  const { name, namespace = '', uid = '' } = action.metadata;
  return sandboxJob({
    name: jobName(uid, stage, attempt, plan),
    stage,
    action: { name, namespace, uid },
    sandbox: playbook.sandbox,
    ...(isRollback(action.spec) ? { isOwn: true } : {}),
    steps: fillSteps(stage === 'verification' ? (playbook.verify ?? []) : playbook.steps, values),
    // What was planned, or less where policy has become stricter since.
    seconds: Math.min(jobSeconds(facts.policies), facts.plannedSeconds ?? Number.POSITIVE_INFINITY),
    settings,
  });
}

/** The digest of the pods of a Job: steps, images, limits, all of it. Everything that is alike in each cluster is a part of it. */
export const templateDigest = ({ spec }: Pick<SandboxJob, 'spec'>): string => digestOf(spec.template);
