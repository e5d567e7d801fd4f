import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { layout, paths } from '@sentinel/cluster';
import { run } from './run.ts';

const CLASS = 'sentinel-evidence';
const env = { KUBECONFIG: paths.kubeconfig };

/** Values of the chart for an evidence store in the embedded cluster, which has no provisioner of volumes. */
export const evidenceSettings = {
  'evidence.enabled': true,
  'evidence.size': '1Gi',
  'evidence.limit': '256Mi',
  'evidence.storageClassName': CLASS,
} as const;

/** Makes the volume of the evidence store: a folder of the machine, which goes with the cluster. */
export async function prepareEvidence(): Promise<void> {
  const folder = join(paths.state, 'evidence');
  mkdirSync(folder, { recursive: true });
  const hostname = { key: 'kubernetes.io/hostname', operator: 'In', values: [layout.node] };
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'sentinel-evidence' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: CLASS,
      local: { path: folder },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } },
    },
  };
  await run(paths.kubectl, ['apply', '-f', '-'], { env, input: JSON.stringify(volume) });
}

/** Waits until the API server reaches the evidence store: until then no namespace can be deleted. */
export async function waitForEvidence(): Promise<void> {
  await run(paths.kubectl, ['wait', '--for=condition=Available', 'apiservice/v1alpha1.evidence.sentinel.dev', '--timeout=180s'], {
    env,
  });
}
