import {
  annotations,
  digestOf,
  type Playbook,
  type RiskLevel,
  STANDING_KEPT,
  type StandingApproval,
  StandingRisk,
} from '@sentinel/crds';
import { z } from 'zod';
import { isProgram, isSamePerson } from '../identity/identity.ts';
import { atMost, seconds } from '../verdict/order.ts';
import { CLOCK_SKEW, type PersonFacts, personFault, rightsFault } from './person-fault.ts';
import { type SealKeys, sealFault } from './seal.ts';
import { playbookDigest, type Trust } from './trust.ts';

/** Whether a time in UTC exists. JavaScript makes 3 March of 31 February, which the API server refuses in a status. */
export function isRealTime(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === text.slice(0, 19);
}

// What a status could not show is no record: an object whose status cannot be stored could not be ended.
const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const Time = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/)
  .refine(isRealTime);

const head = {
  /** Uid of the Playbook. */
  standing: z.string(),
  digest: Digest,
  user: z.string(),
  uid: z.string(),
  groups: z.array(z.string()),
  extra: z.record(z.string(), z.array(z.string())),
};

/**
 * A standing approval as the webhook seals it. The order of the first six fields is part of the contract: the ValidatingAdmissionPolicy
 * `sentinel-standing-approvals` builds `{"standing":…,"digest":…,"user":…,"uid":…,"groups":[…],"extra":{…}` from the request, and compares the end
 * and the risk with the field manager of the person.
 */
export const StandingRecord = z.strictObject({
  ...head,
  decision: z.literal('approve'),
  /** Digest of the parameters of the schedule. */
  parameters: Digest,
  upToRisk: StandingRisk,
  time: Time,
  expires: Time,
  exemptBy: z.string().optional(),
  comment: z.string().optional(),
  key: z.string(),
  seal: z.string(),
});
export type StandingRecord = z.infer<typeof StandingRecord>;

/** The sealed revocation of all standing approvals of a Playbook before it. */
export const StandingRevocation = z.strictObject({
  ...head,
  decision: z.literal('revoke'),
  time: Time,
  comment: z.string().optional(),
  key: z.string(),
  seal: z.string(),
});
export type StandingRevocation = z.infer<typeof StandingRevocation>;

/** A standing approval, and whether it counts. */
export interface JudgedStanding {
  readonly record: StandingRecord;
  readonly counts: boolean;
  readonly why: string | undefined;
}

