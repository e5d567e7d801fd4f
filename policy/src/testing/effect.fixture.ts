import type { Effect } from '@sentinel/crds';

/** An effect: the Deployment `web` in the namespace `shop` is patched. What is patched is not said. */
export const anEffect = (more: Partial<Effect> = {}): Effect => ({
  index: 0,
  verb: 'patch',
  apiGroup: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  changeDigest: `sha256:${'0'.repeat(64)}`,
  origin: 'Observed',
  reversible: true,
  ...more,
});

/** An effect: the same Deployment gets another number of replicas. */
export const aScaling = (more: Partial<Effect> = {}): Effect =>
  anEffect({ change: [{ path: '/spec/replicas', before: '1', after: '2' }], ...more });

/** An effect: a ConfigMap `settings` in the namespace `shop` is patched. */
export const aConfigMapEffect = (more: Partial<Effect> = {}): Effect =>
  anEffect({ apiGroup: '', resource: 'configmaps', kind: 'ConfigMap', name: 'settings', ...more });
