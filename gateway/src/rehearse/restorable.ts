import type { ObservedEffect } from '@sentinel/crds';
import type { Change } from '../effect/change.ts';
import { RESTORABLE_MAX } from '../ledger/codec.ts';

/** Adds to an effect whether it can be rolled back: its pre-image must fit into the ledger. */
export function asFarAsRestorable(effect: ObservedEffect, changes: readonly Change[]): ObservedEffect {
  if (!effect.reversible || JSON.stringify(changes).length <= RESTORABLE_MAX) return effect;
  const note = 'The values before this change are too large to be kept, so it cannot be rolled back.';
  return { ...effect, reversible: false, notes: [note, ...(effect.notes ?? [])].slice(0, 8) };
}
