import { z } from 'zod';
import { compared, hasAssignedFields } from '../object/normalize.ts';
import { asGoWrites } from '../request/as-go-writes.ts';
import {
  asksForDryRun,
  readBody,
  readDeleteOptions,
  refuseGeneratedName,
  refuseManagedFields,
  withAbsence,
  withPrecondition,
  withUid,
} from '../request/body.ts';
import { OBJECT_BUDGET, requireWithin } from '../request/body-budget.ts';
import { describeInexact, findInexactNumber } from '../request/exact-json.ts';
import { type ParsedRequest, pathOf } from '../request/parse.ts';
import { buildQuery, isOn } from '../request/query.ts';
import { readObject } from '../request/read-answer.ts';
import { badRequest, forbidden, Refused } from '../request/refused.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { type Change, changesBetween } from './change.ts';
import { deletionOf } from './deletion.ts';
import { APPLY, asRequested, losesAllOwners, managerOf, requireOwnOwner } from './ownership.ts';

const Identified = z.object({
  metadata: z.object({ name: z.string(), uid: z.string().optional(), resourceVersion: z.string().optional() }),
});

/** The effect of one write, from a dry-run right before it. */
export interface Observation {
  readonly name: string;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly live: unknown;
  readonly result: unknown;
  readonly changes: readonly Change[];
}

/** The response of the API server if it refuses the write; it is passed to the sandbox unchanged. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly contentType: string;
}

/** A JSON answer of the gateway's own. */
export function json(value: unknown, status: number): Answer {
  return { status, body: Buffer.from(JSON.stringify(value)), contentType: 'application/json' };
}

const TRIES = 4;

/**
 * Reads the object, sends the write as a dry-run and compares. A response without success is returned unchanged. A dry-run of another version
 * of the object than the one that was read shows changes of others too, so both are repeated.
 */
export async function observe(
  upstream: Upstream,
  run: Run,
  as: 'rehearsal' | 'enforce',
  request: ParsedRequest,
): Promise<Observation | Answer> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const live = request.api.verb === 'create' ? undefined : await readLive(upstream, run, as, request);
    if (isAnswer(live)) return live;
    const answer = await sendWrite(upstream, run, as, request, { dryRun: true });
    if (answer.status >= 300) return answer;
    const result = parseObject(answer.body);
    if (isOfOneVersion(request, live, result, answer.status)) return observation(request, live, result);
  }
  throw new Refused(409, 'ObjectChanging', 'the object changed during each attempt: send the request again');
}

// A dry-run answers with the resourceVersion that it started from, and with 201 when it found no object (seen with 1.36.3).
function isOfOneVersion({ api }: ParsedRequest, live: unknown, result: unknown, status: number): boolean {
  if (api.verb === 'create' || api.verb === 'delete') return true;
  if (live === undefined) return status === 201;
  return versionOf(live) === versionOf(result);
}

const versionOf = (object: unknown) => Identified.safeParse(object).data?.metadata.resourceVersion;

function observation(request: ParsedRequest, live: unknown, result: unknown): Observation {
  const { verb } = request.api;
  if (verb !== 'delete') refuseOwnership(request, live, result);
  const { before, after } = compared(request, live, result);
  const changes = verb === 'delete' ? deletionOf(request, live) : asRequested(request, changesBetween(before, after));
  // An apply of an object that does not exist creates it: the resourceVersion in the response of the dry-run is meaningless.
  const creates = live === undefined;
  const identified = Identified.safeParse(creates ? result : live);
  if (!identified.success)
    throw badRequest('ApiServerAnswerInvalid', 'the API server answered with something that is not an object');
  const { name, uid, resourceVersion } = identified.data.metadata;
  refuseGenerated(result, verb);
  return { name, uid: creates ? undefined : uid, resourceVersion: creates ? undefined : resourceVersion, live, result, changes };
}

export const isAnswer = (value: unknown): value is Answer =>
  typeof value === 'object' && value !== null && 'contentType' in value && 'status' in value;

async function readLive(upstream: Upstream, run: Run, as: 'rehearsal' | 'enforce', request: ParsedRequest): Promise<unknown> {
  const answer = await upstream.send(run, as, { method: 'GET', path: pathOf(request), headers: { accept: 'application/json' } });
  if (answer.status === 404 && request.api.verb === 'patch' && request.contentType === APPLY) return undefined;
  if (answer.status !== 200) return { status: answer.status, body: answer.body, contentType: 'application/json' };
  return parseObject(answer.body);
}

// Objects of others can be too large as well, and must fit into the budget to be compared.
function parseObject(body: Buffer): unknown {
  const object = readObject(body);
  requireWithin(OBJECT_BUDGET, object, 'the object');
  const inexact = findInexactNumber(body.toString('utf8'));
  if (inexact)
    throw forbidden(
      'NumberNotExact',
      `the object holds ${describeInexact(inexact)}, which cannot be compared exactly. Such numbers are not supported, so the object is not written: change it without Sentinel, or keep the number as text`,
    );
  return object;
}

