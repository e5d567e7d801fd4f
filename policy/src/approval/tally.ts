import { Resolution } from '@sentinel/crds';
import { z } from 'zod';
import { explainSharedUid, type Identity, isProgram, isSamePerson } from '../identity/identity.ts';
import { seconds } from '../verdict/order.ts';
import { CLOCK_SKEW, type PersonFacts, personFault, rightsFault } from './person-fault.ts';
import type { Requirements } from './requirements.ts';
import { type SealKeys, sealFault } from './seal.ts';
import { type JudgedStanding, judgeStanding, type StandingFacts, standingEnd } from './standing.ts';

/**
 * A decision as the webhook seals it. The order of the first six fields is part of the contract: the ValidatingAdmissionPolicy
 * `sentinel-actions` builds `{"action":…,"plan":…,"user":…,"uid":…,"groups":[…],"extra":{…}` from the request and compares it with
 * the beginning of the record. So no field of it depends on input of the webhook.
 */
export const DecisionRecord = z
  .strictObject({
    action: z.string(),
    plan: z.string(),
    user: z.string(),
    uid: z.string(),
    groups: z.array(z.string()),
    /** The claims with which an approval was evaluated: only those that a policy requires. Empty for other decisions. */
    extra: z.record(z.string(), z.array(z.string())),
    decision: z.enum(['approve', 'reject', 'revoke', 'request-changes', ...Resolution.options]),
    /** The effect that a resolution is about. */
    effect: z.int().min(0).max(500).optional(),
    time: z.string(),
    expires: z.string().optional(),
    /** The policy with the exemption because of which the approval counts although the person could act as a requester. Omitted if they cannot. */
    exemptBy: z.string().optional(),
    comment: z.string().optional(),
    key: z.string(),
    seal: z.string(),
  })
  .refine(({ decision, effect }) => isResolution(decision) === (effect !== undefined));
export type DecisionRecord = z.infer<typeof DecisionRecord>;

/** Whether a decision resolves an effect whose outcome is unknown, instead of deciding on a plan. */
export const isResolution = (word: string): word is Resolution => Resolution.safeParse(word).success;

/** Whether a decision lets something happen, so that rights, claims and groups of its person are checked: an approval or a resolution. */
export const consents = (word: string): boolean => word === 'approve' || isResolution(word);

/** A decision and whether it counts. */
export interface Judged {
  readonly record: DecisionRecord;
  readonly counts: boolean;
  readonly why: string | undefined;
}

/** The result of the decisions on a plan. */
export interface Tally {
  /** What the decisions were compared with. */
  readonly requirements: Requirements;
  readonly judged: readonly Judged[];
  readonly unreadable: number;
  /** How many people approve: this plan, or in advance by a standing approval. */
  readonly approvals: number;
  /** The standing approvals of the schedule. */
  readonly standing: readonly JudgedStanding[];
  readonly rejectedBy: DecisionRecord | undefined;
  /** The newest request for changes of the plan that its person has not replaced by another decision. Nothing starts while there is one. */
  readonly changesRequestedBy: DecisionRecord | undefined;
  /** When the first of the counting approvals expires, in milliseconds since the epoch. */
  readonly goodUntil: number | undefined;
}

export interface TallyFacts extends PersonFacts {
  /** The annotation sentinel.dev/approvals. */
  readonly approvals: string | undefined;
  readonly actionUid: string;
  readonly plan: string;
  readonly keys: SealKeys;
  /** Approvals from before this moment do not count: the kill switch was turned off then. Milliseconds since the epoch. */
  readonly notBefore?: number | undefined;
  /** What standing approvals are judged by; undefined if the action is not that of a schedule. */
  readonly standing?: StandingFacts | undefined;
  readonly now: number;
}

/**
 * Counts the decisions on a plan.
 *
 * A record counts only if its seal verifies, it is for this action uid and its user is a person. An approval or a resolution counts only if
 * it is for this plan digest, it has not expired by its own time or by that of the current policy, and its user is not an agent, not the
 * requester, in a required group, and has the required claims. Only the newest decision of each person counts, so one person counts once
 * and `revoke` revokes an approval or a request for changes; a rejection is final. A request for changes counts for the plan that it is about,
 * because the requester answers it with another plan. Rejections and revocations count for every plan of the action, whatever their
 * person has become.
 */
