import { count } from '@sentinel/crds';
import type { DecisionRecord, Tally } from '@sentinel/policy';
import { enter } from '../../status/conditions.ts';
import type { Pass } from '../context.ts';

/** A person asked for changes: the action waits until its requester revises it. The request itself is recorded with the other decisions. */
export function requestChanges({ draft, action, now }: Pass, { user, comment }: Pick<DecisionRecord, 'user' | 'comment'>): void {
  const { name, namespace = '' } = action.metadata;
  enter(
    draft,
    'ChangesRequested',
    `${user} asked for changes: ${comment ?? 'no comment'}. The requester revises the action, for example with kubectl edit agentaction ${name} -n ${namespace}; then a new plan follows.`,
    now,
  );
}

/** Everyone who asked for changes has decided again: the plan waits for approval as before. */
export function withdrawRequest({ draft, action, now }: Pass, { approvals, requirements }: Tally): void {
  const { name, namespace = '' } = action.metadata;
  enter(
    draft,
    'AwaitingApproval',
    `no request for changes is left; ${approvals} of ${count(requirements.approvals, 'approval')}: kubectl sentinel plan ${name} -n ${namespace}`,
    now,
  );
}
