import { isDeepStrictEqual } from 'node:util';
import type { ParsedRequest } from './parse.ts';
import { parseText } from './parse-text.ts';
import { badRequest, forbidden, Refused } from './refused.ts';

/** A body that the gateway has read and writes again; protobuf is only let through if nothing in it can undo a dry-run. */
export type Body =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'opaque'; readonly bytes: Buffer }
  | { readonly kind: 'none' };

/** Options of a delete, rebuilt from the few that are known. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// A request is parsed once, because its bytes never change.
const read = new WeakMap<Buffer, { readonly contentType: string; readonly value: unknown }>();

/** Reads the body of a write, once. Throws Refused (415, 413, 400) for what it can't read. */
export function readBody(request: ParsedRequest): Body {
  if (request.body.length === 0) return { kind: 'none' };
  if (request.contentType === 'application/vnd.kubernetes.protobuf') {
    // For POST only the query decides about a dry-run, so the bytes may be passed through; for all other methods they may not.
    if (request.api.verb === 'create' && request.subresource === undefined) return { kind: 'opaque', bytes: request.body };
    throw new Refused(415, 'MediaTypeNotSupported', 'send JSON: a protobuf body cannot be checked here');
  }
  const yaml = request.contentType === 'application/apply-patch+yaml' || request.contentType === 'application/yaml';
  if (!yaml && request.contentType !== '' && !request.contentType.endsWith('json')) {
    throw new Refused(415, 'MediaTypeNotSupported', `send JSON: '${request.contentType}' cannot be checked here`);
  }
  const known = read.get(request.body);
  if (known?.contentType === request.contentType) return { kind: 'json', value: known.value };
  const value = parseText(request.body.toString('utf8'), yaml);
  read.set(request.body, { contentType: request.contentType, value });
  return { kind: 'json', value };
}

/** The options of a delete, from body and query, rebuilt. The body's own dryRun is left out: the gateway sets it. */
export function readDeleteOptions(request: ParsedRequest): DeleteOptions {
  const body = readBody(request);
  if (body.kind === 'opaque') throw new Refused(415, 'MediaTypeNotSupported', 'send JSON');
  const sent = body.kind === 'json' && isRecord(body.value) ? body.value : {};
  if (sent.orphanDependents !== undefined)
    throw badRequest('BodyInvalid', "'orphanDependents' is refused; use 'propagationPolicy'");
  const grace = sent.gracePeriodSeconds ?? numeric(request.query.get('gracePeriodSeconds'));
  const policy = sent.propagationPolicy ?? request.query.get('propagationPolicy');
  const preconditions = isRecord(sent.preconditions) ? sent.preconditions : {};
  return {
    ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
    ...(typeof policy === 'string' ? { propagationPolicy: policy } : {}),
    preconditions: {
      ...(typeof preconditions.uid === 'string' ? { uid: preconditions.uid } : {}),
      ...(typeof preconditions.resourceVersion === 'string' ? { resourceVersion: preconditions.resourceVersion } : {}),
    },
  };
}

/** Whether the client itself asked for a dry-run. */
export function asksForDryRun(request: ParsedRequest): boolean {
  if (request.query.get('dryRun') === 'All') return true;
  if (request.api.verb !== 'delete') return false;
  const body = readBody(request);
  if (body.kind !== 'json' || !isRecord(body.value)) return false;
  const { dryRun } = body.value;
  return Array.isArray(dryRun) && dryRun.length === 1 && dryRun[0] === 'All';
}

/** The body of a write that only goes through when the object is still at `resourceVersion` (admission facts, section 2). */
export function withPrecondition(contentType: string, value: unknown, resourceVersion: string): unknown {
  if (contentType === 'application/json-patch+json') {
    if (!Array.isArray(value)) throw badRequest('BodyInvalid', 'a JSON patch must be a list');
    return [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }, ...value];
  }
  if (!isRecord(value)) throw badRequest('BodyInvalid', 'the body must be an object');
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  const asked = metadata.resourceVersion;
  if (asked !== undefined && asked !== '' && asked !== resourceVersion)
    throw new Refused(409, 'ObjectModified', 'the object has been modified since it was read');
  return { ...value, metadata: { ...metadata, resourceVersion } };
}

