/** Options every call takes. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
}

/** Options of list, watch and deleteCollection. Without a namespace: all of them. */
export interface ListOptions extends CallOptions {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** Objects per page; 500 by default. */
  pageSize?: number | undefined;
  /** Always reads in pages, for collections that may be larger than the memory of this process. */
  onlyPages?: boolean | undefined;
}

/** Options of every write. */
export interface WriteOptions extends CallOptions {
  dryRun?: boolean | undefined;
  fieldManager?: string | undefined;
  /** What the server does with unknown or double fields: `Strict` refuses the write. */
  fieldValidation?: 'Ignore' | 'Warn' | 'Strict' | undefined;
}

/** How the body of a patch is read. Custom resources do not support `strategic`. */
export type PatchType = 'merge' | 'json' | 'strategic' | 'apply';

/** One operation of a JSON patch (RFC 6902). */
export type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; from: string; path: string };

export interface PatchOptions extends WriteOptions {
  type: PatchType;
  subresource?: string | undefined;
  /** Only with `apply`: takes fields other managers own. */
  force?: boolean | undefined;
}

export interface DeleteOptions extends CallOptions {
  dryRun?: boolean | undefined;
  /** The delete is refused (409) unless the live object is this one. */
  preconditions?: { uid?: string | undefined; resourceVersion?: string | undefined } | undefined;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  gracePeriodSeconds?: number | undefined;
}

export interface LogOptions extends CallOptions {
  limitBytes?: number | undefined;
  tailLines?: number | undefined;
  previous?: boolean | undefined;
  timestamps?: boolean | undefined;
}

/** What a (Self)SubjectAccessReview asks. */
export interface ResourceAttributes {
  namespace?: string;
  verb?: string;
  group?: string;
  version?: string;
  resource?: string;
  subresource?: string;
  name?: string;
  fieldSelector?: unknown;
  labelSelector?: unknown;
}

export interface SelfSubjectAccessReviewSpec {
  resourceAttributes?: ResourceAttributes;
  nonResourceAttributes?: { path?: string; verb?: string };
}

export interface SubjectAccessReviewSpec extends SelfSubjectAccessReviewSpec {
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

export interface AccessReviewStatus {
  allowed: boolean;
  denied?: boolean;
  reason?: string;
  evaluationError?: string;
}

export interface TokenReviewSpec {
  token: string;
  audiences?: string[];
}

export interface TokenReviewStatus {
  authenticated?: boolean;
  user?: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
  audiences?: string[];
  error?: string;
}

export interface ServiceAccountToken {
  token: string;
  expirationTimestamp: string;
}
