import { Resolution } from '@sentinel/crds';
import { z } from 'zod';
import { type AgentRule, whyAgent } from '../identity/agents.ts';
import type { Claims } from '../identity/identities.ts';
import { explainSharedUid, type Identity, isProgram, isSamePerson, type Requesters } from '../identity/identity.ts';
import type { DeciderRights } from '../identity/separation.ts';
import { seconds } from '../verdict/order.ts';
import type { Requirements } from './requirements.ts';
import { type SealKeys, sealFault } from './seal.ts';

/**
 * A decision as the webhook seals it. The order of the first six fields is part of the contract: the ValidatingAdmissionPolicy
 * `sentinel-actions` builds `{"action":…,"plan":…,"user":…,"uid":…,"groups":[…],"extra":{…}` from the request and compares it with
 * the beginning of the record. So no field of it rests on what the webhook was told.
 */
export const DecisionRecord = z
  .strictObject({
    action: z.string(),
    plan: z.string(),
    user: z.string(),
    uid: z.string(),
    groups: z.array(z.string()),
    /** The claims that an approval was judged by: only those that a policy asked for. Empty for other decisions. */
    extra: z.record(z.string(), z.array(z.string())),
    decision: z.enum(['approve', 'reject', 'revoke', ...Resolution.options]),
    /** The effect that a resolution is about. */
    effect: z.int().min(0).max(500).optional(),
    time: z.string(),
    expires: z.string().optional(),
    /** The policy by which the approval counts although the person could act as a requester. Left out where they cannot. */
    exemptBy: z.string().optional(),
    comment: z.string().optional(),
    key: z.string(),
    seal: z.string(),
  })
  .refine(({ decision, effect }) => isResolution(decision) === (effect !== undefined));
export type DecisionRecord = z.infer<typeof DecisionRecord>;

/** Whether a word resolves an effect whose outcome is unknown, instead of deciding on a plan. */
export const isResolution = (word: string): word is Resolution => Resolution.safeParse(word).success;

/** Whether a word lets something happen, so that rights, claims and groups of who says it are judged: an approval or a resolution. */
export const consents = (word: string): boolean => word === 'approve' || isResolution(word);

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

