import { agentActions, digestOf, FINALIZER } from '@sentinel/crds';
import { removeFinalizer } from '@sentinel/kube';
import { writeEntry } from '../../acts/journal.ts';
import type { ActContext, Pass } from '../context.ts';

/**
 * Removes the finalizer of an action that has ended: after that, deleting it stops nothing. The records that are `missing` in the sink
 * are deleted with the action; that is recorded first, in the chain of acts, which outlives the action.
 */
export async function removeActionFinalizer(
  { client }: ActContext,
  { action, now }: Pass,
  missing: { readonly from: number; readonly to: number } | undefined,
): Promise<void> {
  const { name, namespace = '', uid = '' } = action.metadata;
  if (missing)
    await writeEntry(client, `${namespace}.${uid}.incomplete`, {
      transitions: ['TrailIncomplete'],
      time: new Date(now).toISOString(),
      user: 'sentinel-operator',
      uid: '',
      groups: [],
      kind: 'AgentAction',
      namespace,
      name,
      object: uid,
      generation: 0,
      digest: digestOf(action.spec),
      details: {
        'sentinel.action.missing': `${missing.from}-${missing.to}`,
        'sentinel.action.head': action.status?.outbox?.head ?? '',
      },
    });
  await removeFinalizer(client, agentActions, action, { finalizer: FINALIZER });
}
