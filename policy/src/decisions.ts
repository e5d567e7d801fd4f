import { z } from 'zod';
import type { Claims } from './identities.ts';
import { type Identity, isProgram } from './identity.ts';
import { seconds } from './order.ts';
import type { Requirements } from './requirements.ts';
import { type SealKeys, sealFault } from './seal.ts';

/**
 * A decision as the webhook seals it. The order of the first six fields is part of the contract: the ValidatingAdmissionPolicy
 * `sentinel-actions` builds `{"action":…,"plan":…,"user":…,"uid":…,"groups":[…],"extra":{…}` from the request and compares it with
 * the beginning of the record. So no field of it rests on what the webhook was told.
 */
export const DecisionRecord = z.strictObject({
  action: z.string(),
  plan: z.string(),
  user: z.string(),
  uid: z.string(),
  groups: z.array(z.string()),
  /** The claims that an approval was judged by: only those that a policy asked for. Empty for other decisions. */
  extra: z.record(z.string(), z.array(z.string())),
  decision: z.enum(['approve', 'reject', 'revoke']),
  time: z.string(),
  expires: z.string().optional(),
  comment: z.string().optional(),
  key: z.string(),
  seal: z.string(),
});
export type DecisionRecord = z.infer<typeof DecisionRecord>;

/** A decision and whether it counts. */
export interface Judged {
  readonly record: DecisionRecord;
  readonly counts: boolean;
  readonly why: string | undefined;
}

/** What the decisions on a plan come to. */
export interface Tally {
  /** What the decisions were held against. */
  readonly requirements: Requirements;
  readonly judged: readonly Judged[];
  readonly unreadable: number;
  readonly approvals: number;
  readonly rejectedBy: DecisionRecord | undefined;
  /** When the first of the approvals that count stops being good, in milliseconds since the epoch. */
  readonly goodUntil: number | undefined;
}

export interface TallyFacts {
  /** The annotation sentinel.dev/approvals. */
  readonly approvals: string | undefined;
  readonly actionUid: string;
  readonly plan: string;
  readonly requester: Identity;
  /** Who else edited the spec: they count as requesters too. */
  readonly editors: readonly Identity[];
  readonly requirements: Requirements;
  readonly keys: SealKeys;
  /** Approvals from before this moment do not count: a suspension was lifted then. Milliseconds since the epoch. */
  readonly notBefore?: number | undefined;
  /**
   * Why claims are not accepted by the policies of now (`approverClaimFault`), undefined when they are. A seal proves which claims
   * were recorded, not that policy still accepts them.
   */
  readonly claimFault?: ((claims: Claims) => string | undefined) | undefined;
  readonly now: number;
}

/**
 * Counts the decisions on a plan.
 *
 * A record counts only when its seal verifies, it is for this action uid and this plan digest, it has not expired by the sooner
 * of its own time and what policy says now, and its user is a person, not the requester, in a required group, and with the claims
 * that policy requires. The last word of each user is what counts
 * of theirs, so one person counts once and `revoke` takes an approval back; a rejection is final.
 */
export function tallyDecisions(facts: TallyFacts): Tally {
  const { records, unreadable } = parseDecisions(facts.approvals);
  const judged = records.map((record) => judge(record, facts));
  const last = new Map<string, Judged>();
  for (const one of judged) if (one.counts) last.set(one.record.user, one);
  const approving = [...last.values()].filter(({ record }) => record.decision === 'approve');
  const rejectedBy = judged.find(({ counts, record }) => counts && record.decision === 'reject')?.record;
  const ends = approving.map(({ record }) => endOf(record, facts.requirements));
  return {
    requirements: facts.requirements,
    judged,
    unreadable,
    approvals: approving.length,
    rejectedBy,
    goodUntil: ends.length > 0 ? Math.min(...ends) : undefined,
  };
}

/** Whether the approvals are enough for a start now. None is enough only where policy says in so many words that nobody is needed. */
export function isApproved(tally: Tally, requirements: Requirements): boolean {
  const needed = requirements.autoReview === true ? requirements.approvals : Math.max(1, requirements.approvals);
  return tally.rejectedBy === undefined && tally.approvals >= needed;
}

/** The records of the annotation, one JSON object per line; what can't be read is counted, never guessed. */
export function parseDecisions(approvals: string | undefined): { records: DecisionRecord[]; unreadable: number } {
  const records: DecisionRecord[] = [];
  let unreadable = 0;
  for (const line of (approvals ?? '').split('\n').filter((text) => text !== '')) {
    const parsed = DecisionRecord.safeParse(parseJson(line));
    // A line is exactly the JSON of what it says: a second field of one name would hide the first from a reader.
    if (parsed.success && JSON.stringify(parseJson(line)) === line) records.push(parsed.data);
    else unreadable += 1;
  }
  return { records, unreadable };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function judge(record: DecisionRecord, facts: TallyFacts): Judged {
  const why = faultOf(record, facts);
  return { record, counts: why === undefined, why };
}

function faultOf(record: DecisionRecord, facts: TallyFacts): string | undefined {
  const seal = sealFault(record, facts.keys);
  if (seal) return seal;
  if (record.action !== facts.actionUid) return 'it is for another action';
  if (record.plan !== facts.plan) return 'it is for another plan';
  if (isProgram(record)) return 'programs can not decide';
  if (record.decision !== 'approve') return undefined;
  if (record.user === facts.requester.user) return 'who asks can not approve';
  if (facts.editors.some(({ user }) => user === record.user)) return 'who edited the action can not approve it';
  const { groups } = facts.requirements;
  if (groups && !groups.some((group) => record.groups.includes(group)))
    return `the user is in none of the groups ${groups.join(', ')}`;
  const { approverGroups, refuseGroups } = facts.requirements;
  const refused = refuseGroups?.find((group) => record.groups.includes(group));
  if (refused !== undefined) return `members of '${refused}' can not approve`;
  if (approverGroups && !approverGroups.some((group) => record.groups.includes(group)))
    return `the user is in none of the groups ${approverGroups.join(', ')}`;
  const claims = facts.claimFault?.(record.extra);
  if (claims !== undefined) return `policy does not accept the identity that approved (${claims}): approve again`;
  const made = Date.parse(record.time);
  if (Number.isNaN(made) || made > facts.now + CLOCK_SKEW) return 'its time lies in the future';
  if (facts.notBefore !== undefined && made <= facts.notBefore)
    return 'it is from before the suspension was lifted: approve again';
  if (endOf(record, facts.requirements) <= facts.now) return 'it has expired';
  return undefined;
}

// Clocks of webhook and operator may differ by this much; beyond it the record is not believed.
const CLOCK_SKEW = 60_000;

function endOf(record: DecisionRecord, requirements: Requirements): number {
  const byPolicy = Date.parse(record.time) + seconds(requirements.expiresAfter) * 1000;
  const byRecord = record.expires === undefined ? byPolicy : Date.parse(record.expires);
  return Number.isNaN(byRecord) ? 0 : Math.min(byPolicy, byRecord);
}