function refuseGenerated(result: unknown, verb: string): void {
  const generated = z.object({ metadata: z.object({ generateName: z.string().min(1) }) }).safeParse(result);
  if (verb === 'create' && generated.success)
    throw new Refused(
      403,
      'GenerateNameNotAllowed',
      "'generateName' is refused: a rehearsal cannot know the name; give the object a name",
    );
}

// Field ownership decides the result of later applies, but is not visible in changed fields: a request may change it only by an apply.
function refuseOwnership(request: ParsedRequest, live: unknown, result: unknown): void {
  const body = readBody(request);
  if (body.kind === 'json') refuseManagedFields(request, body.value, live);
  // The field owners of a protobuf body are only known from the response.
  if (body.kind === 'opaque') {
    requireOwnOwner(result);
    requireText(result);
  }
  if (losesAllOwners(live, result))
    throw new Refused(
      403,
      'ManagedFieldsNotAllowed',
      'the request would empty metadata.managedFields: change the fields of the object only',
    );
}

/** What JSON has in the place of bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd';

// The texts of a protobuf body may be any bytes, and are stored as they are (seen with 1.36.3). JSON shows all that are not UTF-8
// alike, so others could be sent than were approved, and nobody would see which.
function requireText(result: unknown): void {
  if (JSON.stringify(result).includes(REPLACEMENT))
    throw new Refused(415, 'MediaTypeNotSupported', 'send JSON: the protobuf body holds a text that is not UTF-8');
}

/**
 * How a write is sent: as a dry-run, or for real with the precondition that the object is the compared one. Without a resourceVersion the
 * object must not exist: then the write may only create it.
 */
export type Sending =
  | { readonly dryRun: true }
  | { readonly dryRun: false; readonly uid: string | undefined; readonly resourceVersion: string | undefined };

/**
 * Sends a write that the gateway has built itself: path from discovery, query from an allow-list, DeleteOptions of its own
 * (any body makes the server ignore the query of a DELETE: admission facts, section 1).
 */
export async function sendWrite(
  upstream: Upstream,
  run: Run,
  as: 'rehearsal' | 'enforce',
  request: ParsedRequest,
  sending: Sending,
): Promise<Answer> {
  const { verb } = request.api;
  const query = buildQuery({
    fieldManager: managerOf(request),
    fieldValidation: request.query.get('fieldValidation'),
    force: isOn(request.query.get('force')) ? 'true' : undefined,
    dryRun: sending.dryRun ? 'All' : undefined,
  });
  const { body, contentType } = verb === 'delete' ? deleteBody(request, sending) : writeBody(request, sending);
  const methods = { create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const;
  const method = methods[verb as keyof typeof methods];
  const answer = await upstream.send(run, as, {
    method,
    path: pathOf(request) + (verb === 'delete' ? buildQuery({ dryRun: sending.dryRun ? 'All' : undefined }) : query),
    headers: { accept: 'application/json', 'content-type': contentType },
    body,
  });
  return { status: answer.status, body: answer.body, contentType: 'application/json' };
}

function deleteBody(request: ParsedRequest, sending: Sending): { body: string; contentType: string } {
  const { preconditions, ...options } = readDeleteOptions(request);
  const guard = sending.dryRun ? preconditions : { uid: sending.uid, resourceVersion: sending.resourceVersion };
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...options,
    preconditions: guard,
    ...(sending.dryRun ? { dryRun: ['All'] } : {}),
  };
  return { body: JSON.stringify(body), contentType: 'application/json' };
}

function writeBody(request: ParsedRequest, sending: Sending): { body: string | Buffer; contentType: string } {
  const body = readBody(request);
  const eviction = request.subresource === 'eviction';
  if (eviction) throw new Refused(403, 'EvictionNotSupported', 'evictions are not supported yet');
  if (body.kind === 'none') throw badRequest('BodyInvalid', 'the request has no body');
  if (body.kind === 'opaque') {
    if (hasAssignedFields(request))
      throw new Refused(
        415,
        'MediaTypeNotSupported',
        'send JSON: the fields that a protobuf body sets cannot be distinguished from defaults',
      );
    return { body: body.bytes, contentType: request.contentType };
  }
  refuseGeneratedName(body.value);
  // An update may contain managedFields that were read; they are compared with the live object after the response.
  if (request.api.verb !== 'update') refuseManagedFields(request, body.value);
  const value = sending.dryRun ? body.value : withGuard(request, body.value, sending);
  return {
    body: asGoWrites(value),
    contentType:
      request.contentType === '' || request.contentType === 'application/yaml' ? 'application/json' : request.contentType,
  };
}

function withGuard(request: ParsedRequest, value: unknown, sending: Sending & { dryRun: false }): unknown {
  const { uid, resourceVersion } = sending;
  const { contentType, api } = request;
  if (api.verb === 'create') return value;
  if (resourceVersion === undefined) return contentType === APPLY ? withAbsence(value) : value;
  const guarded = withPrecondition(contentType, value, resourceVersion);
  const creates = contentType === APPLY || api.verb === 'update';
  return creates && uid !== undefined ? withUid(guarded, uid) : guarded;
}

export { asksForDryRun };
