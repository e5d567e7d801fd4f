import { createHash } from 'node:crypto';
import { type AgentPolicy, type ClusterAgentPolicy, namespaces } from '@sentinel/crds';
import { type AnyObject, configmaps, type Delta, type Informer, isAlreadyExists, type KubeClient } from '@sentinel/kube';
import type { PolicySet } from '@sentinel/policy';
import { foldNotes, notesPatch, SUSPENDED, type SuspensionNotes } from './fold-suspensions.ts';

const NAME = 'suspensions';
const key = { name: NAME, namespace: namespaces.ledger };
const RETRY_MS = 1_000;

// A key of a ConfigMap has at most 253 characters, and a name alone may have as many. No name of an object holds '_'.
const NAME_MAX = 128;
const shorten = (name: string) =>
  name.length <= NAME_MAX ? name : `${name.slice(0, 64)}_${createHash('sha256').update(name).digest('hex').slice(0, 40)}`;

/** The key of a policy in the notes: its name, which is cut and hashed where it is long. */
export const noteKey = (kind: string, name: string, namespace: string | undefined): string =>
  kind === 'AgentPolicy' ? `${kind}.${namespace ?? ''}.${shorten(name)}` : `${kind}.${shorten(name)}`;

/** The notes as they are now. */
export async function readSuspensions(client: KubeClient): Promise<SuspensionNotes> {
  return notesOf(await client.get(configmaps, key));
}

const notesOf = (object: AnyObject | null): SuspensionNotes => (object?.data ?? {}) as Record<string, string>;

/**
 * When the last suspension of an action of a namespace was lifted, in milliseconds since the epoch; undefined if there was none. A deleted
 * policy counts for everyone, because its subjects are unknown; a policy that is suspended according to the notes counts as lifted now.
 */
export function liftedAt(
  notes: SuspensionNotes,
  set: PolicySet,
  namespace: string,
  all: readonly string[],
  now: number,
): number | undefined {
  const held = new Set([...set.policies, ...(set.auditOnly ?? [])].map(({ kind, name }) => noteKey(kind, name, namespace)));
  const exists = new Set(all);
  const times = Object.entries(notes)
    .filter(([one]) => held.has(one) || (!exists.has(one) && isAbout(one, namespace)))
    .map(([, value]) => (value === SUSPENDED ? now : Date.parse(value) || now));
  return times.length === 0 ? undefined : Math.max(...times);
}

const isAbout = (one: string, namespace: string) =>
  one.startsWith('ClusterAgentPolicy.') || one.startsWith(`AgentPolicy.${namespace}.`);

/** The observation of a policy by this process: whether its kill switch is on, and when it was last seen to be turned off. */
export interface SeenSuspension {
  readonly suspended: boolean;
  readonly liftedAt?: number;
  readonly generation: number;
}

/**
 * Updates the observation of a policy; `policy` is undefined if it was deleted. Each version counts: a suspension may
 * be over before it is stored. If versions were missed, one of them may have been a suspension.
 */
export function look(
  before: SeenSuspension | undefined,
  policy: { readonly suspended: boolean; readonly generation: number } | undefined,
  now: number,
): SeenSuspension {
  const { suspended, generation } = policy ?? { suspended: false, generation: 0 };
  if (suspended) return { suspended, generation };
  const missed = before !== undefined && generation > before.generation + 1 && before.generation > 0;
  const liftedAt = before?.suspended || missed ? now : before?.liftedAt;
  return { suspended, generation, ...(liftedAt === undefined ? {} : { liftedAt }) };
}

/**
 * The changes that update the notes to the observations: which policies are suspended now, and when they were lifted. Never an earlier time than
 * the stored one. Undefined if there is no change.
 */
export function nextNotes(
  notes: SuspensionNotes,
  seen: ReadonlyMap<string, SeenSuspension>,
  now: number,
): SuspensionNotes | undefined {
  const moves: Record<string, string> = {};
  for (const one of new Set([...Object.keys(notes), ...seen.keys()])) {
    const noted = notes[one];
    const { suspended = false, liftedAt } = seen.get(one) ?? {};
    if (suspended) {
      if (noted !== SUSPENDED) moves[one] = SUSPENDED;
    } else if (noted === SUSPENDED) moves[one] = new Date(now).toISOString();
    else if (liftedAt !== undefined && !(noted !== undefined && Date.parse(noted) >= liftedAt))
      moves[one] = new Date(liftedAt).toISOString();
  }
  return Object.keys(moves).length === 0 ? undefined : moves;
}

/**
 * Notes each suspension and its end in the ledger, as the watches of policies report them. Approvals from before a suspension do not
 * count after it, and the operator's word for that is not enough.
 */
export class Suspensions {
  readonly #client: KubeClient;
  readonly #policies: Informer<AgentPolicy>;
  readonly #clusterPolicies: Informer<ClusterAgentPolicy>;
  readonly #seen = new Map<string, SeenSuspension>();
  #noting: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;

  constructor(
    client: KubeClient,
    { policies, clusterPolicies }: { policies: Informer<AgentPolicy>; clusterPolicies: Informer<ClusterAgentPolicy> },
  ) {
    this.#client = client;
    this.#policies = policies;
    this.#clusterPolicies = clusterPolicies;
  }

  /** Begins to note, from what the watches show now. `onError` is notified of writes that failed; they are tried again. */
  async start(onError: (error: unknown) => void): Promise<void> {
    const note = () => {
      this.#noting = this.#noting
        .then(() => this.#note())
        .catch((error: unknown) => {
          onError(error);
          clearTimeout(this.#retry);
          this.#retry = setTimeout(note, RETRY_MS).unref();
        });
    };
    const onChange = ({ type, object }: Delta<AgentPolicy | ClusterAgentPolicy>) => {
      this.#look(object, type === 'delete');
      note();
    };
    this.#policies.onChange(onChange);
    this.#clusterPolicies.onChange(onChange);
    note();
    await this.#noting;
  }

  #look({ kind, metadata, spec }: AgentPolicy | ClusterAgentPolicy, isDeleted: boolean): void {
    const one = noteKey(kind, metadata.name, metadata.namespace);
    const policy = isDeleted ? undefined : { suspended: spec.suspended === true, generation: metadata.generation ?? 0 };
    this.#seen.set(one, look(this.#seen.get(one), policy, Date.now()));
  }

  // Read again each time: another replica may have noted the same already.
  async #note(): Promise<void> {
    const looks = new Map(this.#seen);
    const existing = this.#existing();
    const stored = await this.#client.get(configmaps, key);
    const before = notesOf(stored);
    const after = foldNotes({ ...before, ...nextNotes(before, looks, Date.now()) }, existing);
    const data = notesPatch(before, after);
    if (data !== undefined && stored)
      await this.#client.patch(
        configmaps,
        key,
        { metadata: { resourceVersion: stored.metadata.resourceVersion }, data },
        { type: 'merge' },
      );
    else if (data !== undefined) await this.#create(after);
    // What is noted of a policy that is gone is remembered by the note.
    for (const [one, seen] of looks) if (!existing.has(one) && this.#seen.get(one) === seen) this.#seen.delete(one);
  }

  #existing(): ReadonlySet<string> {
    const policies = [...this.#policies.store.list(), ...this.#clusterPolicies.store.list()];
    return new Set(policies.map(({ kind, metadata }) => noteKey(kind, metadata.name, metadata.namespace)));
  }

  async #create(data: SuspensionNotes): Promise<void> {
    try {
      await this.#client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await this.#note();
    }
  }
}
