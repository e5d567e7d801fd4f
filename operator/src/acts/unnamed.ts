import { type Act, type ActKind, type ActTransition, type AgentAction, digestOf } from '@sentinel/crds';
import { type Delta, type KubeClient, type KubeObject, namespaces } from '@sentinel/kube';
import { findActor, UNKNOWN_ACTOR } from './find-actor.ts';
import { writeEntry } from './journal.ts';

/** A change of an object for which an act must exist. */
export interface SeenChange {
  readonly kind: ActKind;
  /** Any of these acts explains it. */
  readonly transitions: readonly [ActTransition, ...ActTransition[]];
  readonly object: KubeObject;
  /** 0 for a deletion. */
  readonly generation: number;
}

/**
 * The act that must exist for a change in a cache; undefined if it is not a change by a person. Playbooks are not created or edited and actions
 * edited without the mutating webhook, so only changes that are possible while the webhook is down are checked.
 */
export function changeOf(kind: ActKind, { type, object, old }: Delta<KubeObject>): SeenChange | undefined {
  if (type === 'delete')
    return isRetired(kind, object) ? undefined : { kind, transitions: [deletions[kind]], object, generation: 0 };
  if (kind === 'AgentAction' || kind === 'Playbook') return undefined;
  const generation = object.metadata.generation ?? 0;
  if (type === 'add') return { kind, transitions: ['PolicyCreated'], object, generation };
  if (generation === old.metadata.generation) return undefined;
  return { kind, transitions: switched(old, object), object, generation };
}

/** Records an act by an unknown person, if the webhook did not record it. A deletion together with its namespace is not an act on the object. */
export async function nameChange(client: KubeClient, change: SeenChange, now: number): Promise<void> {
  const { kind, transitions, object, generation } = change;
  const { name = '', namespace = '', uid = '' } = object.metadata;
  for (const transition of transitions) {
    const actor = await findActor(client, { object: uid, transition, ...(generation === 0 ? {} : { generation }) });
    // An older act of the same kind does not explain the change.
    if (actor && (generation === 0 || actor.generation === generation)) return;
  }
  if (generation === 0 && namespace !== '' && (await isEnding(client, namespace))) return;
  const spec = (object as { spec?: unknown }).spec ?? null;
  const act: Act = {
    transitions: [transitions[0]],
    time: new Date(now).toISOString(),
    user: UNKNOWN_ACTOR,
    uid: '',
    groups: [],
    kind,
    namespace,
    name,
    object: uid,
    generation,
    digest: digestOf(spec),
  };
  await writeEntry(client, `${namespace === '' ? '_' : namespace}.${uid}.${generation}`, act);
}

const deletions: Readonly<Record<ActKind, ActTransition>> = {
  AgentAction: 'ActionDeleted',
  Playbook: 'PlaybookDeleted',
  AgentPolicy: 'PolicyDeleted',
  ClusterAgentPolicy: 'PolicyDeleted',
};

// Sentinel deletes actions whose retention time is over; the last record says so.
const isRetired = (kind: ActKind, object: KubeObject) =>
  kind === 'AgentAction' && (object as AgentAction).status?.outbox?.records.at(-1)?.transition === 'Retired';

function switched(old: KubeObject, object: KubeObject): readonly [ActTransition, ...ActTransition[]] {
  const [was, is] = [isSuspended(old), isSuspended(object)];
  if (was === is) return ['PolicyEdited'];
  return [is ? 'PolicySuspended' : 'PolicyLifted'];
}

const isSuspended = (object: KubeObject) => (object as { spec?: { suspended?: unknown } }).spec?.suspended === true;

async function isEnding(client: KubeClient, name: string): Promise<boolean> {
  const namespace = await client.get(namespaces, { name });
  return namespace === null || namespace.metadata.deletionTimestamp !== undefined;
}
