import { count, type Decision, type RiskLevel } from '@sentinel/crds';
import {
  type CommandReason,
  type Opinion,
  type PolicyErrorCode,
  type Refusal,
  type Requirements,
  remedyOf,
} from '@sentinel/policy';

/** A rule that applies, and its decision. */
export interface Because {
  /** The code of the refusal; left out if the rule does not refuse. */
  readonly code?: PolicyErrorCode;
  readonly policy: string;
  readonly rule: string;
  readonly decision: Decision;
  readonly message: string;
  /** What to do next: of a refusal that of its code. */
  readonly remedy?: string;
}

/** What people must do before a change starts. */
export interface Needs extends Requirements {
  readonly risk: RiskLevel;
}

/** A refusal in the form of a rule that applies. */
export const denial = (refusal: Refusal): Because => ({ ...refusal, decision: 'Deny', remedy: remedyOf(refusal.code) });

/** What a rule says, with the code of the refusal that it is. */
export const opinion = (said: Opinion & Partial<Pick<Refusal, 'code'>>, code: PolicyErrorCode): Because =>
  said.decision === 'Deny' ? denial({ code, ...said }) : said;

/** A rule about commands that applies. */
export const reasonOf = ({ policy, rule, decision, message, justification, remedy }: CommandReason): Because => ({
  ...(decision === 'Deny' ? { code: 'CommandDenied' as const } : {}),
  policy,
  rule,
  decision,
  message: justification === undefined ? message : `${message}: ${justification}`,
  ...(remedy === '' ? {} : { remedy }),
});

/** States that a change waits for approval, and by how many people. */
export const waits = (risk: RiskLevel, { approvals, groups }: Requirements): Because => ({
  policy: 'Sentinel',
  rule: 'approvals',
  decision: 'RequireApproval',
  message: `a change of risk ${risk} waits for ${count(approvals, 'approval')}${groups ? ` from ${groups.join(' or ')}` : ''}`,
  remedy: 'A person approves it.',
});

/** The approvals that a plan needs, as text. */
export const needsInWords = ({ approvals, groups, expiresAfter, autoReview }: Requirements): string =>
  autoReview
    ? 'nobody: it starts without a person'
    : `${count(approvals, 'approval')}${groups ? ` from ${groups.join(' or ')}` : ''}, good for ${expiresAfter}`;
