import { z } from 'zod';
import { GENESIS } from '../audit/chain.ts';
import { digestOf } from '../digest/canonical.ts';
import { Act } from './acts.ts';
import type { AuditRecord } from './audit.ts';

/** The detail of a record of an act that carries its seal. */
export const ACT_SEAL_DETAIL = 'sentinel.act.sealed';
/** The detail of a record that says whether the operator found the act in the object. It is not covered by the seal. */
export const ACT_CONFIRMED_DETAIL = 'sentinel.act.confirmed';
/** The key of the journal under which the webhook keeps the number and the digest of the newest act. */
export const ACTS_HEAD = 'head';

/** The position of an act in the chain of the webhook, covered by the seal. */
export const SealedAct = z.strictObject({
  /** Number of the act in this installation, from 1. */
  number: z.int().min(1),
  /** Digest of the previous act. */
  previous: z.string(),
  /** Digest of the facts of the act: see `factsOfAct`. */
  facts: z.string(),
  key: z.string(),
  seal: z.string(),
});
export type SealedAct = z.infer<typeof SealedAct>;

/** An act in the journal. Acts that the operator records itself are not sealed. */
export const JournaledAct = Act.extend({ sealed: SealedAct.optional() });
export type JournaledAct = z.infer<typeof JournaledAct>;

/** The newest act that the webhook recorded. */
export const ActsHead = z.strictObject({ number: z.int().min(0), digest: z.string() });
export type ActsHead = z.infer<typeof ActsHead>;

/** Reads the head of the journal. Throws if there is one that cannot be read: numbering again would hide what was lost. */
export function readActsHead(data: Readonly<Record<string, string>>): ActsHead {
  const text = data[ACTS_HEAD];
  return text === undefined ? { number: 0, digest: GENESIS } : ActsHead.parse(JSON.parse(text));
}

const VALUE_MAX = 1024;
const ACTOR_MAX = 512;
const shorten = (text: string, most: number) => text.slice(0, most).toWellFormed();

/** The person who did an act, as named in its record. */
export const actorOfAct = ({ user }: Pick<Act, 'user'>): string => shorten(user, ACTOR_MAX);

/** The facts of an act in its record, by the names of the details: the seal covers all of them. `id` is its key in the journal. */
export function factsOfAct(id: string, act: Act): Record<string, string> {
  const facts = {
    'sentinel.act.id': id,
    'sentinel.act.time': act.time,
    'sentinel.act.transitions': act.transitions.join(' '),
    'sentinel.actor.uid': act.uid,
    'sentinel.actor.groups': act.groups.join(' '),
    'sentinel.object.kind': act.kind,
    'sentinel.object.namespace': act.namespace,
    'sentinel.object.name': act.name,
    'sentinel.object.uid': act.object,
    'sentinel.object.generation': act.generation === 0 ? '' : String(act.generation),
    'sentinel.spec.digest': act.digest,
    'sentinel.trust.digest': act.trust ?? '',
    'sentinel.standing.digest': act.standing ?? '',
    ...act.details,
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value === '' ? [] : [[name, shorten(value, VALUE_MAX)]])),
  );
}

/** The digest of the facts of an act that its seal covers. */
export const actDigest = (actor: string, facts: Readonly<Record<string, string>>): string => digestOf({ actor, facts });

/** The same from a record: all of its facts, without what the operator adds. */
export function recordedActDigest({ actor, details = [] }: Pick<AuditRecord, 'actor' | 'details'>): string {
  const facts = details.filter(({ name }) => name !== ACT_SEAL_DETAIL && name !== ACT_CONFIRMED_DETAIL);
  return actDigest(actor, Object.fromEntries(facts.map(({ name, value }) => [name, value])));
}
