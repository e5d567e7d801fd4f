import type { Effect } from '@sentinel/crds';
import type { RiskFacts } from './score.ts';

/** An effect for tests: a Deployment of staging gets another number of replicas. */
export const effect = (more: Partial<Effect> = {}): Effect => ({
  index: 0,
  verb: 'patch',
  apiGroup: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  change: [{ path: '/spec/replicas', before: '1', after: '2' }],
  changeDigest: '',
  origin: 'Observed',
  reversible: true,
  ...more,
});

/** Facts for tests, in staging. */
export const facts = (effects: readonly Effect[], more: Partial<RiskFacts> = {}): RiskFacts => ({
  effects,
  undeclared: [],
  notObservable: [],
  environment: 'staging',
  floor: undefined,
  ...more,
});
