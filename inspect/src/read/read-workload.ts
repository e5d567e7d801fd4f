import type { LabelSelector, Pod, Workload } from '../objects.ts';
import { UsageError } from '../usage-error.ts';
import { kinds } from './kinds.ts';
import type { Reader } from './reader.ts';

const workloadKinds = {
  deployment: kinds.deployments,
  statefulset: kinds.statefulsets,
  daemonset: kinds.daemonsets,
} as const;

/** A workload, with its Pods. */
export interface WorkloadAndPods {
  readonly workload: Workload;
  readonly pods: readonly Pod[];
}

/** Reads `deployment/NAME`, `statefulset/NAME` or `daemonset/NAME`. Throws UsageError for other texts, and if it does not exist. */
export async function readWorkload(reader: Reader, namespace: string, text: string): Promise<WorkloadAndPods> {
  const [, kind = '', name = ''] = /^(deployment|statefulset|daemonset)\/([a-z0-9][-a-z0-9.]{0,252})$/.exec(text) ?? [];
  if (name === '') throw new UsageError(`'${text}' is not a workload: write deployment/NAME, statefulset/NAME or daemonset/NAME`);
  const workload = await reader.client.get(workloadKinds[kind as keyof typeof workloadKinds], { name, namespace });
  if (workload === null) throw new UsageError(`${kind}/${name} does not exist in namespace '${namespace}'`);
  const labelSelector = selectorText(workload.spec?.selector);
  return { workload, pods: await reader.list(kinds.pods, { namespace, labelSelector }) };
}

const operators: Readonly<Record<string, (key: string, values: string) => string>> = {
  In: (key, values) => `${key} in (${values})`,
  NotIn: (key, values) => `${key} notin (${values})`,
  Exists: (key) => key,
  DoesNotExist: (key) => `!${key}`,
};

/** A label selector as a query. Throws for an operator that is not known, because another selector would select other Pods. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): string {
  const parts = [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      const write = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
      if (!write) throw new Error(`the operator '${operator}' of a selector is not known`);
      return write(key, values.join(','));
    }),
  ];
  // An empty selector would select every Pod of the namespace.
  if (parts.length === 0) throw new Error('the workload has an empty selector');
  return parts.join(',');
}
