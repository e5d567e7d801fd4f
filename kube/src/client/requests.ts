import { TransportError } from '../errors.ts';
import type { TransportRequest, TransportResponse } from '../transport/transport.ts';
import type { KubeObject, ObjectKey } from '../types.ts';
import type { CallOptions, DeleteOptions, PatchType, WriteOptions } from './client-options.ts';

/** The media type of each kind of patch. */
export const CONTENT_TYPES: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** What every request takes from the options of a call. */
export function call(options: CallOptions): CallOptions {
  return { signal: options.signal, timeoutMs: options.timeoutMs };
}

/** The body and the options of a write. */
export function write(body: object, options: WriteOptions): Omit<TransportRequest, 'method' | 'path'> {
  const { fieldManager, fieldValidation } = options;
  return {
    ...call(options),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    query: { fieldManager, fieldValidation, dryRun: options.dryRun ? 'All' : undefined },
  };
}

/** The body and the options of a deletion. */
export function deletion(options: DeleteOptions): Omit<TransportRequest, 'method' | 'path'> {
  const { preconditions, propagationPolicy, gracePeriodSeconds } = options;
  const dryRun = options.dryRun ? ['All'] : undefined;
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy, gracePeriodSeconds, dryRun };
  return { ...call(options), headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** The key of an object. Throws a TypeError if it has no name. */
export function ownKey(object: KubeObject): ObjectKey {
  const { name, namespace } = object.metadata;
  if (!name) throw new TypeError(`${object.kind} has no name`);
  return { name, namespace };
}

/** The body of a response. Throws a TransportError if it is not JSON: the request was answered, so it may have taken effect. */
export function parse<R>(answer: TransportResponse): R {
  try {
    return JSON.parse(answer.body.toString('utf8')) as R;
  } catch (error) {
    throw new TransportError('The answer is not JSON', { code: 'NOT_JSON', mayHaveHappened: true, cause: error });
  }
}
