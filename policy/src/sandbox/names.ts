import { createHash } from 'node:crypto';
import type { Stage } from '@sentinel/crds';

/** Containers of a sandbox pod that are not steps. */
export const GATE = 'gate';
export const END = 'end';

/** The name of the container that runs a step. */
export const stepContainer = (step: string): string => {
  const name = `step-${step}`;
  // Cut names could meet, and a result would be read from the wrong container.
  return name.length <= 63 ? name : `${name.slice(0, 46)}-${shortHash(step)}`;
};

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** The name of a Job: one for each action uid, stage, attempt and plan, so that it can be created only once. */
export function jobName(actionUid: string, stage: Stage, attempt: number, plan: string | undefined): string {
  return `${stage}-${shortHash(`${actionUid}/${stage}/${attempt}/${plan ?? ''}`)}`;
}

/** The name of the plan of an attempt. */
export const planName = (action: string, attempt: number): string => `${action}-${attempt}`;