export function tallyDecisions(facts: TallyFacts): Tally {
  const { records, unreadable } = parseDecisions(facts.approvals);
  const sealed = records.map((record) => judge(record, facts));
  const people = lastWords(sealed.filter(({ counts, record }) => counts && !isResolution(record.decision)));
  const judged = sealed.map((one) => overtaken(one, people) ?? withRights(one, facts));
  const approving = judged.filter(({ counts, record }) => counts && record.decision === 'approve');
  const rejectedBy = judged.find(({ counts, record }) => counts && record.decision === 'reject')?.record;
  const changesRequestedBy = judged.findLast(({ counts, record }) => counts && record.decision === 'request-changes')?.record;
  const standing = (facts.standing ? judgeStanding(facts.standing, facts) : []).map((one) => replaced(one, people));
  const inAdvance = standing.filter(({ counts }) => counts);
  const ends = [
    ...approving.map(({ record }) => endOf(record, facts.requirements)),
    ...inAdvance.map(({ record }) => standingEnd(record, facts.requirements.standing)),
  ];
  return {
    requirements: facts.requirements,
    judged,
    unreadable,
    approvals: approving.length + inAdvance.length,
    standing,
    rejectedBy,
    changesRequestedBy,
    goodUntil: ends.length > 0 ? Math.min(...ends) : undefined,
  };
}

/** What one person has decided. */
interface Person {
  readonly names: readonly DecisionRecord[];
  readonly last: Judged;
}

/** The last decision of each person, in the order of their first. Two identities that share a name or a uid are one person. */
function lastWords(judged: readonly Judged[]): Person[] {
  const people: Person[] = [];
  for (const one of judged) {
    const same = people.filter(({ names }) => names.some((record) => isSamePerson(record, one.record)));
    const rest = people.filter((person) => !same.includes(person));
    people.splice(0, people.length, ...rest, { names: [...same.flatMap(({ names }) => names), one.record], last: one });
  }
  return people;
}

// What is not the last decision of its person must not look as if it counted.
function overtaken(one: Judged, people: readonly Person[]): Judged | undefined {
  const { decision: word } = one.record;
  if (!one.counts || (word !== 'approve' && word !== 'request-changes')) return undefined;
  const person = people.find(({ names }) => names.includes(one.record));
  if (!person || person.last === one) return undefined;
  const later = person.names.slice(person.names.indexOf(one.record) + 1);
  return { ...one, counts: false, why: whyOvertaken(word, later) };
}

function whyOvertaken(word: string, later: readonly DecisionRecord[]): string {
  if (later.some(({ decision }) => decision === 'revoke')) return 'it was revoked';
  return later.every(({ decision }) => decision === word) ? 'one person counts once' : 'its person has decided again since';
}

// What somebody decides on the action itself is newer than what they decided in advance.
function replaced(one: JudgedStanding, people: readonly Person[]): JudgedStanding {
  const last = people.find(({ names }) => names.some((record) => isSamePerson(record, one.record)))?.last.record.decision;
  if (!one.counts || last === undefined) return one;
  return { ...one, counts: false, why: last === 'approve' ? 'one person counts once' : 'its person has decided on this action' };
}

// Asked of the last words alone: nobody needs to hold a right for an approval that counts no more.
function withRights(one: Judged, facts: TallyFacts): Judged {
  const { record, counts } = one;
  const why = counts && consents(record.decision) ? rightsFault(record, facts) : undefined;
  return why === undefined ? one : { record, counts: false, why };
}

