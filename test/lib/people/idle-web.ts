import { admin, example } from '../cluster.ts';

/** Makes the Deployment `web` of the shop example without pods. */
export const deployIdleWeb = (namespace: string) =>
  admin.apply(
    example('shop/workload.yaml').replaceAll('namespace: shop', `namespace: ${namespace}`).replace('replicas: 1', 'replicas: 0'),
  );
