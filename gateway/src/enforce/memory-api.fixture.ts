import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  type AccessReviewStatus,
  type SubjectAccessReviewSpec,
  type Transport,
  TransportError,
  type TransportRequest,
  type TransportResponse,
} from '@sentinel/kube';
import { applyChanges, valueAt } from '../effect/change.ts';

/** What goes wrong with one request. */
export type Fault =
  /** No answer comes, and it was not carried out. */
  | 'lost'
  /** The connection was not made, so it was surely not sent. */
  | 'not-sent'
  /** It was carried out, and no answer comes. */
  | 'answer-lost'
  /** No answer comes, and it is carried out when the test says so. */
  | 'late'
  /** It is on its way until the test says so; then it is carried out and answered. */
  | 'held'
  | 409
  | 422
  | 500;

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

interface Stored {
  metadata: { name: string; uid: string; resourceVersion: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

/**
 * The part of an API server that a race of two gateways depends on: unique names, resource versions, preconditions, dry-runs. It is for
 * tables of interleavings that take milliseconds; that a real API server behaves so is shown by the end-to-end tests.
 */
export class MemoryApi {
  readonly objects = new Map<string, Stored>();
  /** Every request that was carried out for good, as `METHOD path`. */
  readonly persisted: string[] = [];
  /** What an admission policy of somebody does to writes that are not dry-runs. */
  mutate: ((object: Record<string, unknown>) => void) | undefined;
  /** Its answer to a SubjectAccessReview: nobody may do anything, unless a test says otherwise. */
  review: (spec: SubjectAccessReviewSpec) => AccessReviewStatus = () => ({ allowed: false });
  /** How far its clock is ahead of that of the gateway. */
  skewMs = 0;
  #version = 100;
  #late: (() => void)[] = [];
  #held: (() => void)[] = [];

  /** Puts an object there. */
  put(path: string, object: object): void {
    this.#version += 1;
    const name = path.split('/').at(-1) ?? '';
    const metadata = { name, uid: `uid-${name}`, resourceVersion: String(this.#version) };
    this.objects.set(path, { ...object, metadata });
  }

  /** Somebody else deletes an object, if it exists. */
  remove(path: string): void {
    this.objects.delete(path);
  }

  /** Somebody else changes an object. */
  change(path: string, change: (object: Stored) => void): void {
    const object = this.objects.get(path);
    if (!object) throw new Error(`no ${path}`);
    change(object);
    this.#version += 1;
    object.metadata.resourceVersion = String(this.#version);
  }

  /** What was late arrives now. */
  land(): void {
    const late = this.#late;
    this.#late = [];
    for (const one of late) one();
  }

  /** Waits until something is held. Releasing before that would hold it for ever. */
  async untilHeld(): Promise<void> {
    while (this.#held.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** What was held goes on. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const one of held) one();
  }

  /**
   * A connection to it. `fault` is asked for each request. `isDead` says whether the process is gone: its requests neither arrive nor
   * get an answer.
   */
  connect(
    fault: (request: TransportRequest) => Fault | undefined,
    isDead: (request: TransportRequest, sent: boolean) => boolean,
  ): Transport {
    const never = () => new Promise<TransportResponse>(() => {});
    return {
      request: async (request) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (isDead(request, false)) return await never();
        const what = fault(request);
        if (what === 'late') this.#late.push(() => this.#serve(request));
        if (what === 'held') await new Promise<void>((resolve) => this.#held.push(resolve));
        if (what === 'late' && isDead(request, true)) {
          this.#late.push(() => this.#serve(request));
          return await never();
        }
        if (what === 'not-sent') throw new TransportError('refused', { code: 'ECONNREFUSED', mayHaveHappened: false });
        if (what === 'lost' || what === 'late') throw lost();
        if (typeof what === 'number') return answer(what, { kind: 'Status', code: what, message: `injected ${what}` });
        const found = this.#serve(request);
        if (isDead(request, true)) return await never();
        if (what === 'answer-lost') throw lost();
        return found;
      },
      stream: () => Promise.reject(new Error('no streams here')),
      close: async () => {},
    };
  }

  #serve(request: TransportRequest): TransportResponse {
    const { method } = request;
    const [path = '', search = ''] = request.path.split('?');
    const query = new URLSearchParams(search);
    const dry = query.get('dryRun') === 'All' || request.query?.dryRun === 'All';
    const parsed: unknown = request.body === undefined ? undefined : JSON.parse(String(request.body));
    if (method === 'PATCH' && !request.headers?.['content-type']) return answer(415, { kind: 'Status', code: 415 });
    const operations = Array.isArray(parsed) ? (parsed as readonly Operation[]) : undefined;
    const body = operations ? undefined : (parsed as Record<string, unknown> | undefined);
    if (method === 'GET') return this.#read(path, request.query?.labelSelector);
    if (method === 'POST' && path === REVIEWS)
      return answer(201, { ...body, status: this.review(body?.spec as SubjectAccessReviewSpec) });
    if (method === 'POST') return this.#create(path, body as unknown as Stored, dry);
    const live = this.objects.get(path);
    if (!live) return answer(404, { kind: 'Status', reason: 'NotFound', code: 404 });
    if (method === 'DELETE') {
      if (!meets(live, (body?.preconditions ?? {}) as Stored['metadata'])) return conflict();
      if (dry) return answer(200, live);
      this.objects.delete(path);
      this.#note(method, path);
      return answer(200, { kind: 'Status', status: 'Success' });
    }
    const { resourceVersion } = (body?.metadata ?? {}) as Partial<Stored['metadata']>;
    if (resourceVersion !== undefined && resourceVersion !== live.metadata.resourceVersion) return conflict();
    const patched = operations ? patch(live, operations) : undefined;
    if (operations && !patched) return answer(422, { kind: 'Status', code: 422, message: 'a test of the patch failed' });
    const merged = (patched ?? (method === 'PUT' ? { ...body, metadata: live.metadata } : merge(live, body))) as Stored;
    const next = {
      ...merged,
      metadata: { ...merged.metadata, uid: live.metadata.uid, resourceVersion: live.metadata.resourceVersion },
    };
    if (dry || JSON.stringify(next) === JSON.stringify(live)) return answer(200, next);
    this.#version += 1;
    next.metadata.resourceVersion = String(this.#version);
    if (path.includes('/shop/')) this.mutate?.(next);
    this.objects.set(path, next);
    this.#note(method, path);
    return answer(200, next);
  }

  #read(path: string, selector: unknown): TransportResponse {
    const live = this.objects.get(path);
    if (live) return answer(200, live);
    if (typeof selector !== 'string' && !isCollection(path))
      return answer(404, { kind: 'Status', reason: 'NotFound', code: 404 });
    const wanted = typeof selector === 'string' ? selector.split(',').map((one) => one.split('=')) : [];
    const items = [...this.objects].flatMap(([key, object]) =>
      key.startsWith(`${path}/`) && wanted.every((label) => isLabelled(object, label)) ? [object] : [],
    );
    return answer(200, { kind: 'List', metadata: { resourceVersion: String(this.#version) }, items });
  }

  #create(collection: string, object: Stored, dry: boolean): TransportResponse {
    const path = `${collection}/${object.metadata.name}`;
    if (!hasKind(collection, object)) return answer(400, { kind: 'Status', reason: 'BadRequest', code: 400 });
    if (this.objects.has(path)) return answer(409, { kind: 'Status', reason: 'AlreadyExists', code: 409 });
    this.#version += 1;
    const metadata = {
      ...object.metadata,
      uid: dry ? randomUUID() : `uid-${object.metadata.name}`,
      resourceVersion: String(this.#version),
      creationTimestamp: new Date(Date.now() + this.skewMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    };
    const made = { ...object, metadata };
    if (!dry) {
      if (path.includes('/shop/')) this.mutate?.(made);
      this.objects.set(path, made);
      this.#note('POST', collection);
    }
    return answer(201, made);
  }

  #note(method: string, path: string): void {
    this.persisted.push(`${method} ${path}`);
  }
}

const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

// Below the version, names and collections take turns: `namespaces/shop` is an object, and `namespaces/shop/agentpolicies` is a collection.
const isCollection = (path: string): boolean => path.replace(/^\/(api|apis\/[^/]+)\/[^/]+\//, '').split('/').length % 2 === 1;

const KINDS: Readonly<Record<string, string>> = { configmaps: 'ConfigMap', secrets: 'Secret' };

function hasKind(collection: string, { apiVersion, kind }: Stored): boolean {
  const expected = KINDS[collection.split('/').at(-1) ?? ''];
  return expected === undefined || (apiVersion === 'v1' && kind === expected);
}

// `name=value`, or `name` alone for any value.
function isLabelled({ metadata: { labels = {} } }: Stored, [name = '', value]: readonly string[]): boolean {
  return value === undefined ? name in labels : labels[name] === value;
}

const lost = () => new TransportError('no answer', { code: 'TIMEOUT', mayHaveHappened: true });
const conflict = () => answer(409, { kind: 'Status', reason: 'Conflict', code: 409, message: 'the object has been modified' });
const answer = (status: number, value: unknown): TransportResponse => ({
  status,
  headers: {},
  body: Buffer.from(JSON.stringify(value)),
});

const meets = ({ metadata }: Stored, { uid, resourceVersion }: Partial<Stored['metadata']>) =>
  (uid === undefined || uid === metadata.uid) && (resourceVersion === undefined || resourceVersion === metadata.resourceVersion);

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(target as object) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

/** A JSON patch of `test`, `add`, `replace` and `remove`; undefined when a test fails. */
function patch(target: Stored, operations: readonly Operation[]): unknown {
  let patched: unknown = target;
  for (const { op, path, value } of operations) {
    if (op === 'test' && !isDeepStrictEqual(valueAt(patched, path), value)) return undefined;
    if (op !== 'test') patched = applyChanges(patched, [{ path, after: op === 'remove' ? undefined : value }]);
  }
  return patched;
}
