import { randomBytes } from 'node:crypto';
import { admin, eventually } from '../cluster.ts';
import { idle } from '../image-only.ts';
import { closeTransport } from '../mini-gateway.ts';

// A namespace that knows nothing of Sentinel, with what is written there, for one process.

/** In the names of what is made beside the namespace. */
export const suffix = randomBytes(3).toString('hex');
export const namespace = `gw-change-${suffix}`;
/** The path of its core resources. */
export const core = `/api/v1/namespaces/${namespace}`;
export const APPLY = 'application/apply-patch+yaml';

/** A ConfigMap. */
export const configMap = (name: string, data: object = { a: '1' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});
/** A Deployment without pods, with the containers `web` and `side`. */
export const deployment = (name: string) => {
  const object = idle(name, namespace, 'registry.example.com/web:1');
  const side = { name: 'side', image: 'registry.example.com/side:1' };
  object.spec.template.spec.containers.push(side);
  return object;
};
/** A Service with two ports. */
export const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: {
    selector: { app: 'web' },
    ports: [
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ],
    ...spec,
  },
});
// Of the range of the cluster; a namespace of an earlier run may still hold another one.
/** A port of nodes that is free. */
export const nodePort = 31_000 + Number.parseInt(suffix.slice(0, 2), 16);
/** Objects as kubectl reads them. */
export const texts = (...objects: object[]) => objects.map((object) => JSON.stringify(object)).join('\n---\n');

/** Makes the namespace. */
export async function makeNamespace(): Promise<void> {
  await admin.apply(texts({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  await eventually(
    'a default account',
    async () => (await admin.tryKubectl(['get', 'sa', 'default', '-n', namespace])).code === 0,
  );
}

/** Deletes it, and closes the connection to the API server. */
export async function removeNamespace(): Promise<void> {
  await admin.tryKubectl(['delete', 'namespace', namespace, '--wait=false']);
  await closeTransport();
}
