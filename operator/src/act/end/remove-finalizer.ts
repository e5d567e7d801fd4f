import { agentActions, digestOf, FINALIZER } from '@sentinel/crds';
import { removeFinalizer } from '@sentinel/kube';
import { writeEntry } from '../../acts/journal.ts';
import type { ActContext, Pass } from '../context.ts';

/**
 * Takes the finalizer off an action that has come to its end: from here on, deleting it stops nothing. What is `missing` in the sink
 * goes with it; that is recorded first, where it outlives the action.
 */
export async function letGo(
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
