import type { StatusCause, StatusObject } from './types.ts';

/** What `ApiError` is made of. `causes` is empty when the server named none. */
export interface ApiErrorInit {
  status: number;
  reason: string;
  message: string;
  causes?: readonly StatusCause[];
  retryAfterSeconds?: number | undefined;
  body?: unknown;
}

/** The API server answered, and the answer is not a success. The request had no effect, except for a 5xx, where it may have. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  readonly retryAfterSeconds: number | undefined;
  readonly body: unknown;

  constructor(init: ApiErrorInit) {
    super(init.message);
    this.name = 'ApiError';
    this.status = init.status;
    this.reason = init.reason;
    this.causes = init.causes ?? [];
    this.retryAfterSeconds = init.retryAfterSeconds;
    this.body = init.body;
  }
}

/** No usable answer came: connection, TLS, timeout or a cut body. `mayHaveHappened` is false only if the request was surely not sent. */
export class TransportError extends Error {
  readonly code: string;
  readonly mayHaveHappened: boolean;

  constructor(message: string, options: { code: string; mayHaveHappened: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'TransportError';
    this.code = options.code;
    this.mayHaveHappened = options.mayHaveHappened;
  }
}

/** Says that retrying cannot help: a controller records it and does not try the key again until something changes. */
export class TerminalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TerminalError';
  }
}

/**
 * An object that the chart creates and a program only fills is missing. The program does not create it, because the right to create
 * cannot be limited to a name.
 */
export class MissingObjectError extends Error {
  constructor(kind: string, { namespace, name }: { readonly namespace: string; readonly name: string }) {
    super(
      `${kind} '${name}' does not exist in namespace '${namespace}'. The installation creates it and this program only fills it: install the chart again (helm upgrade)`,
    );
    this.name = 'MissingObjectError';
  }
}

/**
 * The server has an older state than was seen before, as after a restore of etcd from a backup. The caches are not part of its history, so the
 * process must end and start again.
 */
export class StoreWentBackError extends Error {
  constructor(plural: string, why: string) {
    super(`${why}, again and again: the history of ${plural} in the API server is another one. The process ends to start again`);
    this.name = 'StoreWentBackError';
  }
}

/** The reason a signal carries when leadership was lost: work must stop at once, without a grace period. */
export class LeadershipLostError extends Error {
  constructor(message = 'The lease was not renewed in time') {
    super(message);
    this.name = 'LeadershipLostError';
  }
}

/** Builds the error from a `Status` answer; tolerates bodies that are not Status (proxies, plain text). */
export function apiErrorFrom(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Buffer,
): ApiError {
  const text = body.toString('utf8');
  const parsed = parseStatus(text);
  const retryAfter = Number.parseInt(String(headers['retry-after'] ?? ''), 10);
  return new ApiError({
    status,
    reason: parsed?.reason ?? 'Unknown',
    message: parsed?.message ?? (text.slice(0, 512).trim() || `HTTP status ${status}`),
    causes: parsed?.details?.causes ?? [],
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : parsed?.details?.retryAfterSeconds,
    body: parsed ?? text,
  });
}

/** Builds the error from the Status object an ERROR event of a watch carries. */
export function apiErrorFromStatus(status: StatusObject): ApiError {
  return new ApiError({
    status: status.code ?? 500,
    reason: status.reason ?? 'Unknown',
    message: status.message ?? 'The watch ended with an error',
    causes: status.details?.causes ?? [],
    retryAfterSeconds: status.details?.retryAfterSeconds,
    body: status,
  });
}

function parseStatus(text: string): StatusObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isStatus(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isStatus(value: unknown): value is StatusObject {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
}

function hasStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

/** 404: the object, or its kind, does not exist. */
export function isNotFound(error: unknown): boolean {
  return hasStatus(error, 404);
}

/** 409 that is not AlreadyExists: the object changed since it was read, or a precondition failed. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.reason !== 'AlreadyExists';
}

/** 409 because an object of that name exists. */
export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.reason === 'AlreadyExists';
}

/** 403: RBAC or admission said no. */
export function isForbidden(error: unknown): boolean {
  return hasStatus(error, 403);
}

/** 410: the resourceVersion or continue token is too old. */
export function isGone(error: unknown): boolean {
  return hasStatus(error, 410);
}

/** 422: schema, CEL rule or a failed `test` of a JSON patch; `causes` names the fields. */
export function isInvalid(error: unknown): boolean {
  return hasStatus(error, 422);
}

/** The object or the request is larger than the API server or etcd takes, so that sending it again cannot help. */
export function isTooLarge(error: unknown): boolean {
  if (hasStatus(error, 413)) return true;
  return error instanceof ApiError && /request is too large|message larger than max|entity too large/i.test(error.message);
}

/** Worth trying again later, unchanged: network trouble, 429, 5xx. Says nothing on whether the request took effect. */
export function isTransient(error: unknown): boolean {
  if (error instanceof TransportError) return true;
  return error instanceof ApiError && (error.status === 429 || error.status >= 500);
}

/** Whether a write that failed with this error may have been stored nevertheless. */
export function mayBeStored(error: unknown): boolean {
  if (error instanceof ApiError) return error.status >= 500;
  return error instanceof TransportError ? error.mayHaveHappened : true;
}

/** Converts any thrown value to an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`Not an Error was thrown: ${String(thrown)}`);
}
