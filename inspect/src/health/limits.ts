import type { Finding } from '@sentinel/findings';
import { type Budget, type Quota, referTo } from '../objects.ts';
import { shareOf } from './quantity.ts';

/** What is wrong with PodDisruptionBudgets. */
export const budgetFindings = (budgets: readonly Budget[]): Finding[] =>
  budgets.flatMap((budget): Finding[] => {
    const { currentHealthy = 0, desiredHealthy = 0, disruptionsAllowed = 0, expectedPods = 0 } = budget.status ?? {};
    const text = `${currentHealthy} healthy Pods, ${desiredHealthy} are required, ${disruptionsAllowed} disruptions are allowed`;
    const common = { object: referTo(budget), evidence: [{ source: 'Status' as const, text }] };
    if (budget.status === undefined) return [];
    if (expectedPods === 0)
      return [
        {
          ...common,
          check: 'budget-without-pods',
          severity: 'Info',
          summary: 'the budget selects no Pods',
          suggestion: { text: 'Correct its selector, or delete it.' },
        },
      ];
    if (currentHealthy < desiredHealthy)
      return [
        {
          ...common,
          check: 'budget-not-met',
          severity: 'Warning',
          summary: 'fewer Pods are healthy than the budget requires',
          suggestion: { text: 'Look at the findings about its Pods.' },
        },
      ];
    if (disruptionsAllowed > 0) return [];
    return [
      {
        ...common,
        check: 'budget-blocks-drains',
        severity: 'Info',
        summary: 'the budget allows no disruption, so no node with these Pods can be drained',
        suggestion: { text: 'Raise the number of replicas, or lower what the budget requires.' },
      },
    ];
  });

/** Which ResourceQuotas are used up, or nearly. */
export const quotaFindings = (quotas: readonly Quota[]): Finding[] =>
  quotas.flatMap((quota) =>
    Object.entries(quota.status?.hard ?? {}).flatMap(([resource, hard]): Finding[] => {
      const used = quota.status?.used?.[resource] ?? '0';
      const share = shareOf(used, hard);
      const evidence = [{ source: 'Status' as const, text: `${resource}: ${used} of ${hard}` }];
      const object = referTo(quota);
      if (share === undefined)
        return [
          { check: 'quota-unreadable', severity: 'Warning', object, summary: `${resource}: the quota has no number`, evidence },
        ];
      if (share < 0.9) return [];
      const isFull = share >= 1;
      return [
        {
          check: isFull ? 'quota-exhausted' : 'quota-nearly-exhausted',
          severity: isFull ? 'Warning' : 'Info',
          object,
          summary: isFull ? `${resource} is used up` : `${resource} is used by more than nine tenths`,
          evidence,
          suggestion: { text: 'Delete what is not needed, or have the quota raised.' },
        },
      ];
    }),
  );
