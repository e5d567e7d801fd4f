import type { AgentAction, Playbook } from '@sentinel/crds';
import { adHocPlaybook, isAdHoc, type Trust, UNTRUSTED_STEPS } from '@sentinel/policy';

/** Trust in a Playbook where only policies are asked: who sealed what is a fact of a cluster. */
export const TAKEN_FOR_GIVEN: Trust = {
  trusted: true,
  by: { playbook: '', digest: '', user: '', groups: [], time: '', key: '', seal: '' },
};

/** What an action runs, and whether it is to be trusted. */
export interface Work {
  /** The Playbook that it names, or what its own steps come to; undefined where there is none. */
  readonly playbook: Playbook | undefined;
  readonly trust: Trust;
  readonly adHoc: boolean;
}

/** What an action runs. Trust in a Playbook is `trust`; in steps of its own there is none, whatever is taken for given. */
export function workOf(
  action: Pick<AgentAction, 'metadata' | 'spec'>,
  playbooks: readonly Playbook[],
  trust: Trust = TAKEN_FOR_GIVEN,
): Work {
  if (isAdHoc(action.spec)) return { playbook: adHocPlaybook(action), trust: UNTRUSTED_STEPS, adHoc: true };
  const playbook = playbooks.find(
    ({ metadata }) => metadata.name === action.spec.playbookRef?.name && metadata.namespace === action.metadata.namespace,
  );
  return { playbook, trust, adHoc: false };
}
