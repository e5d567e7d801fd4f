import type { Effect } from '@sentinel/crds';
import { type AnyObject, type KubeClient, poddisruptionbudgets } from '@sentinel/kube';
import { type Budget, type Budgets, disruptedNamespaces } from '@sentinel/policy';
import { z } from 'zod';

const Expression = z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).optional() });
const Disruptions = z.object({
  metadata: z.object({ name: z.string(), generation: z.int().optional() }),
  spec: z.object({
    selector: z
      .object({
        matchLabels: z.record(z.string(), z.string()).optional(),
        matchExpressions: z.array(Expression).optional(),
      })
      .optional(),
  }),
  status: z.object({ observedGeneration: z.int().optional(), disruptionsAllowed: z.int().optional() }).optional(),
});

/** Reads the PodDisruptionBudgets of one namespace. */
export type ListBudgets = (namespace: string) => Promise<readonly AnyObject[]>;

/** Reads them from the API server. */
export const listBudgets =
  (client: KubeClient): ListBudgets =>
  async (namespace) =>
    (await client.list(poddisruptionbudgets, { namespace })).items;

/** Reads the PodDisruptionBudgets that the effects may violate. Namespaces that cannot be read are named in the plan. */
export async function readBudgets(list: ListBudgets, effects: readonly Effect[]): Promise<Budgets> {
  const read: Budget[] = [];
  const unread: { namespace: string; why: string }[] = [];
  for (const namespace of disruptedNamespaces(effects)) {
    try {
      read.push(...(await list(namespace)).map((item) => viewBudget(item, namespace)));
    } catch (error) {
      unread.push({ namespace, why: error instanceof Error ? error.message : String(error) });
    }
  }
  return { read, unread };
}

/** A PodDisruptionBudget. If its controller has not updated the status, no disruption is assumed to be allowed. */
export function viewBudget(object: AnyObject, namespace: string): Budget {
  const { data } = Disruptions.safeParse(object);
  // An unknown form of selector is treated as one that matches every pod, with no disruptions left.
  if (!data) return { namespace, name: object.metadata.name ?? '', selector: {}, disruptionsAllowed: 0 };
  const isCurrent = (data.status?.observedGeneration ?? 0) >= (data.metadata.generation ?? 1);
  return {
    namespace,
    name: data.metadata.name,
    selector: data.spec.selector,
    disruptionsAllowed: isCurrent ? Math.max(0, data.status?.disruptionsAllowed ?? 0) : 0,
  };
}