/**
 * The body of an apply that only creates. The API server compares a resourceVersion with an object that exists and not with one
 * that does not (seen with 1.36.3), and no object has the first revision of etcd, so the write fails with a conflict if the object exists.
 */
export function withAbsence(value: unknown): unknown {
  if (!isRecord(value)) throw badRequest('BodyInvalid', 'the body must be an object');
  return { ...value, metadata: { ...(isRecord(value.metadata) ? value.metadata : {}), resourceVersion: '1' } };
}

/** The body of a write that must not create its object again when that is gone: a PUT and an apply would (seen with 1.36.3). */
export function withUid(value: unknown, uid: string): unknown {
  const metadata = isRecord(value) && isRecord(value.metadata) ? value.metadata : {};
  return isRecord(value) ? { ...value, metadata: { ...metadata, uid } } : value;
}

const setsManagedFields =
  "'metadata.managedFields' cannot be set: it records which manager owns which field. Leave it out of the request";

/**
 * Refuses a body that changes field ownership. An update may contain the managedFields that it read: `live` is the object that it replaces.
 * Null is no change for the API server; an empty list is one.
 */
export function refuseManagedFields(request: ParsedRequest, value: unknown, live?: unknown): void {
  if (request.contentType === 'application/json-patch+json') {
    const operations = Array.isArray(value) ? value.filter(isRecord) : [];
    // The API server ignores text before the first slash of a path (evanphx/json-patch, findObject).
    const isPointer = (path: unknown) => typeof path !== 'string' || path === '' || path.startsWith('/');
    if (!operations.every(({ path, from }) => isPointer(path) && isPointer(from)))
      throw badRequest('BodyInvalid', "each 'path' and 'from' of a JSON patch must begin with '/'");
    if (operations.some(reachesManagedFields)) throw forbidden('ManagedFieldsNotAllowed', setsManagedFields);
    return;
  }
  const sent = managedFieldsOf(value);
  if (sent === undefined || sent === null) return;
  if (request.api.verb !== 'update' || !isDeepStrictEqual(sent, managedFieldsOf(live)))
    throw forbidden('ManagedFieldsNotAllowed', setsManagedFields);
}

const managedFieldsOf = (object: unknown): unknown =>
  isRecord(object) && isRecord(object.metadata) ? object.metadata.managedFields : undefined;

const MANAGED_FIELDS = '/metadata/managedFields';
const holdsManagedFields = ['', '/metadata'];

// An operation on what holds the field counts when its value has it, or when its value comes from elsewhere in the object.
function reachesManagedFields(operation: Record<string, unknown>): boolean {
  if (operation.op === 'test') return false;
  const paths = [operation.path, operation.op === 'move' ? operation.from : undefined].filter((path) => typeof path === 'string');
  if (paths.some((path) => `${path}/`.startsWith(`${MANAGED_FIELDS}/`))) return true;
  if (!holdsManagedFields.includes(String(operation.path))) return false;
  if (operation.from !== undefined) return true;
  return (
    (operation.path === '' ? managedFieldsOf(operation.value) : managedFieldsOf({ metadata: operation.value })) !== undefined
  );
}

/** Refuses generated names: each attempt would get another one, so the approved object could not be recognized. */
export function refuseGeneratedName(value: unknown): void {
  const metadata = isRecord(value) && isRecord(value.metadata) ? value.metadata : {};
  if (
    typeof metadata.generateName === 'string' &&
    metadata.generateName !== '' &&
    (metadata.name === undefined || metadata.name === '')
  ) {
    throw forbidden(
      'GenerateNameNotAllowed',
      "'generateName' is refused: a rehearsal cannot know the name; give the object a name",
    );
  }
}

function numeric(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}
