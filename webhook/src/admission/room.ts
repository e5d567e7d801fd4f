import { type AdmissionRequest, Denied } from './review.ts';

/** The maximum size of annotations in the API server, which checks it after the webhook. */
const ANNOTATIONS_MAX = 256 * 1024;
/** The maximum size of a spec in the policy sentinel-room. */
const SPEC_MAX = 384 * 1024;
const ACTION_SPEC_MAX = 96 * 1024;

/**
 * Throws Denied for an object that is too large to be stored, before any other work: the API server and its policies check sizes only after
 * the webhook, and processing a text of megabytes delays other requests. An object that is too large already may stay unchanged or shrink.
 */
export function requireRoom({ object, oldObject, resource }: AdmissionRequest): void {
  if (!object) return;
  const annotations = Object.entries(object.metadata.annotations ?? {});
  if (annotations.reduce((sum, [key, value]) => sum + key.length + value.length, 0) > ANNOTATIONS_MAX)
    throw new Denied('AnnotationsTooLarge', `annotations may have at most ${ANNOTATIONS_MAX} bytes together: remove some`);
  const most = resource.resource === 'agentactions' ? ACTION_SPEC_MAX : SPEC_MAX;
  if (textSize(object.spec, most) > most && textSize(object.spec) > textSize(oldObject?.spec))
    throw new Denied('SpecTooLarge', `the spec may have at most ${most} characters, so that its status always fits: shorten it`);
}

/** Counts the characters of all keys and values. May stop counting after `most`. */
export function textSize(value: unknown, most = Number.POSITIVE_INFINITY): number {
  if (typeof value !== 'object' || value === null) return value === undefined ? 0 : String(value).length;
  let size = 0;
  for (const key in value) {
    size += (Array.isArray(value) ? 1 : key.length + 1) + textSize((value as Record<string, unknown>)[key], most - size);
    if (size > most) break;
  }
  return size;
}
