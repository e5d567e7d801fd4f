import { FairQueue } from '@sentinel/kube/fair-queue';
import { propagationOf } from '../effect/deletion.ts';
import type { Discovery } from '../request/discovery.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { cascadeOf, type Owned } from './cascade.ts';
import { type OwnedObjects, type ReadPage, readOwned } from './read-owned.ts';

/** How long one read of a namespace is reused for the deletes of a run: a command that deletes twenty objects reads it only a few times. */
const FRESH_MS = 5_000;
/** The maximum size of one page, because tenants choose how large the metadata of their objects is. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** How long one page may take. */
const PAGE_MS = 15_000;
/** How many pages all runs of a replica hold at the same time. Namespaces take turns. */
const PAGES = 6;

const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** The dependants that are deleted with an object, and why there may be more. */
export interface Found {
  readonly dependants: readonly Owned[];
  readonly incomplete: readonly string[];
  /** Whether a kind could not be read although the account may list it, so that a retry may succeed. */
  readonly isFaulty: boolean;
}

const NONE: Found = { dependants: [], incomplete: [], isFaulty: false };

/**
 * Finds the dependants that are deleted with an object. It reads metadata with the rights of the account of the run: the gateway itself
 * needs no right to list, and an agent learns nothing about objects that its account may not read. Kinds that the account may
 * not list are reported.
 */
export class Dependants {
  readonly #upstream: Pick<Upstream, 'stream'>;
  readonly #discovery: Pick<Discovery, 'deletable'>;
  readonly #known = new Map<string, { at: number; objects: Promise<OwnedObjects> }>();
  readonly #turns = new FairQueue(PAGES);

  constructor(upstream: Pick<Upstream, 'stream'>, discovery: Pick<Discovery, 'deletable'>) {
    this.#upstream = upstream;
    this.#discovery = discovery;
  }

  /**
   * The dependants of the object of a delete. `latest` returns the state of a dependant after earlier writes of the rehearsal: other
   * owners, or undefined if it was deleted.
   */
  async of(
    run: Run,
    as: 'rehearsal' | 'enforce',
    request: ParsedRequest,
    { live, uid }: { readonly live: unknown; readonly uid: string | undefined },
    latest: (owned: Owned) => Owned | undefined = (owned) => owned,
  ): Promise<Found> {
    const isLeft = propagationOf(request, live).propagation === 'Orphan';
    if (uid === undefined || isLeft) return NONE;
    return await this.below(run, as, { namespace: request.api.namespace, uid }, latest);
  }

  /** The dependants of an object that is deleted together with all of them. `latest` as in `of`. */
  async below(
    run: Run,
    as: 'rehearsal' | 'enforce',
    { namespace, uid }: { readonly namespace: string | undefined; readonly uid: string },
    latest: (owned: Owned) => Owned | undefined = (owned) => owned,
  ): Promise<Found> {
    const { owned, seen, incomplete, isFaulty } = await this.#owned(run, as, namespace);
    const now = owned.flatMap((one) => latest(one) ?? []);
    return { dependants: cascadeOf(uid, now, seen), incomplete, isFaulty };
  }

  #owned(run: Run, as: 'rehearsal' | 'enforce', namespace: string | undefined): Promise<OwnedObjects> {
    const now = performance.now();
    for (const [key, { at }] of this.#known) if (now - at > FRESH_MS) this.#known.delete(key);
    const key = JSON.stringify([run.jobUid, as, namespace ?? null]);
    const known = this.#known.get(key);
    if (known) return known.objects;
    const objects = this.#read(run, as, namespace);
    this.#known.set(key, { at: now, objects });
    // A failure is not reused for the next delete.
    const forget = () => this.#known.delete(key);
    objects.then(({ isFaulty }) => isFaulty && forget(), forget);
    return objects;
  }

  async #read(run: Run, as: 'rehearsal' | 'enforce', namespace: string | undefined): Promise<OwnedObjects> {
    const { resources, incomplete } = await this.#discovery.deletable();
    const found = await readOwned((path) => this.#readInTurn(run, as, path), resources, namespace);
    const isFaulty = found.isFaulty || resources.length === 0;
    return { ...found, incomplete: [...incomplete, ...found.incomplete], isFaulty };
  }

  async #readInTurn(run: Run, as: 'rehearsal' | 'enforce', path: string): ReturnType<ReadPage> {
    const endTurn = await this.#turns.take(run.namespace);
    try {
      return await this.#readPage(run, as, path);
    } finally {
      endTurn();
    }
  }

  async #readPage(run: Run, as: 'rehearsal' | 'enforce', path: string): ReturnType<ReadPage> {
    const signal = AbortSignal.timeout(PAGE_MS);
    try {
      const headers = { accept: METADATA_ONLY };
      const { status, body } = await this.#upstream.stream(run, as, { method: 'GET', path, headers, signal });
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        size += chunk.length;
        // Leaving the loop destroys the stream.
        if (size > PAGE_BYTES) return { status, body: Buffer.alloc(0) };
        chunks.push(chunk);
      }
      return { status, body: Buffer.concat(chunks) };
    } catch {
      // Everything that was not read is reported, for any reason.
      return { status: 503, body: Buffer.alloc(0) };
    }
  }
}
