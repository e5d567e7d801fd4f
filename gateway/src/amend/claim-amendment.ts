import { type ActionPlanSpec, agentActions, namespaces } from '@sentinel/crds';
import { configmaps, isAlreadyExists, type KubeClient } from '@sentinel/kube';
import type { ActionRef } from '../ledger/claim.ts';
import { hashOf, JOB_LABEL, KIND_LABEL } from '../ledger/claim-object.ts';
import { refuseClaim } from '../request/refused.ts';

/**
 * Lets one action alone run as the amendment of a blocked run: creating the object is the lock. It exists as long as the amended action, and
 * without that action no amendment of it starts. Safe to repeat for the same action. Throws Refused.
 */
export async function claimAmendment(
  client: KubeClient,
  { action: { name, uid } }: Pick<NonNullable<ActionPlanSpec['amends']>, 'action'>,
  by: ActionRef,
): Promise<void> {
  const { namespace } = by;
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `amended-${hashOf(uid)}`,
      namespace: namespaces.ledger,
      labels: { [JOB_LABEL]: uid, [KIND_LABEL]: 'amended' },
    },
    data: { action: `${namespace}/${name}`, actionUid: uid, amendedBy: by.uid, amendedByName: by.name },
  };
  const held = await createOrRead(client, object);
  if (held.amendedBy !== by.uid)
    throw refuseClaim(
      'AlreadyRun',
      `action '${held.amendedByName ?? ''}' has run as the amendment of '${name}' already, and there is one for each blocked run`,
    );
  // After the lock: with the amended action the lock would be deleted, too.
  const amended = await client.get(agentActions, { namespace, name });
  if (amended?.metadata.uid !== uid || amended.metadata.deletionTimestamp !== undefined)
    throw refuseClaim('NotApproved', `action '${name}', which it amends, was deleted. Create an ordinary action instead`);
}

async function createOrRead(
  client: KubeClient,
  object: { readonly metadata: { readonly name: string; readonly namespace: string }; readonly data: object },
): Promise<Record<string, string | undefined>> {
  try {
    await client.create(configmaps, object as never);
    return object.data as Record<string, string>;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  return ((await client.getOrThrow(configmaps, object.metadata)).data ?? {}) as Record<string, string | undefined>;
}
