import { randomUUID } from 'node:crypto';
import { effectNumber, namespaces } from '@sentinel/crds';
import { type AnyObject, configmaps, isAlreadyExists, isConflict, type KubeClient, secrets } from '@sentinel/kube';
import type { ActionRef, Claim, ClaimRequest, Replica } from './claim.ts';
import {
  claimObject,
  endObject,
  JOB_LABEL,
  KIND_LABEL,
  OPEN_RUN,
  readAction,
  readClaim,
  runClaimName,
  UNDOES_LABEL,
} from './claim-object.ts';
import { fromPlain, type Payload, pack, toPlain, unpack } from './codec.ts';
import type { Entry, EntryState, Stored } from './entry.ts';
import { base64, createdAt, entryName, INLINE_BYTES, type Kept, readHead } from './entry-object.ts';

const namespace = namespaces.ledger;
type Data = Readonly<Record<string, string>>;

/** Another process changed the entry or the claim first. Nothing was stored. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
  constructor(what: string) {
    super(`${what} was changed by another process`);
  }
}

/**
 * The objects in which the gateway stores its state, so that any replica can fail at any point: one claim for each run, one entry for each
 * effect, one recording for each rehearsal. The creation of an object is the lock, and every later transition is an update with the
 * resourceVersion that was read. Entries are Secrets, because pre-images may be confidential. Nothing is deleted while the action exists.
 */
export class Ledger {
  readonly #client: KubeClient;
  /** The location of each payload that was stored or read. */
  readonly #kept = new WeakMap<object, Kept>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Claims a run; returns the existing claim, which may be that of another pod or Job. */
  async claim(request: ClaimRequest): Promise<Claim> {
    return await this.#createClaim(claimObject(request));
  }

