import type { AgentAction } from '@sentinel/crds';
import type { Parent } from '../admission/lineage.ts';

/** The action `a` of the Playbook `fix` in the namespace `shop`, without a status. */
export const anAction = (
  more: {
    readonly metadata?: Partial<AgentAction['metadata']>;
    readonly spec?: Partial<AgentAction['spec']>;
    readonly status?: NonNullable<AgentAction['status']>;
  } = {},
): AgentAction => ({
  apiVersion: 'sentinel.dev/v1alpha1',
  kind: 'AgentAction',
  metadata: { name: 'a', namespace: 'shop', uid: 'u', generation: 1, ...more.metadata },
  spec: { intent: { summary: 's' }, playbookRef: { name: 'fix' }, mode: 'Apply', cancelled: false, ...more.spec },
  ...(more.status ? { status: more.status } : {}),
});

/** An action `whole` that has parts. */
export const aParent = (more: Partial<Parent> = {}): Parent => ({
  name: 'whole',
  uid: 'w',
  requester: { user: 'agent', groups: [] },
  mode: 'Apply',
  end: undefined,
  cancelled: false,
  lineage: [],
  ...more,
});
