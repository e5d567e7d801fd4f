import { type ActionPlanSpec, actionPlans, digestOf } from '@sentinel/crds';
import { visible } from '@sentinel/kube';
import { comparePlans, summarizeDifference } from '@sentinel/policy';
import { cut } from '../../status/text.ts';
import type { ActContext, Pass } from '../context.ts';

const LONGEST = 512;

/**
 * How a plan differs from the one before the last edit, in a few words for people; undefined if there was none. Nothing is decided by it:
 * people decide on the whole plan.
 */
export async function describeDifference(
  { client }: Pick<ActContext, 'client'>,
  { draft, action }: Pick<Pass, 'draft' | 'action'>,
  spec: ActionPlanSpec,
): Promise<string | undefined> {
  const { previousPlan } = draft;
  if (!previousPlan) return undefined;
  const before = await client.get(actionPlans, { name: previousPlan.name, namespace: action.metadata.namespace ?? '' });
  if (!before || digestOf(before.spec) !== previousPlan.digest) return 'that plan is gone';
  return cut(visible(summarizeDifference(comparePlans(before.spec, spec))), LONGEST);
}
