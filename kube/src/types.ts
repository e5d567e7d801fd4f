/** A JSON value as the API server sends it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** An owner of an object, as the garbage collector reads it. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** The metadata every object carries. What the server fills in is optional here, because a new object does not have it. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: unknown[];
}

/** Any object of the API: plain JSON, never a class, unknown fields kept. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** A `KubeObject` whose other fields are not known to the compiler. */
export interface AnyObject extends KubeObject {
  [field: string]: unknown;
}

/** Names one object of a known kind. `namespace` is left out for cluster-scoped kinds. */
export interface ObjectKey {
  name: string;
  namespace?: string | undefined;
}

/** What the client must know about a kind to address it. `T` is the type of its objects. */
export interface ResourceKind<T extends KubeObject = AnyObject> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set. Carries `T` for the compiler. */
  readonly type?: T;
}

/** A consistent list: all the pages, and the resourceVersion a watch can start from. */
export interface ObjectList<T> {
  items: T[];
  resourceVersion: string;
}

/** The API's own answer to a failed request (`kind: Status`). */
export interface StatusObject {
  status?: string;
  code?: number;
  reason?: string;
  message?: string;
  details?: { causes?: StatusCause[]; retryAfterSeconds?: number };
}

/** One violated rule of a rejected object. */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** A deep, mutable copy of a (frozen) object. */
export function copyOf<T>(object: T): T {
  return structuredClone(object);
}

/** The key of an object in stores and queues: `namespace/name`, or `name` for cluster-scoped objects. */
export function keyOf(object: { metadata: ObjectMeta }): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name ?? ''}` : (name ?? '');
}

/** The reverse of `keyOf`. */
export function splitKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
