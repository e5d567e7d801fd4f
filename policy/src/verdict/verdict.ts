import type { Decision, ErrorCause } from '@sentinel/crds';
import { type PolicyErrorCode, remedyOf } from './policy-errors.ts';

/** The decision of one rule, also if it allows. */
export interface Opinion {
  readonly decision: Decision;
  /** The policy, as `Kind/name`, or `Sentinel` for what is built in. */
  readonly policy: string;
  readonly rule: string;
  readonly message: string;
}

/** Why something is refused: which rule of which policy, and what would be allowed. */
export interface Refusal {
  /** What kind of refusal it is, for programs. What to do next is that of the code: `remedyOf`. */
  readonly code: PolicyErrorCode;
  /** The policy that decided, as `Kind/name`, or `Sentinel` for built-in rules. */
  readonly policy: string;
  /** The field or rule that decided. */
  readonly rule: string;
  /** What is refused, and why. */
  readonly message: string;
  /** The command or value that the message quotes. It may contain secrets. */
  readonly quote?: string;
}

/** One sentence for a status, an Event or an admission response. */
export function explain(refusal: Refusal): string {
  return `${refusal.message} (${refusal.policy}: ${refusal.rule}). ${remedyOf(refusal.code)}`;
}

const CAUSES_MAX = 32;
const CAUSE_LENGTH = 512;

/** The first refusals as programs read them. Bounded, as a message is. */
export function causesOf(refusals: readonly Refusal[]): ErrorCause<PolicyErrorCode>[] {
  return refusals.slice(0, CAUSES_MAX).map((refusal) => {
    const message = explain(refusal);
    return {
      reason: refusal.code,
      message: message.length > CAUSE_LENGTH ? `${message.slice(0, CAUSE_LENGTH - 1)}…` : message,
    };
  });
}

/** The codes of refusals, each once, in their order. */
export const codesOf = (refusals: readonly Pick<Refusal, 'code'>[]): PolicyErrorCode[] => [
  ...new Set(refusals.map(({ code }) => code)),
];

/** All refusals in one text, at most `max` characters. */
export function explainAll(refusals: readonly Refusal[], max = 1800): string {
  let whole = '';
  for (const refusal of refusals) {
    whole += `${whole === '' ? '' : ' '}${explain(refusal)}`;
    if (whole.length > max) return `${whole.slice(0, max - 1)}…`;
  }
  return whole;
}
