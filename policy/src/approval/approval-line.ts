import type { AgentPolicySpec, RiskLevel } from '@sentinel/crds';
import { atMost, shorter } from '../verdict/order.ts';

type Lines = NonNullable<AgentPolicySpec['approvals']>;

const EARNED = 3;

/** The merged `approvals` lines of one policy for a risk. */
export interface ApprovalLine extends Readonly<Lines[number]> {
  /** Which line covers the risk. */
  readonly index: number;
  /** How many runs must have succeeded before one starts without a person, including the default. */
  readonly runs: number;
}

/**
 * The line that covers a risk; undefined if none does. It requires at least as many approvals as the lines before it, and allows a start without
 * a person, or by a standing approval, only if all of them do; otherwise a higher risk could need less. Groups and times are those of the line itself, because other people
 * may decide on risky plans, and need more time.
 */
export function approvalLine(lines: Lines, risk: RiskLevel): ApprovalLine | undefined {
  const index = lines.findIndex(({ upToRisk }) => atMost(risk, upToRisk));
  if (!lines[index]) return undefined;
  const { standing: _, ...line } = lines[index];
  const sofar = lines.slice(0, index + 1);
  const standing = sofar.map((one) => one.standing).reduce(shorterOrNone);
  return {
    ...line,
    index,
    approvals: Math.max(...sofar.map(({ approvals }) => approvals)),
    ...(line.autoReview === undefined ? {} : { autoReview: sofar.every(({ autoReview }) => autoReview === true) }),
    ...(standing === undefined ? {} : { standing }),
    runs: Math.max(...sofar.map(({ autoReview, autoReviewAfter }) => autoReviewAfter ?? (autoReview ? EARNED : 0))),
  };
}

/** The shorter of two times of which each must be there. */
export const shorterOrNone = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || b === undefined ? undefined : shorter(a, b);
