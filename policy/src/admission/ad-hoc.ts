import { type AgentAction, type AgentActionSpec, API_VERSION, type Playbook, PlaybookSpec } from '@sentinel/crds';
import type { Trust } from '../approval/trust.ts';

/** Whether an action brings its own steps instead of naming a Playbook. */
export const isAdHoc = (spec: Pick<AgentActionSpec, 'steps'>): boolean => spec.steps !== undefined;

/** Trust in ad-hoc steps: there is none, because nobody but the agent has seen them before. */
export const UNTRUSTED_STEPS: Trust = { trusted: false, why: 'the steps are those of the action itself' };

/**
 * What the steps of an action come to as a Playbook, so that they take the same path: writes are effects, the way back is from the
 * pre-images. The same steps have the same digest in every action. Undefined when the action brings no steps.
 */
export function adHocPlaybook({ metadata, spec }: Pick<AgentAction, 'metadata' | 'spec'>): Playbook | undefined {
  if (!spec.steps || spec.account === undefined || spec.image === undefined) return undefined;
  return {
    apiVersion: API_VERSION,
    kind: 'Playbook',
    // A name that is still to be generated is not known at admission.
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
