import { type ActionPlanSpec, type Effect, effectNumber } from '@sentinel/crds';
import type { View } from '../terminal/fields.ts';
import type { Paint } from '../terminal/paint.ts';
import { visible } from '../terminal/visible.ts';
import { objectOf } from './effects.ts';

const NAMED = 8;

/** The first effects of a list, as CHANGES numbers them, and how many more there are. */
export function nameEffects(effects: readonly Effect[]): string {
  const named = effects
    .slice(0, NAMED)
    .map((effect) => `${effectNumber(effect.index)}. ${visible(effect.verb)} ${objectOf(effect)}`);
  return `${named.join(', ')}${effects.length > NAMED ? `, and ${effects.length - NAMED} more` : ''}`;
}

/** What a rollback could restore: everything, all changes except the listed ones, or nothing with the reason. */
export function rollbackLine({ rollback, effects }: Pick<ActionPlanSpec, 'rollback' | 'effects'>, paint: Paint): string {
  const title = paint('bold', 'ROLLBACK');
  const lost = effects.filter(({ reversible }) => !reversible);
  if (rollback.from === 'None')
    return `${title} ${paint('yellow', `not available: ${visible(rollback.reason ?? 'no reason given')}`)}`;
  if (lost.length === 0) return `${title}  from the pre-images, when the run or its verification fails`;
  // Plans of older versions say 'PreImages' also if there is nothing to restore.
  if (lost.length === effects.length)
    return `${title} ${paint('yellow', 'not available: no change of the plan can be restored')}`;
  const part = `partly: ${effects.length - lost.length} of ${effects.length} changes can be restored; not: ${nameEffects(lost)}`;
  return `${title} ${paint('yellow', part)}`;
}

const LEFT_SHOWN = 16;

/** What the plan of a rollback leaves as it is, and why; empty for other plans, and if everything is undone. */
export function leftLines({ rollbackOf }: Pick<ActionPlanSpec, 'rollbackOf'>, { paint, full, onFold }: View): string[] {
  const left = rollbackOf?.left ?? [];
  if (left.length === 0) return [];
  const shown = full ? left : left.slice(0, LEFT_SHOWN);
  if (shown.length < left.length) onFold?.(`${left.length - shown.length} of ${left.length} parts that are not rolled back`);
  return [
    `${paint('bold', 'NOT ROLLED BACK')}  (left as it is)`,
    ...shown.map(({ effect, object, path, why }) =>
      paint(
        'yellow',
        `  ! effect ${effectNumber(effect)}, ${visible(object)}${path ? ` ${visible(path)}` : ''}: ${visible(why)}`,
      ),
    ),
    '',
  ];
}
