import { annotations, digestOf, type Playbook } from '@sentinel/crds';
import { z } from 'zod';
import { whyAgent } from '../identity/agents.ts';
import { type Identity, isProgram, isSamePerson, parseIdentities } from '../identity/identity.ts';
import { isBeingDeleted, type PolicySet } from '../policyset/policy-set.ts';
import { type SealKeys, sealFault } from './seal.ts';

/** Trust in a Playbook as the webhook seals it. The order of the first five fields is checked by a ValidatingAdmissionPolicy. */
export const TrustRecord = z.object({
  playbook: z.string(),
  digest: z.string(),
  user: z.string(),
  /** Left out in records of older versions. */
  uid: z.string().optional(),
  groups: z.array(z.string()),
  time: z.string(),
  /** The policy by which the truster may trust although they could act as the author. */
  exemptBy: z.string().optional(),
  key: z.string(),
  seal: z.string(),
});
export type TrustRecord = z.infer<typeof TrustRecord>;

/** The sealed withdrawal of trust, which replaces the trust. The order of the first four fields is checked as well. */
export const WithdrawalRecord = z.object({
  withdrawal: z.string(),
  digest: z.string(),
  user: z.string(),
  uid: z.string(),
  groups: z.array(z.string()),
  time: z.string(),
  key: z.string(),
  seal: z.string(),
});
export type WithdrawalRecord = z.infer<typeof WithdrawalRecord>;

/** The beginning of an annotation with a withdrawal. */
export const WITHDRAWAL_PREFIX = '{"withdrawal":"';
/** How a request to withdraw trust begins; the digest follows. */
export const WITHDRAW = 'withdraw:';

/** Trust that a person sealed. */
export interface SealedTrust {
  readonly trusted: true;
  readonly by: TrustRecord;
}

/** Trust in a digest that the floor names. Nobody sealed it, so the authors of the Playbook lend what a person would who trusts it. */
export interface FloorTrust {
  readonly trusted: true;
  readonly by?: undefined;
  readonly digest: string;
  /** The names of the ClusterAgentPolicies that name the digest. */
  readonly policies: readonly string[];
  readonly authors: readonly Identity[];
}

/** Whether the current digest of a Playbook is trusted, and why not. */
export type Trust =
  | SealedTrust
  | FloorTrust
  | {
      readonly trusted: false;
      readonly why: string;
      /** The seal is not valid: it cannot be parsed, does not verify, or belongs to another Playbook. */
      readonly sealInvalid?: true;
    };

/** The digest of a Playbook: what is trusted, and what an action is pinned to. */
export const playbookDigest = (playbook: Pick<Playbook, 'spec'>): string => digestOf(playbook.spec);

/** How many authors the action of a schedule has room for. */
export const AUTHORS_MAX = 16;

/** The parts of policies that decide about trust. */
export type TrustRules = Pick<PolicySet, 'agents' | 'trustedDigests'>;

/**
 * Whether the current digest of the Playbook is trusted: someone other than its authors, with the verb `trust`, has sealed it, or the floor
 * names it. A withdrawal counts against the floor as well. The rules must be those of the policies in its namespace: otherwise the status
 * could differ from the evaluation at a start.
 */
export function trustOf(playbook: Playbook | undefined, keys: SealKeys, rules: TrustRules): Trust {
  if (!playbook) return { trusted: false, why: 'the Playbook does not exist' };
  if (isBeingDeleted(playbook)) return { trusted: false, why: 'it is being deleted' };
  const annotation = playbook.metadata.annotations?.[annotations.trust];
  if (annotation?.startsWith(WITHDRAWAL_PREFIX)) return withdrawn(annotation, keys);
  const sealed = sealedTrust(playbook, annotation, keys, rules);
  return sealed.trusted ? sealed : (floorTrust(playbook, rules) ?? sealed);
}

/**
 * Who lends what a Playbook needs beyond its content, such as the right of its schedule to use an account: the person who sealed its digest; where the
 * floor trusts it, its authors, every one of them. The list of authors does not say who wrote which part. Nobody, if they are too many.
 */
