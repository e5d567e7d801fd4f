import type { Fault } from './memory-api.fixture.ts';
import type { Death } from './world.fixture.ts';

/** Everything that can go wrong with one request. */
export const faults: readonly (Fault | Death)[] = [
  'death-before',
  'death-in-flight',
  'death-after',
  'lost',
  'answer-lost',
  'late',
  'held',
  409,
  422,
  500,
];

/** Who asks for the same write afterwards. */
export const sequels = ['nobody', 'the same replica', 'another replica', 'both at once'] as const;
/** When something late arrives. */
const arrivals = ['before that', 'after that', 'after the report'] as const;
/** When what a fault delays arrives. */
export const arrivalsOf = (fault: Fault | Death) =>
  ['late', 'held', 'death-in-flight'].includes(fault as string) ? arrivals : (['never'] as const);
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
