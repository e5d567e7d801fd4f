import type { Act, ActTransition, AuditRecord } from '@sentinel/crds';
import { configmaps, type KubeClient } from '@sentinel/kube';
import { journalKey, readJournal, trailKey } from './journal.ts';
import { type ActTrail, readTrail } from './trail.ts';

/** The act to find: the newest one of this transition, for this object, up to this generation. */
export interface ActQuery {
  readonly object: string;
  readonly transition: ActTransition;
  readonly generation?: number | undefined;
  /** The digest of the spec at that generation: an act with another digest was not stored. */
  readonly digest?: string | undefined;
}

/** The person who did something, and the time of the request. */
export interface Actor {
  readonly by: string;
  readonly since: string;
  /** The generation after the act. */
  readonly generation: number;
}

/** The name that is used if the webhook did not run, so that the person is unknown. The audit log of the API server names the person. */
export const UNKNOWN_ACTOR = 'unknown';

/**
 * Finds the person who did something, with live reads. The webhook records an act before the change is stored, so after the change is visible
 * the act is in the journal or in the trail. Undefined if the webhook did not run.
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

/** The actor of the newest matching act. If there are several names for one act, all are returned: only one of them can be true. */
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
