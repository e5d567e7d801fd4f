import { namespaces } from '@sentinel/crds';
import { type AnyObject, configmaps, isAlreadyExists, type KubeClient, secrets } from '@sentinel/kube';
import type { Intent } from './run.ts';

const JOB_LABEL = 'sentinel.dev/job';

/** One process of the gateway: where it is asked, and which of those that were ever there it is. */
export interface Replica {
  readonly address: string;
  readonly process: string;
}

/** The action that a run belongs to. */
export interface ActionRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A run's claim: which pod it is bound to, which replica of the gateway records it, why it is blocked. */
export interface Claim {
  readonly pod: string;
  readonly replica: string;
  readonly process: string | undefined;
  readonly blocked: string | undefined;
}

/** An intent as the ledger keeps it. `result` is what the API server answered; without it the outcome is not known. */
export interface LedgerEntry {
  readonly name: string;
  readonly intent: Intent;
  readonly result:
    | { readonly uid: string | undefined; readonly resourceVersion: string | undefined; readonly change: Intent['change'] }
    | undefined;
  readonly object: AnyObject;
}

/**
 * The objects in which the gateway remembers, so that any replica can die at any point: one claim per Job, one intent per
 * effect. The creation of an object is the lock. Intents are Secrets, because a pre-image may hold what others must not read.
 */
export class Ledger {
  readonly #client: KubeClient;
  readonly #namespace = namespaces.ledger;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Claims a run for a pod; answers with the claim that holds, which may be that of another pod. */
  async claim(jobUid: string, pod: string, { address: replica, process }: Replica, action: ActionRef): Promise<Claim> {
    const metadata = { name: claimName(jobUid), namespace: this.#namespace, labels: { [JOB_LABEL]: jobUid } };
    const data = { pod, replica, process, action: `${action.namespace}/${action.name}`, actionUid: action.uid };
    try {
      await this.#client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
      return { pod, replica, process, blocked: undefined };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    const held = await this.readClaim(jobUid);
    if (!held) throw new Error(`the claim of Job ${jobUid} went away while it was read`);
    return held;
  }

  /** The claim of a run; undefined when there is none. */
  async readClaim(jobUid: string): Promise<Claim | undefined> {
    const object = await this.#client.get(configmaps, { name: claimName(jobUid), namespace: this.#namespace });
    const data = object?.data as Record<string, string> | undefined;
    if (!data?.pod || !data.replica) return undefined;
    return { pod: data.pod, replica: data.replica, process: data.process, blocked: data.blocked };
  }

  /** Every run that the ledger knows, with its action. */
  async runs(): Promise<{ jobUid: string; action: ActionRef }[]> {
    const { items } = await this.#client.list(configmaps, { namespace: this.#namespace, labelSelector: JOB_LABEL });
    return items.flatMap(({ metadata, data }) => {
      const jobUid = metadata.labels?.[JOB_LABEL];
      const { action, actionUid: uid } = (data ?? {}) as Record<string, string | undefined>;
      const [namespace, name] = action?.split('/') ?? [];
      return jobUid && uid && namespace && name ? [{ jobUid, action: { namespace, name, uid } }] : [];
    });
  }

  /** Forgets a run: its intents first, so that one that is forgotten half-way is found again. */
  async forget(jobUid: string): Promise<void> {
    const { items } = await this.#client.list(secrets, { namespace: this.#namespace, labelSelector: `${JOB_LABEL}=${jobUid}` });
    for (const { metadata } of items)
      await this.#client.delete(secrets, { name: metadata.name ?? '', namespace: this.#namespace });
    await this.#client.delete(configmaps, { name: claimName(jobUid), namespace: this.#namespace });
  }

  /** Records that a run left its plan. */
  async block(jobUid: string, why: string): Promise<void> {
    await this.#client.patch(
      configmaps,
      { name: claimName(jobUid), namespace: this.#namespace },
      { data: { blocked: why } },
      { type: 'merge' },
    );
  }

  /** Records the intent to write; false when this effect has one already. */
  async intend(jobUid: string, intent: Intent): Promise<boolean> {
    const metadata = {
      name: intentName(jobUid, intent.effect.index),
      namespace: this.#namespace,
      labels: { [JOB_LABEL]: jobUid },
    };
    try {
      await this.#client.create(secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'sentinel.dev/intent',
        metadata,
        data: { intent: encode(intent) },
      });
      return true;
    } catch (error) {
      if (isAlreadyExists(error)) return false;
      throw error;
    }
  }

  /** Takes an intent back that was surely not carried out (the API server refused the write). */
  async withdraw(jobUid: string, index: number): Promise<void> {
    await this.#client.delete(secrets, { name: intentName(jobUid, index), namespace: this.#namespace });
  }

  /** Records what became of an intent. */
  async complete(jobUid: string, index: number, result: NonNullable<LedgerEntry['result']>): Promise<void> {
    const key = { name: intentName(jobUid, index), namespace: this.#namespace };
    await this.#client.patch(secrets, key, { data: { result: encode(result) } }, { type: 'merge' });
  }

  /** The intents of a run, oldest effect first. */
  async intents(jobUid: string): Promise<LedgerEntry[]> {
    const { items } = await this.#client.list(secrets, { namespace: this.#namespace, labelSelector: `${JOB_LABEL}=${jobUid}` });
    return items.map(readEntry).sort((a, b) => a.intent.effect.index - b.intent.effect.index);
  }

  /** One intent; undefined when there is none. */
  async intent(jobUid: string, index: number): Promise<LedgerEntry | undefined> {
    const object = await this.#client.get(secrets, { name: intentName(jobUid, index), namespace: this.#namespace });
    return object ? readEntry(object) : undefined;
  }
}

const claimName = (jobUid: string) => `claim-${jobUid}`;
const intentName = (jobUid: string, index: number) => `intent-${jobUid}-${index}`;
const encode = (value: unknown) =>
  Buffer.from(JSON.stringify(value, (_, part: unknown) => (part === undefined ? null : part))).toString('base64');
const decode = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64').toString('utf8'));

function readEntry(object: AnyObject): LedgerEntry {
  const data = (object.data ?? {}) as Record<string, string>;
  const intent = decode(data.intent ?? '') as Intent;
  const result = data.result === undefined ? undefined : (decode(data.result) as LedgerEntry['result']);
  return { name: object.metadata.name ?? '', intent, result, object };
}
