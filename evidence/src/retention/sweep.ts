import { agentActions } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import type { EvidenceStore } from '../store/evidence-store.ts';
import { decideRetention, type LivingAction } from './decide.ts';

/**
 * Deletes evidence whose time of retention is over; returns how much. Rejects without a change if the actions cannot be listed, also
 * when their kind is missing: nothing is deleted because the API server does not know what lives. What fails for one piece of evidence, for
 * example because a full disk takes no note, is told to `onFailure` and holds up no other one.
 */
export async function sweepEvidence(
  client: Pick<KubeClient, 'listMapped'>,
  store: EvidenceStore,
  now: () => number,
  onFailure: (error: unknown) => void,
): Promise<number> {
  // Before the list: the action of what is stored while it is read may be missing in it.
  const entries = store.list();
  const { items } = await client.listMapped(agentActions, {}, ({ metadata, status }): LivingAction => {
    const ended = Date.parse(status?.finishedAt ?? '');
    return { uid: metadata.uid ?? '', endedAt: Number.isNaN(ended) ? undefined : ended };
  });
  const living = new Map(items.map((action) => [action.uid, action]));
  let deleted = 0;
  for (const { digest, meta } of entries) {
    const decided = decideRetention(meta, living.get(meta.action.uid), now());
    try {
      if (decided.kind === 'NoteEnd') await store.noteEnd(digest, decided.endedAt);
      if (decided.kind !== 'Delete') continue;
      await store.remove(digest);
      deleted += 1;
    } catch (error) {
      onFailure(error);
    }
  }
  return deleted;
}
