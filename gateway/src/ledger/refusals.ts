import { namespaces } from '@sentinel/crds';
import { configmaps, isAlreadyExists, type KubeClient } from '@sentinel/kube';
import type { ActionRef } from './claim.ts';
import { JOB_LABEL, KIND_LABEL } from './claim-object.ts';

/** Why a pod was refused before its run was claimed: a code for programs, and a sentence for people. */
export interface RefusedClaim {
  readonly code: string;
  readonly why: string;
}

const keyOf = (jobUid: string) => ({ name: `refusal-${jobUid}`, namespace: namespaces.ledger });

/** Stores why the pod of a Job is not served, for the status of the action; the first reason is kept. */
export async function keepRefusal(
  client: KubeClient,
  jobUid: string,
  action: ActionRef,
  { code, why }: RefusedClaim,
): Promise<void> {
  const metadata = { ...keyOf(jobUid), labels: { [JOB_LABEL]: jobUid, [KIND_LABEL]: 'refusal' } };
  const data = { action: `${action.namespace}/${action.name}`, actionUid: action.uid, code, why };
  try {
    await client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** Why the pod of a Job is not served; undefined when it was never refused. */
export async function readRefusal(client: KubeClient, jobUid: string): Promise<RefusedClaim | undefined> {
  const object = await client.get(configmaps, keyOf(jobUid));
  const { code, why } = (object?.data ?? {}) as Record<string, string | undefined>;
  return code === undefined || why === undefined ? undefined : { code, why };
}
