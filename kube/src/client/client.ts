import { sleep } from '../clock.ts';
import { backoff } from '../controller/backoff.ts';
import { ApiError, apiErrorFrom, isGone, isNotFound, isTransient, TransportError } from '../errors.ts';
import type { Query, Transport, TransportRequest, TransportResponse, TransportStream } from '../transport/transport.ts';
import type { KubeObject, ObjectKey, ObjectList, ResourceKind } from '../types.ts';
import type {
  AccessReviewStatus,
  CallOptions,
  DeleteOptions,
  JsonPatchOperation,
  ListOptions,
  LogOptions,
  PatchOptions,
  SelfSubjectAccessReviewSpec,
  ServiceAccountToken,
  SubjectAccessReviewSpec,
  TokenReviewSpec,
  TokenReviewStatus,
  WriteOptions,
} from './client-options.ts';
import { collectionPath, objectPath } from './paths.ts';
import { CONTENT_TYPES, call, deletion, ownKey, parse, write } from './requests.ts';
import { pods, serviceaccounts } from './resources.ts';

export interface ClientOptions {
  /** How many times a read that failed for a passing reason is sent again; 3 by default. */
  readRetries?: number | undefined;
  /** Called right before each write is sent. An exception prevents the write and is passed to the caller. */
  beforeWrite?: (() => void) | undefined;
  /** A longer Retry-After than this is not waited for: the error is thrown. 10 s by default. */
  maxRetryAfterMs?: number | undefined;
}

interface PageMeta {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: unknown[];
}

/** Creates a client. It keeps no state besides the transport's connections. */
export function createClient(transport: Transport, options: ClientOptions = {}): KubeClient {
  return new KubeClient(transport, options);
}

/**
 * Speaks to the API in plain JSON. Objects are sent and returned as they are: no field is dropped, no date is converted.
 *
 * Every method rejects with `ApiError` if the server says no, with `TransportError` if no answer came, with `signal.reason` if
 * the signal aborts, and with a TypeError if the call itself is wrong. Reads are retried a few times when they fail for a
 * passing reason. Writes are sent exactly once: after a `TransportError` or a 5xx the caller must look before trying again.
 */
export class KubeClient {
  readonly transport: Transport;
  readonly #readRetries: number;
  readonly #maxRetryAfterMs: number;
  readonly #options: ClientOptions;
  readonly #signal: AbortSignal | undefined;

  constructor(transport: Transport, options: ClientOptions = {}, signal?: AbortSignal) {
    this.transport = transport;
    this.#options = options;
    this.#signal = signal;
    this.#readRetries = options.readRetries ?? 3;
    this.#maxRetryAfterMs = options.maxRetryAfterMs ?? 10_000;
  }

  /** The same client, with all requests bound to a signal: they reject with its reason when it aborts. */
  until(signal: AbortSignal): KubeClient {
    return new KubeClient(this.transport, this.#options, this.#signal ? AbortSignal.any([this.#signal, signal]) : signal);
  }

  /** The live object, or null if it (or its kind) does not exist. */
  async get<T extends KubeObject>(kind: ResourceKind<T>, key: ObjectKey, options: CallOptions = {}): Promise<T | null> {
    return nullIfNotFound(this.getOrThrow(kind, key, options));
  }

  /** The live object. A missing one is an `ApiError` of status 404. */
  async getOrThrow<T extends KubeObject>(kind: ResourceKind<T>, key: ObjectKey, options: CallOptions = {}): Promise<T> {
    return this.#json<T>({ method: 'GET', path: objectPath(kind, key), ...call(options) });
  }

  /** All the pages of one consistent list, read from the store and never from a lagging cache. */
  async list<T extends KubeObject>(kind: ResourceKind<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    return await this.listMapped(kind, options, (item) => item);
  }

  /** A list, page by page, of which only the result of `keep` for each item is stored. */
  async listMapped<T extends KubeObject, R>(
    kind: ResourceKind<T>,
    options: ListOptions,
    keep: (item: T) => R,
  ): Promise<ObjectList<R>> {
    try {
      return await this.#pages(kind, options, options.pageSize ?? 500, keep);
    } catch (error) {
      // The continue token outlived its snapshot. As client-go does, ask once more, for everything at once.
      if (!isGone(error) || options.onlyPages) throw error;
      return this.#pages(kind, options, undefined, keep);
    }
  }

  /** Creates `object`. Its namespace is taken from its metadata. */
  async create<T extends KubeObject>(kind: ResourceKind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace } = object.metadata;
    if (kind.namespaced && !namespace) throw new TypeError(`${kind.kind} is namespaced: a namespace is needed`);
    return this.#json<T>({ method: 'POST', path: collectionPath(kind, namespace), ...write(object, options) });
  }