export const lendersOf = (trust: SealedTrust | FloorTrust): readonly Identity[] =>
  trust.by ? [trust.by] : trust.authors.length > AUTHORS_MAX ? [] : trust.authors;

/** The digest that is trusted. */
export const trustedDigest = (trust: SealedTrust | FloorTrust): string => (trust.by ? trust.by.digest : trust.digest);

// Agents may not write Playbooks, and an agent would lend its schedule the rights that other policies limit.
function floorTrust(playbook: Playbook, { trustedDigests, agents }: TrustRules): Trust | undefined {
  const digest = playbookDigest(playbook);
  const found = trustedDigests?.get(digest);
  if (!found) return undefined;
  if (found.name !== undefined && found.name !== playbook.metadata.name)
    return { trusted: false, why: `the floor trusts it only under the name '${found.name}'` };
  const authors = authorsOf(playbook);
  if (!authors) return { trusted: false, why: 'the floor trusts it, but its author is not known' };
  if (authors.some((author) => whyAgent(agents ?? [], author) !== undefined))
    return { trusted: false, why: 'the floor trusts it, but an agent wrote it' };
  return { trusted: true, digest, policies: found.policies, authors };
}

function sealedTrust(playbook: Playbook, sealed: string | undefined, keys: SealKeys, { agents }: TrustRules): Trust {
  if (sealed === undefined) return { trusted: false, why: 'nobody has sealed its digest' };
  const record = parse(sealed, TrustRecord);
  if (!record) return invalid('its seal cannot be parsed');
  const fault = sealFault(record, keys);
  if (fault) return invalid(fault);
  if (record.playbook !== playbook.metadata.uid) return invalid('the seal is for another Playbook');
  if (record.digest !== playbookDigest(playbook)) return { trusted: false, why: 'it changed after it was sealed' };
  const authors = authorsOf(playbook);
  if (!authors) return { trusted: false, why: 'its author is not known' };
  if (authors.some((author) => isSamePerson(author, record))) return { trusted: false, why: 'one of its authors sealed it' };
  if (isProgram(record)) return { trusted: false, why: 'a program sealed it' };
  if (whyAgent(agents ?? [], record) !== undefined) return { trusted: false, why: 'an agent sealed it' };
  return { trusted: true, by: record };
}

/**
 * The authors of a Playbook since it was last trusted: everyone who created or edited it, the latest one last. Undefined if unknown.
 * A person who only corrects the Playbook of another person does not become its only author.
 */
export function authorsOf({
  metadata,
}: {
  metadata: { annotations?: Record<string, string> | undefined };
}): Identity[] | undefined {
  const authors = parseIdentities(metadata.annotations?.[annotations.authors]);
  return authors?.length ? authors : undefined;
}

/** Who trusted a Playbook, from the sealed record, which is not verified here; undefined if there is none. */
export function trusterOf({ metadata }: Pick<Playbook, 'metadata'>): Identity | undefined {
  const record = parse(metadata.annotations?.[annotations.trust] ?? '', TrustRecord);
  return record && { user: record.user, uid: record.uid, groups: record.groups };
}

/** Whether the annotation contains trust and not a withdrawal. Only sealed records are stored there. */
export const isTrust = (sealed: string | undefined): boolean =>
  sealed !== undefined && sealed !== '' && !sealed.startsWith(WITHDRAWAL_PREFIX);

// The person is only named if the seal proves it. The Playbook is not trusted in any case.
function withdrawn(sealed: string, keys: SealKeys): Trust {
  const record = parse(sealed, WithdrawalRecord);
  return record && sealFault(record, keys) === undefined
    ? { trusted: false, why: `${record.user} withdrew the trust at ${record.time}` }
    : invalid('the trust was withdrawn');
}

const invalid = (why: string): Trust => ({ trusted: false, why, sealInvalid: true });

function parse<T>(sealed: string, schema: z.ZodType<T>): T | undefined {
  try {
    const value: unknown = JSON.parse(sealed);
    return JSON.stringify(value) === sealed ? schema.safeParse(value).data : undefined;
  } catch {
    return undefined;
  }
}
