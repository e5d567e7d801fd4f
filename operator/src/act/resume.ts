import { enter } from '../status/conditions.ts';
import type { Pass } from './context.ts';

/** A suspension was lifted: people are asked again, because what they approved before it may not be what they want after it. */
export function resume({ draft, now }: Pass): void {
  draft.resumedAt = new Date(now).toISOString();
  enter(draft, 'AwaitingApproval', 'the suspension was lifted; approvals from before it do not count', now);
}
