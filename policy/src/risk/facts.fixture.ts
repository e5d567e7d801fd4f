import type { Effect } from '@sentinel/crds';
import type { RiskFacts } from './score.ts';

/** Facts for tests, in staging. */
export const facts = (effects: readonly Effect[], more: Partial<RiskFacts> = {}): RiskFacts => ({
  effects,
  undeclared: [],
  notObservable: [],
  environment: 'staging',
  floor: undefined,
  ...more,
});
