import { z } from 'zod';
import { GENESIS } from '../audit/chain.ts';
import { digestOf } from '../digest/canonical.ts';
import { Act } from './acts.ts';
import type { AuditRecord } from './audit.ts';

/** The detail of a record of an act that carries its seal. */
export const ACT_SEAL_DETAIL = 'sentinel.act.sealed';
/** The detail of a record that says whether the object shows the act: what the operator saw, and no fact of the act. */
export const ACT_CONFIRMED_DETAIL = 'sentinel.act.confirmed';
/** The key of the journal under which the webhook keeps the number and the digest of the act that it wrote down last. */
export const ACTS_HEAD = 'head';

/** The place of an act in the chain of the webhook, under its seal. */
export const SealedAct = z.strictObject({
  /** Counts the acts of the installation, from 1. */
  number: z.int().min(1),
  /** Digest of the one before. */
  previous: z.string(),
  /** Digest of the facts of the act: see `factsOfAct`. */
  facts: z.string(),
  key: z.string(),
  seal: z.string(),
});
export type SealedAct = z.infer<typeof SealedAct>;

/** An act as it stands in the journal. What the operator writes down itself is not sealed. */
export const JournaledAct = Act.extend({ sealed: SealedAct.optional() });
export type JournaledAct = z.infer<typeof JournaledAct>;

/** What the webhook wrote down last. */
export const ActsHead = z.strictObject({ number: z.int().min(0), digest: z.string() });
export type ActsHead = z.infer<typeof ActsHead>;

/** Reads the head of the journal. Throws where there is one that cannot be read: numbering anew would hide what was lost. */
export function readActsHead(data: Readonly<Record<string, string>>): ActsHead {
  const text = data[ACTS_HEAD];
  return text === undefined ? { number: 0, digest: GENESIS } : ActsHead.parse(JSON.parse(text));
}

const VALUE_MAX = 1024;
const ACTOR_MAX = 512;
const shorten = (text: string, most: number) => text.slice(0, most).toWellFormed();

/** Who did an act, as its record names them. */
export const actorOfAct = ({ user }: Pick<Act, 'user'>): string => shorten(user, ACTOR_MAX);

/** What the record of an act says of it, by the names of its details: all of it is under the seal. `id` is its key in the journal. */
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
    ...act.details,
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value === '' ? [] : [[name, shorten(value, VALUE_MAX)]])),
  );
}

/** The digest of the facts of an act that its seal covers. */
export const actDigest = (actor: string, facts: Readonly<Record<string, string>>): string => digestOf({ actor, facts });

/** The same from a record: everything that it says but what the operator adds. */
export function recordedActDigest({ actor, details = [] }: Pick<AuditRecord, 'actor' | 'details'>): string {
  const facts = details.filter(({ name }) => name !== ACT_SEAL_DETAIL && name !== ACT_CONFIRMED_DETAIL);
  return actDigest(actor, Object.fromEntries(facts.map(({ name, value }) => [name, value])));
}
