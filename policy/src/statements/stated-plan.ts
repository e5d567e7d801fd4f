import { type ActionPlanSpec, digestOf } from '@sentinel/crds';

/**
 * The digest of a plan by which the gateway states what people are shown: everything but what only the operator counts, earlier runs, and
 * what follows from them (`risk`, `required`), and but the name of the recording, which the statement has itself.
 */
export function statedPlan(plan: Omit<ActionPlanSpec, 'recording' | 'risk' | 'required'>): string {
  const { recording: _, risk: __, required: ___, ...stated } = plan as Partial<ActionPlanSpec>;
  return digestOf(stated);
}

/** The digest of the effects of a plan, as a statement names it. */
export const statedEffects = ({ effects }: Pick<ActionPlanSpec, 'effects'>): string => digestOf(effects);
