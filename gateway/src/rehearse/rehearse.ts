import type { Dependants } from '../dependants/dependants.ts';
import { type Change, markVolatile } from '../effect/change.ts';
import { deletionOf } from '../effect/deletion.ts';
import { describeEffect } from '../effect/describe.ts';
import { type Answer, isAnswer, json, type Observation, observe } from '../effect/observe.ts';
import { relativeTo } from '../effect/overlay.ts';
import { withPutBack } from '../effect/put-back.ts';
import { type ParsedRequest, pathOf } from '../request/parse.ts';
import { readObject } from '../request/read-answer.ts';
import { forbidden } from '../request/refused.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { noteEffect, requireMemory, requireRoom } from './recording.ts';
import { rehearsedDependants } from './rehearsed-dependants.ts';
import { asFarAsRestorable } from './restorable.ts';

/** The dependencies for rehearsing writes. */
export interface RehearseContext {
  readonly upstream: Upstream;
  readonly dependants: Pick<Dependants, 'of'>;
}

/**
 * Handles a write in a rehearsal: sends it as a dry-run, records it as an effect, and applies it to later reads. Nothing persists, and the API
 * server itself refuses real writes (the lock), so a fault here cannot persist anything either.
 */
export async function rehearseWrite(
  { upstream, dependants }: RehearseContext,
  run: Run,
  request: ParsedRequest,
): Promise<Answer> {
  const { overlay, notObservable } = run.recording;
  requireRoom(run.recording);
  if (overlay.get(request) === null && request.api.verb !== 'create') return notFound(request);
  const observed = await observe(upstream, run, 'rehearsal', request);
  if (isAnswer(observed)) {
    // An object that exists only in the rehearsal is unknown to the API server: report that, instead of a 404 that contradicts later reads.
    if (observed.status === 404 && request.api.verb !== 'create' && overlay.get(request))
      throw forbidden(
        'ChangeNotObservable',
        'the object was created earlier in this rehearsal, which cannot show a change of it: create it as it should be',
      );
    return observed;
  }
  const main = request.subresource === undefined;
  // The path of a create has no object name, so the name is known only now.
  if (request.api.verb === 'create' && main && overlay.get(named(request, observed.name)))
    return alreadyExists(request, observed.name);
  const scale = request.subresource === 'scale';
  const rehearsed = overlay.get(request);
  const changes = main || scale ? changesOf(request, observed, rehearsed) : observed.changes;
  const scaled = scale ? await readWhole(upstream, run, parentOf(request)) : undefined;
  const found = request.api.verb === 'delete' ? await rehearsedDependants(dependants, run, request, observed) : undefined;
  const seen = { ...observed, changes, scaled, ...(found === undefined ? {} : { dependants: found }) };
  const effect = changes.length > 0 ? asFarAsRestorable(describeEffect(request, seen), changes) : undefined;
  // Effect and state of the object are stored together or not at all: one without the other would be wrong after a retry.
  requireMemory(run.recording, [observed.result, rehearsed ?? observed.live, changes, effect, scaled]);
  if (effect) noteEffect(run.recording, effect);
  if (request.api.verb === 'delete') {
    overlay.put(request, observed.name, null);
  } else if (request.api.verb === 'create' && main) {
    overlay.put(request, observed.name, observed.result);
  } else if (main) {
    return json(overlay.change(request, observed.live, changes), 200);
  } else if (scale) {
    showScale(run, request, scaled, observed.result);
  } else {
    notObservable.add(`A write to '${request.api.resource}' is not shown by later reads in the rehearsal.`);
  }
  return json(observed.result, request.api.verb === 'create' ? 201 : 200);
}

// Relative to the state of the real run, in which the earlier writes of the rehearsal have happened.
function changesOf(request: ParsedRequest, observed: Observation, rehearsed: unknown): readonly Change[] {
  if (request.api.verb === 'delete') return rehearsed === undefined ? observed.changes : deletionOf(request, rehearsed);
  const merges = request.api.verb === 'patch' && request.contentType !== 'application/json-patch+json';
  const relative = relativeTo(rehearsed, observed.changes, merges);
  const changes = withPutBack(request, rehearsed, observed.result, relative);
  return request.isExact ? changes : markVolatile(changes, Date.now());
}

const parentOf = (request: ParsedRequest): ParsedRequest => ({
  ...request,
  subresource: undefined,
  api: { ...request.api, verb: 'get', resource: request.base },
});

// A write to /scale must show in the object that it scales.
function showScale(run: Run, request: ParsedRequest, scaled: unknown, scale: unknown): void {
  const replicas = (scale as { spec?: { replicas?: unknown } }).spec?.replicas;
  if (scaled !== undefined)
    run.recording.overlay.change(parentOf(request), scaled, [
      { path: '/spec/replicas', before: undefined, after: replicas ?? 0 },
    ]);
}

/** The scale of an object that the rehearsal touched; undefined if it touched none, so that the live one must be read. */
export async function readRehearsedScale(upstream: Upstream, run: Run, request: ParsedRequest): Promise<Answer | undefined> {
  const rehearsed = run.recording.overlay.get(request) as { spec?: { replicas?: unknown } } | null | undefined;
  if (rehearsed === undefined) return undefined;
  const scale = rehearsed === null ? undefined : ((await readWhole(upstream, run, request)) as { spec?: object } | undefined);
  if (!scale) return notFound(request);
  return json({ ...scale, spec: { ...scale.spec, replicas: rehearsed?.spec?.replicas ?? 0 } }, 200);
}

async function readWhole(upstream: Upstream, run: Run, request: ParsedRequest): Promise<unknown> {
  const answer = await upstream.send(run, 'rehearsal', {
    method: 'GET',
    path: pathOf(request),
    headers: { accept: 'application/json' },
  });
  return answer.status === 200 ? readObject(answer.body) : undefined;
}

const named = (request: ParsedRequest, name: string): ParsedRequest => ({ ...request, api: { ...request.api, name } });

/** The answer for an object that the rehearsal deleted. */
export const notFound = (request: ParsedRequest): Answer =>
  failure(request, request.api.name ?? '', 'NotFound', 404, 'not found');

/** The answer for an object that the rehearsal created. */
const alreadyExists = (request: ParsedRequest, name: string): Answer =>
  failure(request, name, 'AlreadyExists', 409, 'already exists');

function failure({ api }: ParsedRequest, name: string, reason: string, code: number, what: string): Answer {
  const { resource, apiGroup } = api;
  const group = apiGroup === '' ? '' : `.${apiGroup}`;
  const message = `${resource}${group} "${name}" ${what}`;
  const details = { name, group: apiGroup, kind: resource };
  return json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, code, message, details }, code);
}