export interface TallyFacts extends Requesters {
  /** The annotation sentinel.dev/approvals. */
  readonly approvals: string | undefined;
  readonly actionUid: string;
  readonly plan: string;
  readonly requirements: Requirements;
  readonly keys: SealKeys;
  /** Who is an agent by the policies of now. */
  readonly agents?: readonly AgentRule[] | undefined;
  /**
   * What the API server says now of those who approved, by the seal of their record. Undefined where it was not asked: rights are
   * asked for at the decision and once more at the start.
   */
  readonly deciders?: ReadonlyMap<string, DeciderRights> | undefined;
  /** The policy of now by which somebody may approve although they could act as a requester (`exemptBy`). */
  readonly exemptBy?: ((approver: Identity) => string | undefined) | undefined;
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
 * of its own time and what policy says now, and its user is a person, no agent, not the requester, in a required group, and with the
 * claims that policy requires. The last word of each person is what counts of theirs, so one person counts once and `revoke` takes an
 * approval back; a rejection is final. Rejections and revocations count for every plan of the action.
 */
export function tallyDecisions(facts: TallyFacts): Tally {
  const { records, unreadable } = parseDecisions(facts.approvals);
  const sealed = records.map((record) => judge(record, facts));
  const people = lastWords(sealed.filter(({ counts, record }) => counts && !isResolution(record.decision)));
  const judged = sealed.map((one) => overtaken(one, people) ?? withRights(one, facts));
  const approving = judged.filter(({ counts, record }) => counts && record.decision === 'approve');
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

/** What one person has decided. */
interface Person {
  readonly names: readonly DecisionRecord[];
  readonly last: Judged;
}

/** The last word of each person, in the order of their first. Whoever shares a name or a uid with somebody is that person. */
function lastWords(judged: readonly Judged[]): Person[] {
  const people: Person[] = [];
  for (const one of judged) {
    const same = people.filter(({ names }) => names.some((record) => isSamePerson(record, one.record)));
    const rest = people.filter((person) => !same.includes(person));
    people.splice(0, people.length, ...rest, { names: [...same.flatMap(({ names }) => names), one.record], last: one });
  }
  return people;
}

// An approval that is not the last word of its person must not look as if it counted.
function overtaken(one: Judged, people: readonly Person[]): Judged | undefined {
  if (!one.counts || one.record.decision !== 'approve') return undefined;
  const person = people.find(({ names }) => names.includes(one.record));
  if (!person || person.last === one) return undefined;
  const later = person.names.slice(person.names.indexOf(one.record) + 1);
  return {
    ...one,
    counts: false,
    why: later.some(({ decision }) => decision === 'revoke') ? 'it was taken back' : 'one person counts once',
  };
}

// Asked of the last words alone: nobody needs to hold a right for an approval that counts no more.
function withRights(one: Judged, facts: TallyFacts): Judged {
  const { record, counts } = one;
  const why = counts && consents(record.decision) && facts.deciders ? rightsFault(record, facts.deciders, facts) : undefined;
  return why === undefined ? one : { record, counts: false, why };
}

/**
 * Why a decision of somebody would change nothing, so that they are told at once: an approval beside one of theirs that counts, a
 * revocation of an approval that they never gave or have taken back. Undefined when it would.
 */
export function uselessBecause(
  decision: DecisionRecord['decision'],
  who: Pick<Identity, 'user' | 'uid'>,
  { judged }: Pick<Tally, 'judged'>,
  plan: string,
): string | undefined {
  const own = judged.filter(({ record }) => record.plan === plan && !isResolution(record.decision) && isSamePerson(record, who));
  const last = own.at(-1);
  if (decision === 'approve' && last?.record.decision === 'approve' && last.counts)
    return `you have approved this plan already: one person counts once${explainSharedUid(who, last.record)}`;
  if (decision === 'revoke' && last?.record.decision !== 'approve')
    return last?.record.decision === 'revoke'
      ? 'you have taken your approval of this plan back already'
      : 'you have not approved this plan, so there is nothing to take back; to stop the action, reject it';
  return undefined;
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
    // Somebody can write many thousand short lines, and each fault that the schema finds in one takes time.
    const parsed = DecisionRecord.safeParse(line.length < SHORTEST_RECORD ? undefined : parseJson(line));
    // A line is exactly the JSON of what it says: a second field of one name would hide the first from a reader.
    if (parsed.success && JSON.stringify(parseJson(line)) === line) records.push(parsed.data);
    else unreadable += 1;
  }
  return { records, unreadable };
}

/** A seal, the digest of a plan and the names of the fields are longer. */
const SHORTEST_RECORD = 200;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Why an approval does not count that was good, and is so no longer. */
export const HAS_EXPIRED = 'it has expired';

function judge(record: DecisionRecord, facts: TallyFacts): Judged {
  const why = faultOf(record, facts);
  return { record, counts: why === undefined, why };
}

function faultOf(record: DecisionRecord, facts: TallyFacts): string | undefined {
  const seal = sealFault(record, facts.keys);
  if (seal) return seal;
  if (record.action !== facts.actionUid) return 'it is for another action';
  // A no binds every plan of the action: else whoever makes plans could write the same once more and ask somebody else.
  const isNo = record.decision === 'reject' || record.decision === 'revoke';
  if (!isNo && record.plan !== facts.plan) return 'it is for another plan';
  if (isProgram(record)) return 'programs cannot decide';
  const agent = whyAgent(facts.agents ?? [], record);
  if (agent !== undefined) return `agents decide nothing, and ${agent}`;
  if (!consents(record.decision)) return undefined;
  if (isSamePerson(record, facts.requester)) return 'who asks cannot approve';
  if (facts.editors.some((editor) => isSamePerson(editor, record))) return 'who edited the action cannot approve it';
  if (record.user === facts.onBehalfOf) return 'the person for whom the agent acts cannot approve';
  const { groups } = facts.requirements;
  if (groups && !groups.some((group) => record.groups.includes(group)))
    return `the user is in none of the groups ${groups.join(', ')}`;
  const { approverGroups, refuseGroups } = facts.requirements;
  const refused = refuseGroups?.find((group) => record.groups.includes(group));
  if (refused !== undefined) return `members of '${refused}' cannot approve`;
  if (approverGroups && !approverGroups.some((group) => record.groups.includes(group)))
    return `the user is in none of the groups ${approverGroups.join(', ')}`;
  const claims = facts.claimFault?.(record.extra);
  if (claims !== undefined) return `policy does not accept the identity that approved (${claims}): approve again`;
  const made = Date.parse(record.time);
  if (Number.isNaN(made) || made > facts.now + CLOCK_SKEW) return 'its time lies in the future';
  if (facts.notBefore !== undefined && made <= facts.notBefore)
    return 'it is from before the suspension was lifted: approve again';
  return endOf(record, facts.requirements) <= facts.now ? HAS_EXPIRED : undefined;
}

// Whoever was not asked about does not count: an answer that is missing is no yes.
function rightsFault(
  record: DecisionRecord,
  deciders: ReadonlyMap<string, DeciderRights>,
  { exemptBy }: TallyFacts,
): string | undefined {
  const rights = deciders.get(record.seal);
  if (!rights) return "it was not asked whether its user still holds the verb 'approve'";
  if (!rights.mayApprove) return `'${record.user}' does not hold the verb 'approve' on this action any more`;
  if (rights.actsAs === undefined || (record.exemptBy !== undefined && exemptBy?.(record) !== undefined)) return undefined;
  return `'${record.user}' can ${rights.actsAs}, so they count as the same person`;
}

// Clocks of webhook and operator may differ by this much; beyond it the record is not believed.
const CLOCK_SKEW = 60_000;

function endOf(record: DecisionRecord, requirements: Requirements): number {
  const byPolicy = Date.parse(record.time) + seconds(requirements.expiresAfter) * 1000;
  const byRecord = record.expires === undefined ? byPolicy : Date.parse(record.expires);
  return Number.isNaN(byRecord) ? 0 : Math.min(byPolicy, byRecord);
}
