import { RE2JS } from 're2js';
import { patternFault } from '../data/secrets.ts';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import type { PolicyErrorCode } from '../verdict/policy-errors.ts';
import type { Refusal } from '../verdict/verdict.ts';

/** What people must write with a decision. */
export interface RequiredReasons {
  readonly comment?: boolean | undefined;
  /** RE2 expressions: for each of them, the comment must contain a word that matches it as a whole. */
  readonly tickets?: readonly string[] | undefined;
}

/** The decisions for which policies require reasons: a request for changes counts as a rejection. */
export type ReasonedDecision = 'approvals' | 'rejections';

/** The union of what two sources require; undefined if that is nothing. */
export function combineReasons(a: RequiredReasons | undefined, b: RequiredReasons | undefined): RequiredReasons | undefined {
  const comment = a?.comment === true || b?.comment === true;
  const tickets = [...new Set([...(a?.tickets ?? []), ...(b?.tickets ?? [])])].sort();
  if (!comment && tickets.length === 0) return undefined;
  return { ...(comment ? { comment } : {}), ...(tickets.length === 0 ? {} : { tickets }) };
}

/** What all policies together require of a decision; undefined if that is nothing. */
export const requiredReasons = (set: PolicySet, decision: ReasonedDecision): RequiredReasons | undefined =>
  reasonsByPolicy(set, decision).reduce<RequiredReasons | undefined>(
    (sum, { reasons }) => combineReasons(sum, reasons),
    undefined,
  );

/** Why a comment does not say what is required; undefined if it does. */
export function reasonFault(
  required: RequiredReasons | undefined,
  comment: string | undefined,
): { readonly code: PolicyErrorCode; readonly message: string } | undefined {
  if (required?.comment && !comment?.trim()) return { code: 'CommentRequired', message: 'the decision has no comment' };
  const missing = required?.tickets?.find((pattern) => ticketIn(pattern, comment) === undefined);
  if (missing === undefined) return undefined;
  return { code: 'TicketRequired', message: `the comment names no ticket that matches '${missing}'` };
}

/** What each policy misses in the comment of a decision. */
export function judgeReason(set: PolicySet, decision: ReasonedDecision, comment: string | undefined): Refusal[] {
  return reasonsByPolicy(set, decision).flatMap(({ policy, reasons }) => {
    const fault = reasonFault(reasons, comment);
    if (!fault) return [];
    const field = fault.code === 'CommentRequired' ? 'comment' : 'ticket';
    return [{ ...fault, policy, rule: `reasons.${decision}.${field}` }];
  });
}

/** The tickets in a comment that were required, in the order of the patterns. */
export const ticketsIn = (required: RequiredReasons | undefined, comment: string | undefined): string[] => [
  ...new Set((required?.tickets ?? []).flatMap((pattern) => ticketIn(pattern, comment) ?? [])),
];

/** The fault of the pattern of a ticket in a policy; undefined if it is valid. */
export function ticketFault(required: Rule | undefined): string | undefined {
  return required?.ticket === undefined ? undefined : patternFault(required.ticket);
}

function reasonsByPolicy(set: PolicySet, decision: ReasonedDecision): { policy: string; reasons: RequiredReasons }[] {
  return set.policies.flatMap((policy) => {
    const { comment, ticket } = ruleOf(policy.spec?.reasons?.[decision], policy.kind, decision);
    const reasons = combineReasons({ comment, tickets: ticket === undefined ? [] : [ticket] }, undefined);
    return reasons ? [{ policy: policyName(policy), reasons }] : [];
  });
}

/** What one policy requires of a decision. */
interface Rule {
  readonly comment?: boolean | undefined;
  readonly ticket?: string | undefined;
}

// The schema of an AgentPolicy has no ticket for rejections: the admin of a namespace must not be able to prevent them.
function ruleOf(rule: Rule | undefined, kind: string, decision: ReasonedDecision): Rule {
  if (decision === 'rejections' && kind !== 'ClusterAgentPolicy') return { comment: rule?.comment };
  return rule ?? {};
}

const AROUND = /^[("'[{<]+|[)\]}>"'.,;:!?]+$/g;

function ticketIn(pattern: string, comment: string | undefined): string | undefined {
  const expression = compiled(pattern);
  return (comment ?? '')
    .split(/\s+/)
    .flatMap((word) => [word, word.replaceAll(AROUND, '')])
    .find((word) => word !== '' && expression.matches(word));
}

const known = new Map<string, RE2JS>();
const KNOWN_MAX = 500;

function compiled(pattern: string): RE2JS {
  const before = known.get(pattern);
  if (before) return before;
  if (known.size >= KNOWN_MAX) known.clear();
  const made = RE2JS.compile(pattern);
  known.set(pattern, made);
  return made;
}
