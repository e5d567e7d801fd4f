import { effectNumber } from '@sentinel/crds';
import type { Review } from '../../read.ts';
import type { Paint } from '../../terminal/paint.ts';
import { visible } from '../../terminal/visible.ts';

/** That a plan amends one whose run was blocked: which one, and which write was refused and why; no lines for every other plan. */
export function amendmentLines({ plan: { spec } }: Review, paint: Paint): string[] {
  if (!spec.amends) return [];
  const { action, plan, round, refused, why, effect } = spec.amends;
  return [
    `${paint('bold', 'AMENDMENT')}  ${round} of the plan of ${visible(action.name)}, whose run was blocked and rolled back`,
    `  plan before: ${visible(plan.name)}, ${plan.digest}`,
    paint('yellow', `  ! refused then: ${visible(refused)}`),
    `    because: ${visible(why)}`,
    effect === undefined
      ? '  the rehearsal has made that write by itself, or it changes nothing any more'
      : `  that write is effect ${effectNumber(effect)} of this plan, as a dry-run after the steps shows it; the run must make it`,
    '',
  ];
}
