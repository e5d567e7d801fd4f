/** A label selector as Kubernetes has it. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?: readonly LabelExpression[] | undefined;
}

interface LabelExpression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

/** Whether a selector chooses what has these labels. None chooses nothing, an empty one everything, one that is not understood also. */
export function selects(selector: LabelSelector | undefined, labels: ReadonlyMap<string, string>): boolean {
  if (!selector) return false;
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels.get(key) === value);
  return equal && (selector.matchExpressions ?? []).every((expression) => holds(expression, labels));
}

function holds({ key, operator, values = [] }: LabelExpression, labels: ReadonlyMap<string, string>): boolean {
  const value = labels.get(key);
  if (operator === 'In') return value !== undefined && values.includes(value);
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  return true;
}
