import { namespaces } from '@sentinel/crds';
import { type AnyObject, type Informer, pods as podResource } from '@sentinel/kube';
import type { Claim } from '../ledger/claim.ts';
import { Refused } from '../request/refused.ts';
import { hasEndedWell } from './pod-end.ts';
import { type ResolveContext, resolveRun } from './resolve.ts';

const STAGE_LABEL = 'sentinel.dev/stage';
/** A rehearsal without requests has no recording, so its pod need not be compared. */
const JUDGED: ReadonlySet<string | undefined> = new Set(['run', 'verification']);

/**
 * Claims a run or a verification whose pod succeeded without a request to the gateway: otherwise its success would be known only from the
 * operator. The pod is compared with the rendered one as for any other claim. Undefined if there is no such pod, or if it is refused;
 * the refusal is stored as for any other claim.
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
