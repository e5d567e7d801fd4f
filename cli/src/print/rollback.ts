import type { ActionPlanSpec } from '@sentinel/crds';
import { objectOf } from './effects.ts';
import type { Paint } from './paint.ts';
import { visible } from './visible.ts';

const NAMED = 8;

/** What a rollback could restore of a plan: everything, a part that is named by what it lacks, or nothing and why. */
export function rollbackLine({ rollback, effects }: Pick<ActionPlanSpec, 'rollback' | 'effects'>, paint: Paint): string {
  const title = paint('bold', 'ROLLBACK');
  const lost = effects.filter(({ reversible }) => !reversible);
  if (rollback.from === 'None')
    return `${title} ${paint('yellow', `not available: ${visible(rollback.reason ?? 'no reason given')}`)}`;
  if (lost.length === 0) return `${title}  from the pre-images, when verification fails`;
  // Plans of older versions say 'PreImages' also where there is nothing to restore.
  if (lost.length === effects.length)
    return `${title} ${paint('yellow', 'not available: no change of the plan can be restored')}`;
  const named = lost.slice(0, NAMED).map((effect) => `${effect.index + 1}. ${visible(effect.verb)} ${objectOf(effect)}`);
  const more = lost.length > NAMED ? `, and ${lost.length - NAMED} more` : '';
  const part = `partly: ${effects.length - lost.length} of ${effects.length} changes can be restored; not: ${named.join(', ')}${more}`;
  return `${title} ${paint('yellow', part)}`;
}