/** The Playbook with the standing approvals of its schedule. */
export interface StandingSource {
  /** As it is now: its copy in a plan has no annotations. */
  readonly playbook: Pick<Playbook, 'metadata' | 'spec'>;
  readonly trust: Trust;
  readonly keys: SealKeys;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What the standing approvals of an action are judged by. */
export interface StandingFacts extends Pick<StandingSource, 'playbook' | 'trust'> {
  readonly risk: RiskLevel;
  /** Why no standing approval covers the action and its plan. */
  readonly faults: readonly string[];
}

/** Digest of the parameters that a schedule gives its actions. */
export const parametersDigest = ({ spec }: Pick<Playbook, 'spec'>): string => digestOf(spec.schedule?.parameters ?? []);

const FAULTS_SHOWN = 3;
/** A seal, digests and the names of the fields are longer. */
const SHORTEST_RECORD = 200;

/** The records in the annotation of a Playbook, in their order; what cannot be parsed approves nothing. */
export function parseStanding({ metadata }: Pick<Playbook, 'metadata'>): readonly (StandingRecord | StandingRevocation)[] {
  return (metadata.annotations?.[annotations.standing] ?? '')
    .split('\n')
    .filter((line) => line.length >= SHORTEST_RECORD)
    .flatMap((line) => parseLine(line) ?? []);
}

/** The standing approvals of a Playbook, without what depends on an action: whether each is sealed for the Playbook as it is, and has not ended. */
export function readStanding(source: StandingSource): JudgedStanding[] {
  const all = parseStanding(source.playbook);
  const records = all.slice(-STANDING_KEPT);
  return records.flatMap((record, index) => {
    if (record.decision !== 'approve') return [];
    // The newest word of a person counts, also once its time is over: an earlier one for a longer time does not come back.
    const isNewer = records.slice(index + 1).some((other) => replaces(other, record) && !formFault(other, source));
    const why = recordFault(record, source) ?? (isNewer ? 'its person has given a newer one' : revokedBy(record, all));
    return [{ record, counts: why === undefined, why }];
  });
}

/** The standing approvals of the schedule of an action, judged for its plan. */
export function judgeStanding(
  { playbook, trust, risk, faults }: StandingFacts,
  facts: PersonFacts & Pick<StandingSource, 'keys' | 'now'>,
): JudgedStanding[] {
  return readStanding({ playbook, trust, keys: facts.keys, now: facts.now }).map((one) => {
    const { record } = one;
    const why =
      one.why ??
      policyFault(record, facts) ??
      (faults.length === 0 ? undefined : faults.slice(0, FAULTS_SHOWN).join('; ')) ??
      (atMost(risk, record.upToRisk)
        ? undefined
        : `it covers actions up to the risk ${record.upToRisk}, and this one has ${risk}`) ??
      personFault(record, facts, true) ??
      rightsFault(record, facts);
    return { record, counts: why === undefined, why };
  });
}

/** A standing approval as a status shows it. */
export function showStanding({ record, counts, why }: JudgedStanding): StandingApproval {
  const { user, digest, upToRisk, time, expires, comment } = record;
  return {
    user: user.slice(0, USER_SHOWN).toWellFormed(),
    playbook: digest,
    upToRisk,
    time,
    expires,
    ...(comment === undefined ? {} : { comment: comment.slice(0, COMMENT_SHOWN).toWellFormed() }),
    counts,
    ...(why === undefined ? {} : { why: why.slice(0, WHY_SHOWN).toWellFormed() }),
  };
}

const USER_SHOWN = 512;
const COMMENT_SHOWN = 1024;
const WHY_SHOWN = 512;

/** When a standing approval ends, in milliseconds since the epoch: by its own word, or sooner by the current policies. */
export function standingEnd({ time, expires }: StandingRecord, most: string | undefined): number {
  const byRecord = Date.parse(expires) || 0;
  return most === undefined ? byRecord : Math.min(byRecord, (Date.parse(time) || 0) + seconds(most) * 1000);
}

function policyFault(record: StandingRecord, { requirements, now }: PersonFacts & { readonly now: number }): string | undefined {
  if (requirements.standing === undefined)
    return 'policy allows no standing approvals of actions of this risk (`approvals[].standing`)';
  return standingEnd(record, requirements.standing) > now
    ? undefined
    : `policy allows at most ${requirements.standing}, and that time is over`;
}

/** Why a record is not of this Playbook as it is, or not sealed; whatever its time. */
function formFault(record: StandingRecord, { playbook, keys }: StandingSource): string | undefined {
  const seal = sealFault(record, keys);
  if (seal) return seal;
  if (record.standing !== playbook.metadata.uid) return 'it is for another Playbook';
  if (record.digest !== playbookDigest(playbook)) return 'the Playbook changed after it was given';
  return record.parameters === parametersDigest(playbook) ? undefined : 'it is for other parameters';
}

function recordFault(record: StandingRecord, source: StandingSource): string | undefined {
  const { trust, now } = source;
  const form = formFault(record, source);
  if (form) return form;
  if (isProgram(record)) return 'programs cannot decide';
  if (!trust.trusted) return `the Playbook is not trusted: ${trust.why}`;
  // The floor does not say since when it trusts a digest, nor whether it did all the time.
  if (!trust.by) return 'the floor trusts this Playbook: a standing approval needs a person who trusts it';
  const made = Date.parse(record.time);
  if (Number.isNaN(made) || made > now + CLOCK_SKEW) return 'its time is in the future';
  // Trust that was withdrawn was withdrawn for a reason: what was approved before is looked at again.
  if (made < Date.parse(trust.by.time)) return 'it was given before the Playbook was trusted, or trusted again: approve again';
  return standingEnd(record, undefined) > now ? undefined : 'it has ended';
}

const replaces = (other: StandingRecord | StandingRevocation, record: StandingRecord): other is StandingRecord =>
  other.decision === 'approve' && isSamePerson(other, record);

// A revocation takes the place of the records before it, so one that is here is older. Its seal does not matter: it can only take away.
const revokedBy = (record: StandingRecord, all: readonly (StandingRecord | StandingRevocation)[]): string | undefined => {
  const by = all.find((other) => other.decision === 'revoke' && !(Date.parse(other.time) < Date.parse(record.time)));
  return by && `${by.user} revoked it at ${by.time}`;
};

function parseLine(line: string): StandingRecord | StandingRevocation | undefined {
  try {
    const value: unknown = JSON.parse(line);
    // A line must be exactly the canonical JSON of its content: a duplicate field would hide the first one from a reader.
    if (JSON.stringify(value) !== line) return undefined;
    return StandingRecord.safeParse(value).data ?? StandingRevocation.safeParse(value).data;
  } catch {
    return undefined;
  }
}
