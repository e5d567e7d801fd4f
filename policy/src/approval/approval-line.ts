import type { AgentPolicySpec, RiskLevel } from '@sentinel/crds';
import { atMost } from '../verdict/order.ts';

type Lines = NonNullable<AgentPolicySpec['approvals']>;

const EARNED = 3;

/** What the lines of `approvals` of one policy come to for a risk. */
export interface ApprovalLine extends Readonly<Lines[number]> {
  /** Which line covers the risk. */
  readonly index: number;
  /** How many runs it wants to see succeed before one starts without a person, also where it does not say. */
  readonly runs: number;
}

/**
 * The line that covers a risk, undefined where none does. It asks for no fewer people than the lines before it, and lets start without
 * a person only what all of them would: or more risk would need less, and an agent could do more harm to be asked less. Groups and
 * times are those of the line: who decides what is risky are often other people, and they take longer.
 */
export function approvalLine(lines: Lines, risk: RiskLevel): ApprovalLine | undefined {
  const index = lines.findIndex(({ upToRisk }) => atMost(risk, upToRisk));
  const line = lines[index];
  if (!line) return undefined;
  const sofar = lines.slice(0, index + 1);
  return {
    ...line,
    index,
    approvals: Math.max(...sofar.map(({ approvals }) => approvals)),
    ...(line.autoReview === undefined ? {} : { autoReview: sofar.every(({ autoReview }) => autoReview === true) }),
    runs: Math.max(...sofar.map(({ autoReview, autoReviewAfter }) => autoReviewAfter ?? (autoReview ? EARNED : 0))),
  };
}
