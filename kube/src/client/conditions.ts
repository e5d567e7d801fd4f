/** A condition as `metav1.Condition`. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  observedGeneration?: number | undefined;
  lastTransitionTime: string;
}

/** A condition without its transition time, which is computed. */
export type ConditionInput = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'> & {
  observedGeneration?: number | undefined;
};

/**
 * A new array, sorted by type, with this condition in it. The input is not changed.
 * `lastTransitionTime` moves only if `status` changes. Setting the same condition twice gives deeply equal arrays.
 */
export function setCondition(conditions: readonly Condition[] | undefined, input: ConditionInput, now: Date): Condition[] {
  const { type, status, reason, message, observedGeneration } = input;
  const before = findCondition(conditions, type);
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : wholeSeconds(now);
  const generation = observedGeneration === undefined ? {} : { observedGeneration };
  const others = (conditions ?? []).filter((condition) => condition.type !== type);
  return [...others, { type, status, reason, message, ...generation, lastTransitionTime }].sort(byType);
}

/** The condition of this type, if there is one. */
export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Whether the condition exists and is True. False if it is absent or Unknown. */
export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

// By code unit and not by locale: the order must be the same everywhere.
function byType(a: Condition, b: Condition): number {
  return a.type < b.type ? -1 : a.type > b.type ? 1 : 0;
}

// metav1.Time has no fraction: with one, the stored condition would differ from the computed one on each pass.
function wholeSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
