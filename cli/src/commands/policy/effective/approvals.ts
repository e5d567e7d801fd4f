import { approvalLine, judgePlan, type PolicySet, policyName, type RequiredReasons } from '@sentinel/policy';
import { RISKS } from '../lint/finding.ts';
import type { EffectiveValue } from './value.ts';

/** The approvals that a plan of each risk needs, and the lines that require them. */
export function effectiveApprovals(set: PolicySet): EffectiveValue[] {
  return RISKS.map((risk) => {
    const field = `approvals at risk ${risk}`;
    const { requirements, refusals } = judgePlan({ ...set, refusals: [] }, '', [], risk);
    const [refusal] = refusals;
    if (refusal) return { field, value: `denied: ${refusal.message}`, policy: refusal.policy, path: refusal.rule };
    const { approvals, groups, expiresAfter, reasons } = requirements;
    const lines = set.policies.flatMap((policy) => {
      const line = approvalLine(policy.spec?.approvals ?? [], risk);
      return line ? [{ policy: policyName(policy), path: `approvals[${line.index}]`, line }] : [];
    });
    // The policies with the highest number; it satisfies the others as well.
    const decisive = lines.filter(({ line }) => line.approvals === approvals);
    const who = groups ? ` from ${groups.join(' or ')}` : '';
    return {
      field,
      value: `${approvals}${who}, good for ${expiresAfter}${saying(reasons)}`,
      policy: decisive.map(({ policy }) => policy).join(', '),
      path: decisive.map(({ path }) => path).join(', '),
    };
  });
}

function saying(reasons: RequiredReasons | undefined): string {
  if (reasons?.tickets) return `, with a ticket in the comment: ${reasons.tickets.join(' and ')}`;
  return reasons?.comment ? ', with a comment' : '';
}
