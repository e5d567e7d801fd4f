import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { syncFolder, writeAtomically } from './atomic-file.ts';
import {
  DigestMismatch,
  type EvidenceEntry,
  type EvidenceMeta,
  type EvidenceStore,
  type EvidenceUse,
  hexOf,
  StorageFull,
} from './evidence-store.ts';

const Meta = z.object({
  action: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }),
  storedAt: z.number(),
  retainMs: z.number().optional(),
  endedAt: z.number().optional(),
});

export interface DirectoryOptions {
  /** The folder of the volume. No other process may write into it. */
  readonly folder: string;
  /** How many bytes it may hold. */
  readonly limit: number;
  /** How many of them an item takes beside its content. */
  readonly perItem?: number;
  /** Called with the digest of content that is left out because its description cannot be read. Both files stay for an investigation. */
  readonly onUnreadable?: (digest: string) => void;
  /** For tests of a crash between writing a file and giving it its name. */
  readonly beforeRename?: (path: string) => void;
}

/** A file for the content and one for its description: a block of the disk for each of them. */
const BLOCKS = 2 * 4096;
/** An item takes half a kilobyte of memory, and about half a millisecond when the store is opened. */
const MOST_ITEMS = 250_000;

/**
 * Evidence in a folder of a volume. `objects/` has the content, a file for each digest that never changes; `meta/` has what is known beside
 * it. A description is written before its content and removed after it, so content without a description does not exist: what a crash
 * leaves behind is removed when the store is opened. One process owns the folder and keeps the list in memory.
 */
export class DirectoryStore implements EvidenceStore {
  readonly #options: DirectoryOptions;
  readonly #entries = new Map<string, EvidenceEntry>();
  readonly #perItem: number;
  readonly #usedBy = new Map<string, number>();
  #used = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#perItem = options.perItem ?? Math.max(BLOCKS, Math.ceil(options.limit / MOST_ITEMS));
  }

  /** Opens the folder, and creates what is missing in it. Rejects if it cannot be written. */
  static async open(options: DirectoryOptions): Promise<DirectoryStore> {
    const store = new DirectoryStore(options);
    await store.#load();
    return store;
  }

  async put(digest: string, content: Buffer, meta: EvidenceMeta): Promise<void> {
    const hex = requireHex(digest);
    requireDigest(digest, content);
    await this.#exclusive(async () => {
      const held = this.#entries.get(digest);
      if (held) return await this.#describe({ ...held, meta: { ...meta, storedAt: held.meta.storedAt } });
      this.requireRoom(content.length + this.#perItem, meta.action.namespace);
      const entry = { digest, bytes: content.length, meta };
      await this.#write(this.#path('meta', hex), JSON.stringify(meta));
      await this.#write(this.#path('objects', hex), content);
      this.#entries.set(digest, entry);
      this.#count(entry, 1);
    });
  }

  async get(digest: string): Promise<Buffer | undefined> {
    if (!this.#entries.has(digest)) return undefined;
    const content = await readFile(this.#path('objects', requireHex(digest))).catch(undefinedIfMissing);
    if (content) requireDigest(digest, content);
    return content;
  }

  list(): readonly EvidenceEntry[] {
    return [...this.#entries.values()];
  }

  async noteEnd(digest: string, endedAt: number | undefined): Promise<void> {
    await this.#exclusive(async () => {
      const held = this.#entries.get(digest);
      if (held) await this.#describe({ ...held, meta: { ...held.meta, endedAt } });
    });
  }

  async remove(digest: string): Promise<void> {
    const hex = requireHex(digest);
    await this.#exclusive(async () => {
      const held = this.#entries.get(digest);
      if (!held) return;
      await this.#delete('objects', hex);
      this.#entries.delete(digest);
      this.#count(held, -1);
      await this.#delete('meta', hex);
    });
  }

  // A namespace may have as much as is left for all others: alone it has half, and however many fill their share, the next one has room.
  requireRoom(bytes: number, namespace: string): void {
    const use = this.use();
    const left = use.limit - use.used - bytes;
    const own = this.#usedBy.get(namespace) ?? 0;
    if (left < 0) throw new StorageFull(bytes, use);
    if (own + bytes > left) throw new StorageFull(bytes, use, namespace, own);
  }

  use(): EvidenceUse {
    return { used: this.#used, limit: this.#options.limit, items: this.#entries.size };
  }

  async #load(): Promise<void> {
    // What was not finished when the process ended.
    await rm(this.#path('tmp'), { recursive: true, force: true });
    for (const folder of ['tmp', 'objects', 'meta'] as const) await mkdir(this.#path(folder), { recursive: true, mode: 0o700 });
    const described = new Set(await readdir(this.#path('meta')));
    for (const hex of await readdir(this.#path('objects'))) {
      if (hexOf(`sha256:${hex}`) === undefined || !described.delete(hex)) continue;
      const { size } = await stat(this.#path('objects', hex));
      const meta = readMeta(await readFile(this.#path('meta', hex), 'utf8'));
      if (meta === undefined) {
        this.#options.onUnreadable?.(`sha256:${hex}`);
        continue;
      }
      const entry = { digest: `sha256:${hex}`, bytes: size, meta };
      this.#entries.set(entry.digest, entry);
      this.#count(entry, 1);
    }
    for (const hex of described) await this.#delete('meta', hex);
  }

  #count({ bytes, meta }: EvidenceEntry, sign: 1 | -1): void {
    const { namespace } = meta.action;
    const own = (this.#usedBy.get(namespace) ?? 0) + sign * (bytes + this.#perItem);
    this.#used += sign * (bytes + this.#perItem);
    if (own > 0) this.#usedBy.set(namespace, own);
    else this.#usedBy.delete(namespace);
  }

  // Known at once: where a full disk takes no note of the end of an action, what makes room is still deleted.
  async #describe(entry: EvidenceEntry): Promise<void> {
    this.#entries.set(entry.digest, entry);
    await this.#write(this.#path('meta', requireHex(entry.digest)), JSON.stringify(entry.meta));
  }

  #path(folder: 'tmp' | 'objects' | 'meta', hex = ''): string {
    return join(this.#options.folder, folder, hex);
  }

  #write(path: string, content: Buffer | string): Promise<void> {
    return writeAtomically(path, content, this.#path('tmp'), () => this.#options.beforeRename?.(path));
  }

  async #delete(folder: 'objects' | 'meta', hex: string): Promise<void> {
    await rm(this.#path(folder, hex), { force: true });
    await syncFolder(this.#path(folder));
  }

  // One change at a time: two of them together could exceed the limit.
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

function readMeta(text: string): EvidenceMeta | undefined {
  try {
    return Meta.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function requireHex(digest: string): string {
  const hex = hexOf(digest);
  if (hex === undefined) throw new TypeError('this is not a sha256 digest');
  return hex;
}

function requireDigest(digest: string, content: Buffer): void {
  const found = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  if (found !== digest) throw new DigestMismatch(digest, found);
}

function undefinedIfMissing(error: unknown): undefined {
  if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
  throw error;
}
