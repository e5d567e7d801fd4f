import { type AdmissionRequest, Denied } from './review.ts';

/** What the API server takes of annotations. It checks this after the webhook. */
const ANNOTATIONS_MAX = 256 * 1024;
/** What the policy sentinel-room takes of a spec. */
const SPEC_MAX = 384 * 1024;
const ACTION_SPEC_MAX = 96 * 1024;

/**
 * Throws Denied for an object that will not be stored for its size, before any other work: the API server and its policies look at sizes
 * after the webhook only, and work on a text of megabytes takes time from everybody. What was there before may stay or shrink.
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

/** How many characters the keys and values of something have. Where they are more than `most`, the rest may not be counted. */
export function textSize(value: unknown, most = Number.POSITIVE_INFINITY): number {
  if (typeof value !== 'object' || value === null) return value === undefined ? 0 : String(value).length;
  let size = 0;
  for (const key in value) {
    size += (Array.isArray(value) ? 1 : key.length + 1) + textSize((value as Record<string, unknown>)[key], most - size);
    if (size > most) break;
  }
  return size;
}