/**
 * Why a decision of a person would have no effect, so that it can be refused at once: the same decision while the first one counts, or a
 * revocation of what they never decided or have revoked already. Undefined if it would have an effect.
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
  if (decision === 'request-changes' && last?.record.decision === 'request-changes' && last.counts)
    return 'you have asked for changes of this plan already: wait until the requester has revised the action, or reject it';
  if (decision === 'revoke' && last?.record.decision !== 'approve' && last?.record.decision !== 'request-changes')
    return last?.record.decision === 'revoke'
      ? 'you have revoked your approval of this plan already'
      : 'you have not approved this plan, so there is nothing to revoke; to stop the action, reject it';
  return undefined;
}

/** Whether the approvals are sufficient for a start now. No approval is sufficient only if policy explicitly requires none. */
export function isApproved(tally: Tally, requirements: Requirements): boolean {
  const needed = requirements.autoReview === true ? requirements.approvals : Math.max(1, requirements.approvals);
  return tally.rejectedBy === undefined && tally.changesRequestedBy === undefined && tally.approvals >= needed;
}

/** The records of the people whose rights must be checked before something happens by their word. */
export const consentsIn = ({ judged, standing }: Tally, playbook: string | undefined) => [
  ...judged.filter(({ counts, record }) => counts && consents(record.decision)).map(({ record }) => record),
  ...standing.filter(({ counts }) => counts).map(({ record }) => ({ ...record, playbook })),
];

/** Whether the approvals are sufficient only because of standing approvals: then nobody needs to have seen the plan. */
export function reliesOnStanding(tally: Tally, requirements: Requirements): boolean {
  const inAdvance = tally.standing.filter(({ counts }) => counts).length;
  return isApproved(tally, requirements) && !isApproved({ ...tally, approvals: tally.approvals - inAdvance }, requirements);
}

/** The records of the annotation, one JSON object per line; lines that cannot be parsed are counted. */
export function parseDecisions(approvals: string | undefined): { records: DecisionRecord[]; unreadable: number } {
  const records: DecisionRecord[] = [];
  let unreadable = 0;
  for (const line of (approvals ?? '').split('\n').filter((text) => text !== '')) {
    // An attacker can write many thousands of short lines, and each schema fault takes time.
    const parsed = DecisionRecord.safeParse(line.length < SHORTEST_RECORD ? undefined : parseJson(line));
    // A line must be exactly the canonical JSON of its content: a duplicate field would hide the first one from a reader.
    if (parsed.success && JSON.stringify(parseJson(line)) === line) records.push(parsed.data);
    else unreadable += 1;
  }
  return { records, unreadable };
}

/** The minimum length of a line: a seal, the digest of a plan and the names of the fields are longer. */
const SHORTEST_RECORD = 200;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Why an approval that was valid no longer counts. */
export const HAS_EXPIRED = 'it has expired';

function judge(record: DecisionRecord, facts: TallyFacts): Judged {
  const why = faultOf(record, facts);
  return { record, counts: why === undefined, why };
}

function faultOf(record: DecisionRecord, facts: TallyFacts): string | undefined {
  const seal = sealFault(record, facts.keys);
  if (seal) return seal;
  if (record.action !== facts.actionUid) return 'it is for another action';
  // A rejection counts for every plan of the action: otherwise a new plan with the same content could be submitted to another person.
  const isNo = record.decision === 'reject' || record.decision === 'revoke';
  if (!isNo && record.plan !== facts.plan) return 'it is for another plan';
  if (isProgram(record)) return 'programs cannot decide';
  if (!consents(record.decision)) return undefined;
  const person = personFault(record, facts, !isResolution(record.decision));
  if (person !== undefined) return person;
  const made = Date.parse(record.time);
  if (Number.isNaN(made) || made > facts.now + CLOCK_SKEW) return 'its time is in the future';
  if (facts.notBefore !== undefined && made <= facts.notBefore)
    return 'it was given before the kill switch was turned off: approve again';
  return endOf(record, facts.requirements) <= facts.now ? HAS_EXPIRED : undefined;
}

function endOf(record: DecisionRecord, requirements: Requirements): number {
  const byPolicy = Date.parse(record.time) + seconds(requirements.expiresAfter) * 1000;
  const byRecord = record.expires === undefined ? byPolicy : Date.parse(record.expires);
  return Number.isNaN(byRecord) ? 0 : Math.min(byPolicy, byRecord);
}
