import { type Act, annotations, digestOf } from '@sentinel/crds';
import type { KubeObject } from '@sentinel/kube';

/** After this time an act that can't be seen in its object is recorded as one that was admitted, and not seen. */
export const CONFIRM_WITHIN_MS = 15_000;

/** `Applied`: the object shows it. `Pending`: not yet. `Unconfirmed`: nothing shows it, and nothing will. */
export type Confirmation = 'Applied' | 'Pending' | 'Unconfirmed';

/**
 * Whether what was admitted was stored. The webhook writes an act down before the API server stores it, and a conflict may come in
 * between; and whoever reaches the webhook can make it write down what nobody asked the API server for.
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
  // What somebody changed once more since was stored in between.
  if (generation !== act.generation) return generation > act.generation;
  const trust = live.metadata.annotations?.[annotations.trust];
  return (
    digestOf((live as { spec?: unknown }).spec ?? null) === act.digest &&
    (act.trust === undefined || act.trust === digestOf(trust ?? null))
  );
}
