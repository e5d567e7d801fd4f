import { namespaces } from '@sentinel/crds';
import { type AnyObject, type Informer, pods as podResource } from '@sentinel/kube';
import type { Claim } from '../ledger/claim.ts';
import { Refused } from '../request/refused.ts';
import { hasEndedWell } from './pod-end.ts';
import { type ResolveContext, resolveRun } from './resolve.ts';

const STAGE_LABEL = 'sentinel.dev/stage';
/** A rehearsal that asked for nothing has recorded nothing, so nobody needs to know that it was what it had to be. */
const JUDGED: ReadonlySet<string | undefined> = new Set(['run', 'verification']);

/**
 * Claims a run or a verification whose pod ended well without asking the gateway for anything: else what its steps came to would be the
 * operator's word alone. It is held against what the gateway renders as any other. Undefined where there is no such pod, or it is refused;
 * the refusal is kept as for any other.
 */
export async function claimEnded(
  context: ResolveContext & { readonly pods: Pick<Informer<AnyObject>, 'store'> },
  jobUid: string,
): Promise<Claim | undefined> {
  const known = context.pods.store.list().find((one) => ownerOf(one) === jobUid);
  if (!known || !JUDGED.has(known.metadata.labels?.[STAGE_LABEL])) return undefined;
  const pod = await readEnded(context, known);
  if (!pod) return undefined;
  try {
    await resolveRun(context, pod);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  return await context.ledger.claimOf(jobUid);
}

/** A pod of a sandbox if it has ended well, by the API server where the cache does not show it yet. */
export async function readEnded({ client }: Pick<ResolveContext, 'client'>, known: AnyObject): Promise<AnyObject | undefined> {
  if (hasEndedWell(known)) return known;
  const live = await client.get(podResource, { name: known.metadata.name ?? '', namespace: namespaces.sandboxes });
  return live && live.metadata.uid === known.metadata.uid && hasEndedWell(live) ? live : undefined;
}

const ownerOf = ({ metadata }: AnyObject) =>
  metadata.ownerReferences?.find(({ controller, kind }) => controller && kind === 'Job')?.uid;
