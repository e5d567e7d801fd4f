import { randomBytes } from 'node:crypto';
import { admin, eventually } from '../../test/lib/cluster.ts';
import { loadedImages } from '../../test/lib/images.ts';

/** A load that runs until it is stopped. */
export interface Load {
  /** What it came to so far, for people. */
  report(): Promise<string>;
  stop(): Promise<void>;
}

const locked = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  runAsUser: 65532,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** How many rounds the pods of a namespace have made: the last number that each of them printed. */
export async function roundsOf(pods: readonly { readonly name: string; readonly container?: string }[], namespace: string) {
  const rounds = await Promise.all(
    pods.map(async ({ name, container }) => {
      const of = container === undefined ? [] : ['-c', container];
      const { stdout } = await admin.tryKubectl(['logs', name, '-n', namespace, '--tail=1', ...of]);
      return Number(stdout.trim()) || 0;
    }),
  );
  return rounds.reduce((sum, one) => sum + one, 0);
}

/**
 * The control: what a hostile tenant's sandboxes and flood ask of the machine and of the API server, without Sentinel. As many pods as
 * the tenant has sandboxes run the same script with the same limits against the API server itself, as an account that may try ConfigMaps;
 * one more burns what the flood of the webhook may burn; and a ConfigMap is padded as the action is.
 */
export async function startOrdinaryLoad(
  script: string,
  pods: number,
  resources: object,
): Promise<Load & { readonly namespace: string }> {
  const namespace = `ordinary-${randomBytes(3).toString('hex')}`;
  const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'load' };
  const metadata = { name: 'load', namespace };
  const names = Array.from({ length: pods }, (_, at) => `load-${at}`);
  const pod = (name: string, container: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, serviceAccountName: 'load', containers: [container] },
  });
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'patch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: role,
      subjects: [{ kind: 'ServiceAccount', name: 'load', namespace }],
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'padded', namespace } },
    ...names.map((name) =>
      pod(name, {
        name: 'load',
        image: loadedImages().tools,
        command: ['sh', '-c', script],
        env: [{ name: 'HOME', value: '/tmp' }],
        workingDir: '/tmp',
        securityContext: locked,
        resources,
      }),
    ),
    pod('burn', {
      name: 'burn',
      image: loadedImages().sentinel,
      command: ['node', '-e', 'for (;;);'],
      securityContext: locked,
      resources: { requests: { cpu: '50m' }, limits: { cpu: '500m', memory: '512Mi' } },
    }),
  ];
  await admin.apply(objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  const rounds = () =>
    roundsOf(
      names.map((name) => ({ name })),
      namespace,
    );
  await eventually('the ordinary load is at work', async () => (await rounds()) >= pods, 90);
  const [first, since] = [await rounds(), performance.now()];
  return {
    namespace,
    async report() {
      const perSecond = ((await rounds()) - first) / ((performance.now() - since) / 1000);
      return `${perSecond.toFixed(2)} rounds a second in ${pods} pods`;
    },
    async stop() {
      await admin.tryKubectl(['delete', 'pods', '--all', '-n', namespace, '--grace-period=0', '--force', '--wait=false']);
      await admin.tryKubectl(['delete', 'namespace', namespace, '--wait=false']);
    },
  };
}
