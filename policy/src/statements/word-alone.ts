import { lastRunStatement, type Stated } from './compare.ts';
import { impliesPlan } from './implied-plan.ts';

/**
 * Whether records describe an action that ended without a plan, and the gateway states nothing about its end. The gateway states nothing
 * where that is true, so this is not a fault; but then nothing beside the operator says so.
 */
export function endsByWordAlone(stated: Stated): boolean {
  const hasEnded = stated.records.some(({ transition }) => transition === 'Ended');
  return hasEnded && !impliesPlan(stated.records) && lastRunStatement(stated) === undefined;
}
