import type { AgentActionStatus } from '@sentinel/crds';
import type { RequiredReasons } from '../approval/reasons.ts';
import type { Requirements } from '../approval/requirements.ts';

const reasonsOf = ({ comment, tickets }: RequiredReasons) => ({
  ...(comment ? { comment } : {}),
  ...(tickets === undefined ? {} : { tickets: [...tickets] }),
});

const GROUPS_MAX = 64;

/** What a plan needs, as plans and statuses hold it. */
export function requiredOf(requirements: Requirements): NonNullable<AgentActionStatus['required']> {
  const { approvals, autoReview, groups, approverGroups, refuseGroups, expiresAfter, standing, reasons } = requirements;
  return {
    approvals,
    ...(autoReview ? { autoReview } : {}),
    ...(groups === undefined ? {} : { groups: [...groups] }),
    ...(approverGroups === undefined ? {} : { approverGroups: [...approverGroups] }),
    ...(refuseGroups === undefined ? {} : { refuseGroups: refuseGroups.slice(0, GROUPS_MAX) }),
    expiresAfter,
    ...(standing === undefined ? {} : { standing }),
    ...(reasons === undefined ? {} : { reasons: reasonsOf(reasons) }),
  };
}
