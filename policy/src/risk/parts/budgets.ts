import type { Effect, RiskPart } from '@sentinel/crds';
import { partForEach } from '../part.ts';
import { type LabelSelector, selects } from '../selector.ts';
import { count, namesOf, objectKey } from '../words.ts';
import { reachesPods } from './pods.ts';

const SHOWN = 4;

/** A PodDisruptionBudget as it is when the plan is made. */
export interface Budget {
  readonly namespace: string;
  readonly name: string;
  readonly selector: LabelSelector | undefined;
  /** How many pods may be disrupted right now; 0 when that is not known. */
  readonly disruptionsAllowed: number;
}

/** The PodDisruptionBudgets of the namespaces that {@link disruptedNamespaces} names. */
export interface Budgets {
  readonly read: readonly Budget[];
  readonly unread: readonly { readonly namespace: string; readonly why: string }[];
}

/** The namespaces in which the writes disrupt pods: whose budgets have to be known. */
export const disruptedNamespaces = (effects: readonly Effect[]): string[] =>
  [...new Set(effects.filter((effect) => disrupted(effect) > 0).flatMap(({ namespace }) => namespace ?? []))].sort();

/** Which budgets have no room for what the writes disrupt. */
export function partsOfBudgets(effects: readonly Effect[], budgets: Budgets): RiskPart[] {
  const concerned = new Set(disruptedNamespaces(effects));
  const breached = budgets.read.flatMap((budget) => breachOf(budget, effects) ?? []);
  const unread = budgets.unread
    .filter(({ namespace }) => concerned.has(namespace))
    .map(({ namespace, why }) => `the PodDisruptionBudgets of namespace '${namespace}' are not known: ${why}`);
  return [...partForEach('budget', breached, SHOWN), ...partForEach('budget-unknown', unread, SHOWN)];
}

function breachOf(budget: Budget, effects: readonly Effect[]): string | undefined {
  const reached = effects.filter((effect) => disrupted(effect) > 0 && isUnder(budget, effect));
  const objects = [...Map.groupBy(reached, objectKey).values()];
  const sum = objects.reduce((total, group) => total + Math.max(...group.map(disrupted)), 0);
  if (sum <= budget.disruptionsAllowed) return undefined;
  const left = budget.disruptionsAllowed === 0 ? 'no pod' : count(budget.disruptionsAllowed, 'pod');
  return `PodDisruptionBudget '${budget.name}' lets ${left} be disrupted now, and the plan disrupts ${sum}: ${namesOf(reached)}`;
}

// A pod whose labels are not known may be under any budget of its namespace.
function isUnder(budget: Budget, { namespace, pods }: Effect): boolean {
  if (namespace !== budget.namespace) return false;
  if (!pods?.labels) return true;
  return selects(budget.selector, new Map(pods.labels.map(split)));
}

function split(label: string): [string, string] {
  const at = label.indexOf('=');
  return [label.slice(0, at), label.slice(at + 1)];
}

/** How many pods a write takes away at a time: a delete all, a smaller scale the difference, any other change at least one. */
function disrupted(effect: Effect): number {
  if (!effect.pods || !reachesPods(effect) || effect.verb === 'create') return 0;
  const { before, after } = effect.pods;
  return effect.verb === 'delete' ? before : Math.min(before, Math.max(1, before - after));
}