  /** Replaces the whole object. With metadata.resourceVersion set, a changed object is refused (409). */
  async replace<T extends KubeObject>(kind: ResourceKind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.#json<T>({ method: 'PUT', path: objectPath(kind, ownKey(object)), ...write(object, options) });
  }

  /** Replaces the status, nothing else. With metadata.resourceVersion set, a changed object is refused (409). */
  async replaceStatus<T extends KubeObject>(kind: ResourceKind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.#json<T>({ method: 'PUT', path: objectPath(kind, ownKey(object), 'status'), ...write(object, options) });
  }

  /** Patches an object. `apply` creates it if it does not exist, and needs a `fieldManager`. */
  async patch<T extends KubeObject>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    body: object | readonly JsonPatchOperation[],
    options: PatchOptions,
  ): Promise<T> {
    if (options.type === 'apply' && !options.fieldManager) throw new TypeError('A server-side apply needs a fieldManager');
    const request = write(body, options);
    return this.#json<T>({
      method: 'PATCH',
      path: objectPath(kind, key, options.subresource),
      ...request,
      headers: { 'content-type': CONTENT_TYPES[options.type] },
      query: { ...request.query, force: options.type === 'apply' ? options.force : undefined },
    });
  }

  /** Requests a deletion. Returns the response: the object if it is not removed at once, else a Status; null if it did not exist. */
  async delete<T extends KubeObject>(
    kind: ResourceKind<T>,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<T | KubeObject | null> {
    return nullIfNotFound(this.#json<T | KubeObject>({ method: 'DELETE', path: objectPath(kind, key), ...deletion(options) }));
  }

  /** Asks for the deletion of all objects that match. */
  async deleteCollection<T extends KubeObject>(kind: ResourceKind<T>, options: ListOptions & DeleteOptions): Promise<void> {
    const { labelSelector, fieldSelector } = options;
    const path = collectionPath(kind, options.namespace);
    await this.#json({ method: 'DELETE', path, ...deletion(options), query: { labelSelector, fieldSelector } });
  }

  /** Asks whether somebody may do something. An undecided answer is `allowed: false`. */
  async subjectAccessReview(spec: SubjectAccessReviewSpec, options: CallOptions = {}): Promise<AccessReviewStatus> {
    return this.#review<AccessReviewStatus>('authorization.k8s.io', 'subjectaccessreviews', 'SubjectAccessReview', spec, options);
  }

  /** Asks whether this client may do something. */
  async selfSubjectAccessReview(spec: SelfSubjectAccessReviewSpec, options: CallOptions = {}): Promise<AccessReviewStatus> {
    const kind = 'SelfSubjectAccessReview';
    return this.#review<AccessReviewStatus>('authorization.k8s.io', 'selfsubjectaccessreviews', kind, spec, options);
  }

  /** Asks whose token this is. `authenticated` is absent or false for a token that is not good. */
  async tokenReview(spec: TokenReviewSpec, options: CallOptions = {}): Promise<TokenReviewStatus> {
    return this.#review<TokenReviewStatus>('authentication.k8s.io', 'tokenreviews', 'TokenReview', spec, options);
  }

  /** Issues a token for a ServiceAccount (TokenRequest). */
  async createToken(
    namespace: string,
    name: string,
    audiences: readonly string[],
    expirationSeconds: number,
  ): Promise<ServiceAccountToken> {
    const path = objectPath(serviceaccounts, { namespace, name }, 'token');
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences, expirationSeconds } };
    const answer = await this.#json<{ status: ServiceAccountToken }>({ method: 'POST', path, ...write(request, {}) });
    return answer.status;
  }

  /** The log of one container, as text. Bytes that are not UTF-8 become U+FFFD. */
  async logs(namespace: string, pod: string, container: string, options: LogOptions = {}): Promise<string> {
    const { limitBytes, tailLines, previous, timestamps } = options;
    const path = objectPath(pods, { namespace, name: pod }, 'log');
    const query = { container, limitBytes, tailLines, previous, timestamps };
    const answer = await this.raw({ method: 'GET', path, query, headers: { accept: '*/*' }, ...call(options) });
    return answer.body.toString('utf8');
  }

  /** Any request, with this client's retries and errors. Resolves only for statuses below 400. */
  async raw(request: TransportRequest): Promise<TransportResponse> {
    return this.#send(request, request.method === 'GET');
  }

  /** A stream (watch, followed log). Sent once; rejects for a status of 400 and above. */
  async stream(request: TransportRequest): Promise<TransportStream> {
    const answer = await this.transport.stream(this.#bound(request));
    if (answer.status < 400) return answer;
    const chunks: Buffer[] = [];
    for await (const chunk of answer.body) chunks.push(Buffer.from(chunk));
    throw apiErrorFrom(answer.status, answer.headers, Buffer.concat(chunks));
  }

  async #pages<T extends KubeObject, R>(
    kind: ResourceKind<T>,
    options: ListOptions,
    limit: number | undefined,
    keep: (item: T) => R,
  ): Promise<ObjectList<R>> {
    const { labelSelector, fieldSelector } = options;
    const items: R[] = [];
    let token: string | undefined;
    let resourceVersion = '';
    do {
      const query: Query = { limit, continue: token, labelSelector, fieldSelector };
      const path = collectionPath(kind, options.namespace);
      const page = await this.#json<PageMeta>({ method: 'GET', path, query, ...call(options) });
      const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
      // Items of a list come without apiVersion and kind; with them each is an object like any other.
      for (const item of (page.items ?? []) as T[]) items.push(keep({ ...item, apiVersion, kind: kind.kind }));
      resourceVersion = page.metadata?.resourceVersion ?? '';
      token = page.metadata?.continue || undefined;
    } while (token !== undefined);
    return { items, resourceVersion };
  }

  async #review<S>(group: string, plural: string, kind: string, spec: object, options: CallOptions): Promise<S> {
    const request = { method: 'POST' as const, path: `/apis/${group}/v1/${plural}` };
    // A review changes nothing, so it is retried like a read.
    const answer = await this.#send({ ...request, ...write({ apiVersion: `${group}/v1`, kind, spec }, options) }, true);
    return parse<{ status: S }>(answer).status;
  }

  async #json<R>(request: TransportRequest): Promise<R> {
    return parse<R>(await this.#send(request, request.method === 'GET'));
  }

  #bound(request: TransportRequest): TransportRequest {
    if (this.#signal === undefined) return request;
    return { ...request, signal: request.signal ? AbortSignal.any([request.signal, this.#signal]) : this.#signal };
  }

  async #send(unbound: TransportRequest, idempotent: boolean): Promise<TransportResponse> {
    const request = this.#bound(unbound);
    const delays = backoff({ baseMs: 100, maxMs: 2_000, jitter: 0.5 });
    for (let attempt = 0; ; attempt++) {
      try {
        if (request.method !== 'GET') this.#options.beforeWrite?.();
        const answer = await this.transport.request(request);
        if (answer.status < 400) return answer;
        throw apiErrorFrom(answer.status, answer.headers, answer.body);
      } catch (error) {
        const wait = idempotent && attempt < this.#readRetries ? this.#retryDelay(error, delays.next()) : undefined;
        if (wait === undefined) throw error;
        await sleep(wait, request.signal);
        request.signal?.throwIfAborted();
      }
    }
  }

  #retryDelay(error: unknown, delay: number): number | undefined {
    if (!isTransient(error)) return undefined;
    // A request that used up its time is not given the same time again.
    if (error instanceof TransportError && error.code === 'TIMEOUT') return undefined;
    const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    return asked > this.#maxRetryAfterMs ? undefined : Math.max(asked, delay);
  }
}

async function nullIfNotFound<R>(answer: Promise<R>): Promise<R | null> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
