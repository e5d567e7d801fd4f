import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ACTS_HEAD,
  ACTS_JOURNAL,
  ACTS_ROOM,
  type Act,
  actResources,
  namespaces,
  OPERATOR_USER,
  readActsHead,
} from '@sentinel/crds';
import { configmaps, isConflict, type KubeClient } from '@sentinel/kube';
import type { SigningKey } from '@sentinel/kube/signing-key';
import { onlyStops } from './acts-of.ts';
import { sealAct } from './seal-act.ts';

const TIMEOUT_MS = 3_000;
/** The API server waits five seconds for an answer. Other replicas, and the operator, may write in between. */
const WRITE_MS = 3_500;
const PAUSE_MS = 20;

/** An act that waits to be written, and the callback for the result: the error, or undefined. */
interface Waiting {
  readonly id: string;
  readonly act: Act;
  readonly until: number;
  readonly answer: (fault: string | undefined) => void;
}

/**
 * Writes acts to the journal for the operator, which records and exports them. Each act has its own key, and a position in one sealed chain of
 * all acts, so that none can be changed or removed later unnoticed. A replica sends one write at a time, with all acts that wait for it, so
 * that conflicts between replicas are rare.
 */
export class ActJournal {
  readonly #client: KubeClient;
  readonly #key: () => SigningKey;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(client: KubeClient, key: () => SigningKey) {
    this.#client = client;
    this.#key = key;
  }

  /**
   * Writes an act. Returns why it could not be written, as a message for the caller; undefined if it is stored.
   *
   * The number of acts is limited in total and per namespace, so that nobody can use up the room of others. A changed or deleted object must
   * exist: the API server reviews only existing objects, and other callers do not know the uids of a namespace that they cannot read.
   */
  async write(act: Act): Promise<string | undefined> {
    const until = performance.now() + WRITE_MS;
    try {
      if (!isCreation(act) && !(await this.#isThere(act)))
        return `there is no ${act.kind} '${act.name}' with the uid of the request`;
    } catch (error) {
      return unwritten(error);
    }
    return await new Promise((answer) => {
      this.#waiting.push({ id: entryKey(act), act, until, answer });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      // Acts that arrive in the meantime are written by the next write.
      const batch = this.#waiting.splice(0);
      try {
        await this.#writeBatch(batch);
      } catch (error) {
        const isLost = (one: Waiting) => !isConflict(error) || performance.now() > one.until;
        for (const one of batch.filter(isLost)) one.answer(unwritten(error));
        this.#waiting.unshift(...batch.filter((one) => !isLost(one)));
        await sleep(Math.random() * PAUSE_MS);
      }
    }
    this.#isWriting = false;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const journal = (await this.#client.getOrThrow(configmaps, JOURNAL, { timeoutMs: TIMEOUT_MS })) as Journal;
    const keys = Object.keys(journal.data ?? {});
    let head = readActsHead(journal.data ?? {});
    const entries: Record<string, string> = {};
    const answers = batch.map(({ id, act, answer }) => {
      const full = fullness([...keys, ...Object.keys(entries)], act);
      if (full === undefined) {
        const sealed = sealAct(act, id, head, this.#key());
        head = sealed.head;
        entries[id] = JSON.stringify(sealed.act);
      }
      return () => answer(full);
    });
    if (Object.keys(entries).length > 0) {
      const body = {
        metadata: { resourceVersion: journal.metadata.resourceVersion },
        data: { ...entries, [ACTS_HEAD]: JSON.stringify(head) },
      };
      await this.#client.patch(configmaps, JOURNAL, body, { type: 'merge', timeoutMs: TIMEOUT_MS });
    }
    for (const answer of answers) answer();
  }

  async #isThere({ kind, namespace, name, object }: Act): Promise<boolean> {
    const key = { name, ...(namespace === '' ? {} : { namespace }) };
    const live = await this.#client.get(actResources[kind], key, { timeoutMs: TIMEOUT_MS });
    return live?.metadata.uid === object;
  }
}

const unwritten = (error: unknown): string =>
  `the journal of acts could not be written (${error instanceof Error ? error.message : String(error)})`;

const JOURNAL = { name: ACTS_JOURNAL, namespace: namespaces.system };

interface Journal {
  readonly metadata: { readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>>;
}

const isCreation = ({ transitions }: Act) => transitions.includes('PolicyCreated') || transitions.includes('PlaybookCreated');

const placeOf = ({ namespace }: Pick<Act, 'namespace'>) => (namespace === '' ? '_' : namespace);

/** Whether it is an act of the operator, which deletes actions whose retention time is over. */
export const isOwn = ({ user }: Pick<Act, 'user'>): boolean => user === OPERATOR_USER;

function roomOf(act: Pick<Act, 'transitions' | 'user'>): keyof typeof ACTS_ROOM {
  if (isOwn(act)) return 'own';
  return onlyStops(act) ? 'stop' : 'change';
}

/** The key of an act: its namespace, its limit, its time, and a unique part. */
export const entryKey = (act: Act): string =>
  `${placeOf(act)}.${roomOf(act)}.${Date.parse(act.time)}.${randomUUID().slice(0, 8)}`;

/** Why no further act fits; undefined if one fits. */
export function fullness(keys: readonly string[], act: Pick<Act, 'namespace' | 'transitions' | 'user'>): string | undefined {
  const [place, room] = [placeOf(act), roomOf(act)];
  const most = ACTS_ROOM[room];
  const sharing = keys.map((key) => key.split('.')).filter((parts) => parts[1] === room);
  const own = sharing.filter((parts) => parts[0] === place).length;
  // Acts on cluster-scoped policies are those of cluster admins: tenants must not be able to prevent their recording.
  if (act.namespace === '') return own >= most.cluster ? `${own} acts wait to be recorded already` : undefined;
  if (own >= most.namespace) return `${own} acts in namespace '${act.namespace}' wait to be recorded already`;
  const ofTenants = sharing.filter((parts) => parts[0] !== '_').length;
  return ofTenants >= most.tenants ? `${ofTenants} acts wait to be recorded already` : undefined;
}
