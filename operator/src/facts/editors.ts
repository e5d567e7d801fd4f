import { annotations } from '@sentinel/crds';
import { type Identity, parseIdentities } from '@sentinel/policy';
import type { Facts } from './facts.ts';

/** Everyone who counts like an editor of an action: who amended it, and the people of its schedule. Undefined if one cannot be read. */
export function editorsOf({ action, scheduledBy }: Pick<Facts, 'action' | 'scheduledBy'>): Identity[] | undefined {
  const editors = parseIdentities(action.metadata.annotations?.[annotations.amendedBy]);
  return editors && [...editors, ...scheduledBy];
}
