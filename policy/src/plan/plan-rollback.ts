import type { ActionPlanSpec, Effect, PlaybookSpec } from '@sentinel/crds';

const NAMED = 32;

/** The rollback in a plan: its source, or why it is not available, and the changes that it would not restore. */
export function planRollback(wanted: PlaybookSpec['rollback'], effects: readonly Effect[]): ActionPlanSpec['rollback'] {
  const lost = effects.filter(({ reversible }) => !reversible);
  const irreversible = lost
    .slice(0, NAMED)
    .map(({ verb, resource, name }) => `${verb} ${resource} ${name}`.slice(0, 512).toWellFormed());
  const named = irreversible.length === 0 ? {} : { irreversible };
  // A Playbook cannot promise more than the pre-images: approvers must not read that something is restored if it is not.
  if (wanted?.from === 'PreImages' && lost.length === effects.length)
    return { from: 'None', reason: 'no change of the plan can be restored from its pre-image', ...named };
  const reason = wanted?.reason === undefined ? {} : { reason: wanted.reason };
  return { from: wanted?.from === 'PreImages' ? 'PreImages' : 'None', ...reason, ...named };
}
