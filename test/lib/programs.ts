import { pods } from '@sentinel/kube';
import { admin, eventually } from './cluster.ts';
import { client } from './tenant.ts';

// Sentinel's own programs, stopped and started by tests that run alone.

const SYSTEM = 'sentinel-system';

/** A program that a test may stop. */
export type Program = 'operator' | 'webhook' | 'gateway';

interface Status {
  readonly containerStatuses?: readonly { readonly state?: { readonly running?: unknown; readonly waiting?: unknown } }[];
}

/**
 * Stops a program, and waits until none of its processes runs. The objects of its pods stay a few seconds longer: the kubelet
 * cleans up first.
 */
export async function stopProgram(program: Program): Promise<void> {
  await admin.kubectl(['scale', 'deployment', `sentinel-${program}`, '-n', SYSTEM, '--replicas=0']);
  const labelSelector = `app.kubernetes.io/name=sentinel,app.kubernetes.io/component=${program}`;
  await eventually(
    `the end of the ${program}`,
    async () => {
      const { items } = await client.list(pods, { namespace: SYSTEM, labelSelector });
      return items.every(({ metadata, status }) => {
        const containers = (status as Status | undefined)?.containerStatuses ?? [];
        return (
          metadata.deletionTimestamp !== undefined &&
          containers.length > 0 &&
          containers.every(({ state }) => !state?.running && !state?.waiting)
        );
      });
    },
    undefined,
    200,
  );
}

/** Waits until a changed program is ready and no pod of the one before it is left, which leads until it has ended. */
export async function replaced(program: Program): Promise<void> {
  await admin.kubectl(['rollout', 'status', 'deployment', `sentinel-${program}`, '-n', SYSTEM, '--timeout=90s']);
  const labelSelector = `app.kubernetes.io/name=sentinel,app.kubernetes.io/component=${program}`;
  await eventually(`the end of the ${program} before`, async () => {
    const { items } = await client.list(pods, { namespace: SYSTEM, labelSelector });
    return items.every(({ metadata }) => metadata.deletionTimestamp === undefined);
  });
}

/** Starts a program, and waits until that many of its pods are ready. */
export async function startProgram(program: Program, replicas: number): Promise<void> {
  const deployment = ['deployment', `sentinel-${program}`, '-n', SYSTEM];
  await admin.kubectl(['scale', ...deployment, `--replicas=${replicas}`]);
  await admin.kubectl(['rollout', 'status', ...deployment, '--timeout=90s']);
}
