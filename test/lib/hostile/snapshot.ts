import type { Transport } from '@sentinel/kube';
import { apps, core, group, namespace, suffix } from './every-write.ts';

const seen = [
  `${core}/configmaps`,
  `${core}/secrets`,
  `${core}/pods`,
  `${core}/serviceaccounts`,
  `${apps}/deployments`,
  `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
  `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
  `/apis/${group}/v1/namespaces/${namespace}/widgets`,
];
const seenByName = [
  '/api/v1/namespaces',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
  '/apis/apiregistration.k8s.io/v1/apiservices',
];

interface List {
  readonly items: readonly { metadata: { name: string; uid: string; resourceVersion: string } }[];
}

/** Every object that a write of {@link everyWrite} could have made or changed, with its version. */
export async function snapshot(transport: Transport): Promise<string[]> {
  const read = async (path: string) =>
    (JSON.parse((await transport.request({ method: 'GET', path })).body.toString('utf8')) as List).items;
  const inside = await Promise.all(seen.map(async (path) => (await read(path)).map((one) => ({ path, ...one.metadata }))));
  const cluster = await Promise.all(
    seenByName.map(async (path) =>
      (await read(path)).map((one) => ({ path, ...one.metadata })).filter(({ name }) => name.includes(suffix)),
    ),
  );
  return [...inside, ...cluster]
    .flat()
    .map(({ path, name, uid, resourceVersion }) => `${path} ${name} ${uid} ${resourceVersion}`)
    .sort();
}
