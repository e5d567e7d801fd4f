import { createHash, randomUUID } from 'node:crypto';
import { namespaces } from '@sentinel/crds';
import { type AnyObject, configmaps, isAlreadyExists, isConflict, type KubeClient, secrets } from '@sentinel/kube';
import type { ActionRef, Claim, ClaimRequest } from './claim.ts';
import { fromPlain, type Payload, pack, toPlain, unpack } from './codec.ts';
import type { Entry, EntryState, Owner, Stored, Target } from './entry.ts';

const JOB_LABEL = 'sentinel.dev/job';
const KIND_LABEL = 'sentinel.dev/ledger';
const namespace = namespaces.ledger;

/** Somebody else moved the entry or the claim first. Nothing was stored. */
export class Overtaken extends Error {
  constructor(what: string) {
    super(`${what} was changed by another process`);
    this.name = 'Overtaken';
  }
}

/**
 * The objects in which the gateway remembers, so that any replica can die at any point: one claim for each run, one entry for each
 * effect, one recording for each rehearsal. The creation of an object is the lock, and every later move is a replacement with the
 * version that was read. Entries are Secrets, because what they restore may hold what others must not read. Nothing is deleted while
 * the action lives.
 */
export class Ledger {
  readonly #client: KubeClient;
  /** Where each payload is kept that was stored or read. */
  readonly #kept = new WeakMap<object, Kept>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Claims a run; answers with the claim that holds, which may be that of another pod or Job. */
  async claim(request: ClaimRequest): Promise<Claim> {
    const { jobUid, podUid: pod, replica, action, account, plan, now } = request;
    const name = claimName(request);
    const data = {
      job: jobUid,
      pod,
      replica: replica.address,
      process: replica.process,
      action: `${action.namespace}/${action.name}`,
      actionUid: action.uid,
      account,
      claimedAt: String(now),
      ...(plan === undefined ? {} : { plan: plan.digest, effects: String(plan.effects) }),
    };
    const metadata = { name, namespace, labels: { [JOB_LABEL]: jobUid } };
    try {
      return readClaim(await this.#client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }));
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return readClaim(await this.#client.getOrThrow(configmaps, { name, namespace }));
  }

  /** The claim of this name as it is now. Throws when there is none. */
  async claimNamed(name: string): Promise<Claim> {
    return readClaim(await this.#client.getOrThrow(configmaps, { name, namespace }));
  }

  /** The claim that a Job holds; undefined when it holds none. */
  async claimOf(jobUid: string): Promise<Claim | undefined> {
    const { items } = await this.#client.list(configmaps, { namespace, labelSelector: `${JOB_LABEL}=${jobUid}` });
    const found = items.find(({ metadata }) => metadata.name?.startsWith('claim-'));
    return found && readClaim(found);
  }

  /** Makes `process` the one that writes in a run. Throws Overtaken when the claim is not the one that was read. */
  async takeOverClaim(claim: Claim, { address, process }: { address: string; process: string }): Promise<Claim> {
    return await this.#changeClaim(claim, { replica: address, process });
  }

  /** Blocks a run for good; the first reason stays. */
  async block(name: string, why: string): Promise<void> {
    await this.#insist(name, ({ blocked }) => (blocked === undefined ? { blocked: why } : undefined));
  }

  /** Closes a run: a write that is only intended by then is never sent. */
  async close(name: string): Promise<void> {
    await this.#insist(name, ({ closed }) => (closed ? undefined : { closed: 'true' }));
  }

  // Changes a claim however often others change it in between; nothing where nothing is to be changed.
  async #insist(name: string, change: (claim: Claim) => Readonly<Record<string, string>> | undefined): Promise<void> {
    for (;;) {
      const claim = await this.claimNamed(name);
      const data = change(claim);
      if (data === undefined) return;
      try {
        await this.#changeClaim(claim, data);
        return;
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
      }
    }
  }

  async #changeClaim(claim: Claim, data: Readonly<Record<string, string>>): Promise<Claim> {
    const body = { metadata: { resourceVersion: claim.version }, data };
    try {
      return readClaim(await this.#client.patch(configmaps, { name: claim.name, namespace }, body, { type: 'merge' }));
    } catch (error) {
      throw isConflict(error) ? new Overtaken(`claim ${claim.name}`) : error;
    }
  }

  /** One entry; undefined when there is none. */
  async entry(jobUid: string, index: number): Promise<Entry | undefined> {
    const object = await this.#client.get(secrets, { name: entryName(jobUid, index), namespace });
    return object ? await this.#read(object) : undefined;
  }

  /** The entries of a run, in the order of their effects. */
  async entries(jobUid: string): Promise<Entry[]> {
    const labelSelector = `${JOB_LABEL}=${jobUid},${KIND_LABEL}=entry`;
    const { items } = await this.#client.list(secrets, { namespace, labelSelector });
    const entries = await Promise.all(items.map((object) => this.#read(object)));
    return entries.sort((a, b) => a.target.index - b.target.index);
  }

  /** Stores a move of an entry, its first state included. Throws Overtaken when somebody else was first. */
  async store(entry: Entry): Promise<Entry> {
    const name = entryName(entry.jobUid, entry.target.index);
    const labels = { [JOB_LABEL]: entry.jobUid, [KIND_LABEL]: 'entry' };
    const sending = entry.sending && (await this.#keepOnce(entry, name, entry.sending, toPlain));
    const stored = entry.stored && (await this.#keepOnce(entry, name, entry.stored, (value) => value));
    const { jobUid: _, sending: __, stored: ___, version, ...head } = entry;
    const object = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'sentinel.dev/intent',
      metadata: { name, namespace, labels, ...(version === undefined ? {} : { resourceVersion: version }) },
      data: { head: base64(JSON.stringify({ ...head, sending, stored })) },
    };
    try {
      const kept = await (version === undefined ? this.#client.create(secrets, object) : this.#client.replace(secrets, object));
      return { ...entry, version: kept.metadata.resourceVersion };
    } catch (error) {
      throw isAlreadyExists(error) || isConflict(error) ? new Overtaken(`effect ${entry.target.index}`) : error;
    }
  }

  // A payload never changes, so a later move of its entry names the same parts.
  async #keepOnce<T extends object>(entry: Entry, name: string, value: T, plain: (value: T) => unknown): Promise<Kept> {
    const kept = this.#kept.get(value) ?? (await this.#keep(entry.jobUid, name, pack(plain(value))));
    this.#kept.set(value, kept);
    return kept;
  }

  async #fetchKept<T extends object>(kept: Kept, read: (value: unknown) => T): Promise<T> {
    const value = read(await this.#fetch(kept));
    this.#kept.set(value, kept);
    return value;
  }

  // What fits stays with its entry. Larger parts are stored first, under names of their own, so that an entry that names them is whole.
  async #keep(jobUid: string, entry: string, { digest, parts }: Payload): Promise<Kept> {
    const [first = Buffer.alloc(0)] = parts;
    if (parts.length === 1 && first.length <= INLINE_BYTES) return { digest, inline: first.toString('base64') };
    const names: string[] = [];
    for (const part of parts) {
      const name = `${entry}-part-${randomUUID()}`;
      const metadata = { name, namespace, labels: { [JOB_LABEL]: jobUid, [KIND_LABEL]: 'part' } };
      const data = { part: part.toString('base64') };
      await this.#client.create(secrets, { apiVersion: 'v1', kind: 'Secret', type: 'sentinel.dev/intent', metadata, data });
      names.push(name);
    }
    return { digest, parts: names };
  }

  async #fetch({ digest, inline, parts = [] }: Kept): Promise<unknown> {
    if (inline !== undefined) return unpack(digest, [Buffer.from(inline, 'base64')]);
    const objects = await Promise.all(parts.map((name) => this.#client.getOrThrow(secrets, { name, namespace })));
    return unpack(
      digest,
      objects.map(({ data }) => Buffer.from((data as Record<string, string>).part ?? '', 'base64')),
    );
  }

  async #read(object: AnyObject): Promise<Entry> {
    const text = Buffer.from((object.data as Record<string, string> | undefined)?.head ?? '', 'base64').toString('utf8');
    const { sending, stored, ...head } = JSON.parse(text) as Head;
    return {
      ...head,
      jobUid: object.metadata.labels?.[JOB_LABEL] ?? '',
      version: object.metadata.resourceVersion,
      ...(sending ? { sending: await this.#fetchKept(sending, fromPlain) } : {}),
      ...(stored ? { stored: await this.#fetchKept(stored, (value) => value as Stored) } : {}),
    };
  }

  /** Keeps what a rehearsal recorded, once: what was kept first holds, and is what comes back. */
  async keepRecording<T>(jobUid: string, recording: T): Promise<T> {
    const name = `recording-${jobUid}`;
    const held = await this.recording<T>(jobUid);
    if (held !== undefined) return held;
    const kept = await this.#keep(jobUid, name, pack(recording));
    const metadata = { name, namespace, labels: { [JOB_LABEL]: jobUid, [KIND_LABEL]: 'recording' } };
    const data = { head: base64(JSON.stringify(kept)) };
    try {
      await this.#client.create(secrets, { apiVersion: 'v1', kind: 'Secret', type: 'sentinel.dev/recording', metadata, data });
      return JSON.parse(JSON.stringify(recording)) as T;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return (await this.recording<T>(jobUid)) as T;
  }

  /** What a rehearsal recorded; undefined when none was kept. */
  async recording<T>(jobUid: string): Promise<T | undefined> {
    const object = await this.#client.get(secrets, { name: `recording-${jobUid}`, namespace });
    const head = (object?.data as Record<string, string> | undefined)?.head;
    return head === undefined
      ? undefined
      : ((await this.#fetch(JSON.parse(Buffer.from(head, 'base64').toString('utf8')) as Kept)) as T);
  }

  /** Every run that the ledger knows, with its action. */
  async runs(): Promise<{ jobUid: string; action: ActionRef }[]> {
    const { items } = await this.#client.list(configmaps, { namespace, labelSelector: JOB_LABEL });
    return items.flatMap(({ metadata, data }) => {
      const jobUid = metadata.labels?.[JOB_LABEL];
      const action = readAction((data ?? {}) as Record<string, string | undefined>);
      return jobUid && action ? [{ jobUid, action }] : [];
    });
  }

  /** Forgets a run: its claim last, so that one that is forgotten half-way is found again. */
  async forget(jobUid: string): Promise<void> {
    const labelSelector = `${JOB_LABEL}=${jobUid}`;
    for (const kind of [secrets, configmaps]) {
      const { items } = await this.#client.list(kind, { namespace, labelSelector });
      for (const { metadata } of items) await this.#client.delete(kind, { name: metadata.name ?? '', namespace });
    }
  }
}

/** Where a payload is: in the object itself, or in objects of its own. */
interface Kept {
  readonly digest: string;
  readonly inline?: string;
  readonly parts?: readonly string[];
}

interface Head {
  readonly target: Target;
  readonly state: EntryState;
  readonly owner: Owner;
  readonly since: number;
  readonly why?: string;
  readonly rollback?: 'Restoring' | 'Restored';
  readonly sending?: Kept;
  readonly stored?: Kept;
}

/** Two payloads of this size and the head of an entry fit into one Secret, encoded in base64 twice. */
const INLINE_BYTES = 200 * 1024;

const base64 = (text: string) => Buffer.from(text).toString('base64');
const entryName = (jobUid: string, index: number) => `intent-${jobUid}-${index}`;

// What a rehearsal found is carried out once, so neither the Job of the run nor the text of the plan is a part of the name.
function claimName({ jobUid, action, plan }: ClaimRequest): string {
  if (plan === undefined) return `claim-${jobUid}`;
  return `claim-${createHash('sha256').update(`${action.uid}/${plan.recording}`).digest('hex').slice(0, 40)}`;
}

function readClaim(object: AnyObject): Claim {
  const data = (object.data ?? {}) as Record<string, string | undefined>;
  const { job, pod, replica, process, account, blocked, plan, effects, closed, claimedAt } = data;
  const action = readAction(data);
  if (!job || !pod || !replica || !process || !account || !action)
    throw new Error(`the claim ${object.metadata.name ?? ''} cannot be read`);
  return {
    name: object.metadata.name ?? '',
    action,
    account,
    job,
    pod,
    replica,
    process,
    blocked,
    plan,
    effects: Number(effects),
    closed: closed !== undefined,
    claimedAt: Number(claimedAt),
    version: object.metadata.resourceVersion ?? '',
  };
}

function readAction({ action, actionUid: uid }: Record<string, string | undefined>): ActionRef | undefined {
  const [namespace, name] = action?.split('/') ?? [];
  return uid && namespace && name ? { namespace, name, uid } : undefined;
}
