import { createHash } from 'node:crypto';
import type { Stage } from '@sentinel/crds';

/** Containers of a sandbox pod that are not steps. */
export const GATE = 'gate';
export const END = 'end';

/** The name of the container that runs a step. */
export const stepContainer = (step: string): string => `step-${step}`.slice(0, 63);

/** The name of a Job: one for each action uid, stage, attempt and plan, so that it can be created only once. */
export function jobName(actionUid: string, stage: Stage, attempt: number, plan: string | undefined): string {
  const hash = createHash('sha256')
    .update(`${actionUid}/${stage}/${attempt}/${plan ?? ''}`)
    .digest('hex')
    .slice(0, 16);
  return `${stage}-${hash}`;
}

/** The name of the plan of an attempt. */
export const planName = (action: string, attempt: number): string => `${action}-${attempt}`;
