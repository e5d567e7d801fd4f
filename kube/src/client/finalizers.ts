import { ApiError, isInvalid, isNotFound } from '../errors.ts';
import type { KubeObject, ResourceKind } from '../types.ts';
import type { KubeClient } from './client.ts';
import type { CallOptions, JsonPatchOperation } from './client-options.ts';

/** Whether the object carries this finalizer. */
export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

/** Whether deletion of the object was asked for. */
export function isDeleting(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** The patch that adds the finalizer, valid only for the list that was read; null if there is nothing to do. */
export function addFinalizerPatch(object: KubeObject, finalizer: string): JsonPatchOperation[] | null {
  if (hasFinalizer(object, finalizer)) return null;
  const uid = uidTest(object);
  const current = object.metadata.finalizers;
  if (current === undefined || current.length === 0) {
    // An add of the whole list would wipe what another wrote in between; the test refuses the patch then.
    const test = { op: 'test' as const, path: '/metadata/finalizers', value: null };
    return [uid, test, { op: 'add', path: '/metadata/finalizers', value: [finalizer] }];
  }
  const test = { op: 'test' as const, path: '/metadata/finalizers', value: [...current] };
  return [uid, test, { op: 'add', path: '/metadata/finalizers/-', value: finalizer }];
}

/** The patch that removes this finalizer and can never remove another one; null if there is nothing to do. */
export function removeFinalizerPatch(object: KubeObject, finalizer: string): JsonPatchOperation[] | null {
  const index = object.metadata.finalizers?.indexOf(finalizer) ?? -1;
  if (index < 0) return null;
  const path = `/metadata/finalizers/${index}`;
  return [uidTest(object), { op: 'test', path, value: finalizer }, { op: 'remove', path }];
}

/**
 * Adds the finalizer. Returns the object as it is now, or null if it was gone.
 * If the object changed since it was read, rejects with an `ApiError` of status 409: come again with the live object.
 */
export async function addFinalizer<T extends KubeObject>(
  client: KubeClient,
  kind: ResourceKind<T>,
  object: T,
  options: CallOptions & { finalizer: string },
): Promise<T | null> {
  return guarded(client, kind, object, { ...options, patch: addFinalizerPatch(object, options.finalizer) });
}

/** Removes the finalizer; otherwise like `addFinalizer`. Call it only after the clean-up has succeeded. */
export async function removeFinalizer<T extends KubeObject>(
  client: KubeClient,
  kind: ResourceKind<T>,
  object: T,
  options: CallOptions & { finalizer: string },
): Promise<T | null> {
  return guarded(client, kind, object, { ...options, patch: removeFinalizerPatch(object, options.finalizer) });
}

async function guarded<T extends KubeObject>(
  client: KubeClient,
  kind: ResourceKind<T>,
  object: T,
  options: CallOptions & { patch: JsonPatchOperation[] | null },
): Promise<T | null> {
  const { patch, signal, timeoutMs } = options;
  if (patch === null) return object;
  const key = { name: object.metadata.name ?? '', namespace: object.metadata.namespace };
  try {
    return await client.patch(kind, key, patch, { type: 'json', signal, timeoutMs });
  } catch (error) {
    if (isNotFound(error)) return null;
    if (!isInvalid(error)) throw error;
    // The server answers 422 for a failed test; to the caller it is what a conflict is.
    const message = 'The object changed since it was read';
    throw new ApiError({ status: 409, reason: 'Conflict', message, body: (error as ApiError).body });
  }
}

function uidTest(object: KubeObject): JsonPatchOperation {
  return { op: 'test', path: '/metadata/uid', value: object.metadata.uid };
}
