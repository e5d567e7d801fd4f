import type { AgentActionStatus } from '@sentinel/crds';
import type { Requirements } from '../approval/requirements.ts';

const GROUPS_MAX = 64;

/** What a plan needs, as plans and statuses hold it. */
export function requiredOf(requirements: Requirements): NonNullable<AgentActionStatus['required']> {
  const { approvals, autoReview, groups, approverGroups, refuseGroups, expiresAfter } = requirements;
  return {
    approvals,
    ...(autoReview ? { autoReview } : {}),
    ...(groups === undefined ? {} : { groups: [...groups] }),
    ...(approverGroups === undefined ? {} : { approverGroups: [...approverGroups] }),
    ...(refuseGroups === undefined ? {} : { refuseGroups: refuseGroups.slice(0, GROUPS_MAX) }),
    expiresAfter,
  };
}
