import { type Act, annotations, digestOf } from '@sentinel/crds';
import type { KubeObject } from '@sentinel/kube';

/** After this time an act that its object does not show is recorded as admitted but not confirmed. */
export const CONFIRM_WITHIN_MS = 15_000;

/** `Applied`: the object shows it. `Pending`: not yet. `Unconfirmed`: nothing shows it, and nothing will. */
export type Confirmation = 'Applied' | 'Pending' | 'Unconfirmed';

/**
 * Whether an admitted change was stored. The webhook records an act before the API server stores the change, which may still fail with a
 * conflict; and anyone who reaches the webhook can make it record acts that were never requested from the API server.
 */
export function judgeAct(act: Act, live: KubeObject | null, now: number): Confirmation {
  if (isApplied(act, live)) return 'Applied';
  return now - Date.parse(act.time) < CONFIRM_WITHIN_MS ? 'Pending' : 'Unconfirmed';
}

function isApplied(act: Act, live: KubeObject | null): boolean {
  const isSame = live?.metadata.uid === act.object;
  if (act.generation === 0) return !isSame || live?.metadata.deletionTimestamp !== undefined;
  if (!live || !isSame) return false;
  const generation = live.metadata.generation ?? 0;
  // If the object was changed again since, the act was stored in between.
  if (generation !== act.generation) return generation > act.generation;
  const { [annotations.trust]: trust, [annotations.standing]: standing } = live.metadata.annotations ?? {};
  return (
    digestOf((live as { spec?: unknown }).spec ?? null) === act.digest &&
    (act.trust === undefined || act.trust === digestOf(trust ?? null)) &&
    (act.standing === undefined || act.standing === digestOf(standing ?? null))
  );
}
