import { type AgentAction, type AgentActionSpec, API_VERSION, type Playbook, PlaybookSpec } from '@sentinel/crds';
import type { Trust } from '../approval/trust.ts';
import { isRollback, rollbackPlaybook } from './rollback-of.ts';

/** Whether an action names no Playbook: it has ad-hoc steps, or undoes another action. */
export const isAdHoc = (spec: Pick<AgentActionSpec, 'steps' | 'rollbackOf'>): boolean => hasOwnSteps(spec) || isRollback(spec);

/** Whether an action has ad-hoc steps. */
export const hasOwnSteps = (spec: Pick<AgentActionSpec, 'steps'>): boolean => spec.steps !== undefined;

/** Ad-hoc steps are never trusted, because only the agent has seen them before. */
export const UNTRUSTED_STEPS: Trust = { trusted: false, why: 'the steps are those of the action itself' };

/**
 * The Playbook that is built from the ad-hoc steps of an action, so that they are handled in the same way: writes are effects, the rollback is
 * from the pre-images. The same steps have the same digest in every action. An action that undoes another one gets the Playbook of a rollback.
 * Undefined if the action names a Playbook.
 */
export function adHocPlaybook({ metadata, spec }: Pick<AgentAction, 'metadata' | 'spec'>): Playbook | undefined {
  if (isRollback(spec)) return rollbackPlaybook({ metadata, spec });
  if (!spec.steps || spec.account === undefined || spec.image === undefined) return undefined;
  return {
    apiVersion: API_VERSION,
    kind: 'Playbook',
    // A name that the API server will generate is unknown at admission.
    metadata: { name: metadata.name ?? '', namespace: metadata.namespace ?? '', uid: metadata.uid ?? '' },
    spec: PlaybookSpec.parse({
      category: 'Other',
      description: 'Steps that an action brought itself.',
      account: spec.account,
      sandbox: { profile: 'Change', image: spec.image },
      steps: spec.steps,
      ...(spec.verify === undefined ? {} : { verify: spec.verify }),
      rollback: { from: 'PreImages' },
      autonomy: 'Auto',
    }),
  };
}