  /** The claim of an ended action: that of its run, or a new one without a plan, so that no run can claim the action any more. */
  async claimEnd(action: ActionRef, replica: Replica, now: number): Promise<Claim> {
    return (await this.claimOfRun(action.uid)) ?? (await this.#createClaim(endObject(action, replica, now)));
  }

  async #createClaim(object: AnyObject & { readonly metadata: { readonly name: string } }): Promise<Claim> {
    try {
      return readClaim(await this.#client.create(configmaps, object));
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return await this.claimNamed(object.metadata.name);
  }

  /** The claim of this name as it is now. Throws when there is none. */
  async claimNamed(name: string): Promise<Claim> {
    return readClaim(await this.#client.getOrThrow(configmaps, { name, namespace }));
  }

  /** The claim of the real run of an action, or of its end without one; undefined if there is none. */
  async claimOfRun(actionUid: string): Promise<Claim | undefined> {
    const found = await this.#client.get(configmaps, { name: runClaimName({ uid: actionUid }), namespace });
    return found ? readClaim(found) : undefined;
  }

  /** The claims of the real runs that undo an action. */
  async undoing(actionUid: string): Promise<Claim[]> {
    return await this.#claimsBy(`${UNDOES_LABEL}=${actionUid}`);
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

  /** Blocks a run for good; the first reason stays. `cause` tells a block by an unknown outcome from every other. */
  async block(name: string, why: string, cause?: 'OutcomeUnknown'): Promise<void> {
    const data = { blocked: why, ...(cause === undefined ? {} : { blockedBy: cause }) };
    await this.#insist(name, ({ blocked }) => (blocked === undefined ? data : undefined));
  }

  /** Closes a run: a write that is only intended by then is never sent. */
  async close(name: string): Promise<void> {
    await this.#insist(name, ({ closed }) => (closed ? undefined : { closed: 'true' }));
  }

  /** The claims of real runs that are not over. */
  async openRuns(): Promise<Claim[]> {
    return await this.#claimsBy(`${KIND_LABEL}=${OPEN_RUN}`);
  }

  async #claimsBy(labelSelector: string): Promise<Claim[]> {
    return (await this.#client.list(configmaps, { namespace, labelSelector })).items.map(readClaim);
  }

  /** Notes that a real run without checks ended well. */
  async noteGoodEnd(name: string): Promise<void> {
    await this.#insist(name, ({ endedWell, over }) => (endedWell || over !== undefined ? undefined : { endedWell: 'true' }));
  }

  /** Closes a run, because its rollback begins. False if the claim is closed: then nothing is rolled back any more. */
  async beginRollback(name: string): Promise<boolean> {
    let begun = false;
    await this.#insist(name, ({ rollingBack, over }) => {
      begun = over === undefined;
      return rollingBack || !begun ? undefined : { closed: 'true', rollingBack: 'true' };
    });
    return begun;
  }

  /** Closes the claim of a real run: nothing is sent or rolled back any more. The first reason is kept. */
  async endRun(name: string, why: string, mayEnd: (claim: Claim) => boolean = () => true): Promise<void> {
    const data = { closed: 'true', over: why };
    await this.#insist(name, (claim) => (claim.over === undefined && mayEnd(claim) ? data : undefined), { [KIND_LABEL]: 'run' });
  }

  // Changes a claim, and retries if others change it at the same time; does nothing if no change is needed.
  async #insist(name: string, change: (claim: Claim) => Data | undefined, labels?: Data): Promise<void> {
    for (;;) {
      const claim = await this.claimNamed(name);
      const data = change(claim);
      if (data === undefined) return;
      try {
        await this.#changeClaim(claim, data, labels);
        return;
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
      }
    }
  }

  async #changeClaim(claim: Claim, data: Data, labels?: Data): Promise<Claim> {
    const body = { metadata: { resourceVersion: claim.version, ...(labels ? { labels } : {}) }, data };
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

  /** The entries of a run, in the order of their effects; with `states`, only those, so that the payload of no other is loaded. */
  async entries(jobUid: string, states?: readonly EntryState[]): Promise<Entry[]> {
    const items = (await this.#list(jobUid)).filter((object) => states?.includes(readHead(object).state) ?? true);
    return await Promise.all(items.map((object) => this.#read(object)));
  }

  /** Where each effect of a run stands, in their order, without loading what was sent and stored. */
  async states(jobUid: string): Promise<Pick<Entry, 'target' | 'state' | 'why' | 'orders' | 'rollback'>[]> {
    return (await this.#list(jobUid)).map(readHead);
  }

  async #list(jobUid: string): Promise<AnyObject[]> {
    const labelSelector = `${JOB_LABEL}=${jobUid},${KIND_LABEL}=entry`;
    const { items } = await this.#client.list(secrets, { namespace, labelSelector });
    return items.sort((a, b) => readHead(a).target.index - readHead(b).target.index);
  }

  /** Stores a transition of an entry, including its first state. Throws Overtaken if another process was first. */
  async store(entry: Entry): Promise<Entry> {
    const name = entryName(entry.jobUid, entry.target.index);
    const labels = { [JOB_LABEL]: entry.jobUid, [KIND_LABEL]: 'entry' };
    const sending = entry.sending && (await this.#keepOnce(entry, name, entry.sending, toPlain));
    const stored = entry.stored && (await this.#keepOnce(entry, name, entry.stored, (value) => value));
    const { jobUid: _, sending: __, stored: ___, storedAt: ____, version, ...head } = entry;
    const object = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'sentinel.dev/intent',
      metadata: { name, namespace, labels, ...(version === undefined ? {} : { resourceVersion: version }) },
      data: { head: base64(JSON.stringify({ ...head, sending, stored })) },
    };
    try {
      const kept = await (version === undefined ? this.#client.create(secrets, object) : this.#client.replace(secrets, object));
      return { ...entry, version: kept.metadata.resourceVersion, storedAt: createdAt(kept) };
    } catch (error) {
      throw isAlreadyExists(error) || isConflict(error) ? new Overtaken(`effect ${effectNumber(entry.target.index)}`) : error;
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

  // A payload that fits is stored in the entry. Larger parts are stored first, as separate objects, so that an entry that names them is complete.
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
    const { sending, stored, ...head } = readHead(object);
    return {
      ...head,
      jobUid: object.metadata.labels?.[JOB_LABEL] ?? '',
      version: object.metadata.resourceVersion,
      storedAt: createdAt(object),
      ...(sending ? { sending: await this.#fetchKept(sending, fromPlain) } : {}),
      ...(stored ? { stored: await this.#fetchKept(stored, (value) => value as Stored) } : {}),
    };
  }

  /** Stores the recording of a rehearsal, or what else `kind` names, once for each Job: returns the first stored one. */
  async keepRecording<T>(jobUid: string, recording: T, kind = 'recording'): Promise<T> {
    const name = `${kind}-${jobUid}`;
    const held = await this.recording<T>(jobUid, kind);
    if (held !== undefined) return held;
    const kept = await this.#keep(jobUid, name, pack(recording));
    const metadata = { name, namespace, labels: { [JOB_LABEL]: jobUid, [KIND_LABEL]: kind } };
    const data = { head: base64(JSON.stringify(kept)) };
    try {
      await this.#client.create(secrets, { apiVersion: 'v1', kind: 'Secret', type: 'sentinel.dev/recording', metadata, data });
      return JSON.parse(JSON.stringify(recording)) as T;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return (await this.recording<T>(jobUid, kind)) as T;
  }

  /** The recording of a rehearsal, or what else `kind` names; undefined if none was stored. */
  async recording<T>(jobUid: string, kind = 'recording'): Promise<T | undefined> {
    const object = await this.#client.get(secrets, { name: `${kind}-${jobUid}`, namespace });
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

  /** Deletes the objects of a run: its claim last, so that a partly deleted run is found again. */
  async forget(jobUid: string): Promise<void> {
    const labelSelector = `${JOB_LABEL}=${jobUid}`;
    for (const kind of [secrets, configmaps]) {
      const { items } = await this.#client.list(kind, { namespace, labelSelector });
      for (const { metadata } of items) await this.#client.delete(kind, { name: metadata.name ?? '', namespace });
    }
  }
}
