import type { Act, ActTransition, AuditRecord } from '@sentinel/crds';
import { configmaps, type KubeClient } from '@sentinel/kube';
import { journalKey, readJournal, trailKey } from './journal.ts';
import { type ActTrail, readTrail } from './trail.ts';

/** Which act is looked for: the last one of this transition, of this object, up to this generation. */
export interface ActQuery {
  readonly object: string;
  readonly transition: ActTransition;
  readonly generation?: number | undefined;
  /** The digest that the spec has at that generation: what does not fit was not stored. */
  readonly digest?: string | undefined;
}

/** Who did something, and when they asked for it. */
export interface Actor {
  readonly by: string;
  readonly since: string;
  /** The generation that the act made. */
  readonly generation: number;
}

/** What is said where no webhook took part, so that nobody knows who it was. The audit log of the API server does. */
export const UNKNOWN_ACTOR = 'unknown';

/**
 * Finds who did something, from the API server as it is now. The webhook writes an act down before it is stored, so whoever has seen
 * the change finds the act, in the journal or in the trail. Undefined when the webhook took no part.
 */
export async function findActor(client: KubeClient, query: ActQuery): Promise<Actor | undefined> {
  // The operator moves acts from the journal to the trail, so the journal is read first: an act is in one of the two at any time.
  const journal = (await client.get(configmaps, journalKey))?.data as Record<string, string> | undefined;
  const trail = (await client.get(configmaps, trailKey))?.data as Record<string, string> | undefined;
  return actorIn(
    readJournal(journal).flatMap(({ act }) => act ?? []),
    readTrail(trail),
    query,
  );
}

/** The actor of the newest act that fits. Several names for one act are all told: only one of them can be the true one. */
export function actorIn(acts: readonly Act[], trail: ActTrail, query: ActQuery): Actor | undefined {
  const candidates = [
    ...acts.flatMap((act) => candidateOfAct(act, query) ?? []),
    ...trail.records.flatMap((record) => candidateOfRecord(record, query) ?? []),
  ].filter(({ generation }) => query.generation === undefined || generation <= query.generation);
  const newest = Math.max(...candidates.map(({ generation }) => generation));
  const found = candidates.filter(({ generation }) => generation === newest);
  const last = found.map(({ since }) => since).sort()[0];
  if (last === undefined) return undefined;
  return { by: [...new Set(found.map(({ by }) => by))].sort().join(' or '), since: last, generation: newest };
}

function candidateOfAct(act: Act, { object, transition, generation, digest }: ActQuery): Actor | undefined {
  if (act.object !== object || !act.transitions.includes(transition)) return undefined;
  if (digest !== undefined && act.generation === generation && act.digest !== digest) return undefined;
  return { by: act.user, since: act.time, generation: act.generation };
}

function candidateOfRecord({ transition, actor, details = [] }: AuditRecord, query: ActQuery): Actor | undefined {
  const of = (name: string) => details.find((one) => one.name === name)?.value;
  if (transition !== query.transition || of('sentinel.object.uid') !== query.object) return undefined;
  if (of('sentinel.act.confirmed') !== 'true') return undefined;
  return { by: actor, since: of('sentinel.act.time') ?? '', generation: Number(of('sentinel.object.generation') ?? 0) };
}
