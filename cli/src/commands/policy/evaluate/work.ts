import type { AgentAction, Playbook } from '@sentinel/crds';
import { adHocPlaybook, isAdHoc, type Trust, UNTRUSTED_STEPS } from '@sentinel/policy';

/** Trust in a Playbook if only policies are evaluated: whether it was sealed is a fact of a cluster, so it is assumed. */
export const TAKEN_FOR_GIVEN: Trust = {
  trusted: true,
  by: { playbook: '', digest: '', user: '', groups: [], time: '', key: '', seal: '' },
};

/** What an action runs, and whether it is trusted. */
export interface Work {
  /** The Playbook that it names, or the one that is built from its ad-hoc steps; undefined if it does not exist. */
  readonly playbook: Playbook | undefined;
  readonly trust: Trust;
  readonly adHoc: boolean;
}

/** What an action runs. `trust` is the trust in a Playbook; ad-hoc steps are never trusted. */
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
