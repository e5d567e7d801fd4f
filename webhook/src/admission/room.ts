import { kinds } from '@sentinel/crds';
import { countFaults, structuralSchema } from '@sentinel/crds/schema';
import { type AdmissionRequest, Denied } from './review.ts';

/** The maximum size of annotations in the API server, which checks it after the webhook. */
const ANNOTATIONS_MAX = 256 * 1024;
/** The maximum size of a spec in the policy sentinel-room. */
const SPEC_MAX = 384 * 1024;
const ACTION_SPEC_MAX = 96 * 1024;
/** A person who has made fewer mistakes gets the messages of the API server, which name each of them. */
const FAULTS_MAX = 64;

const schemas = new Map(kinds.map(({ plural, kind, spec }) => [plural, structuralSchema(spec, `${kind}.spec`)]));

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
  requireFewFaults(object.spec, oldObject?.spec, resource.resource);
}

// The API server checks the schema after the mutating webhook, with work that grows with the square of the number of faults: 120 actions
// with 3,900 empty texts in a list took 20 GB of its memory. An object that was stored under another schema may stay as it is.
function requireFewFaults(spec: unknown, before: unknown, resource: string): void {
  const schema = schemas.get(resource);
  if (!schema) return;
  const { count, first } = countFaults(schema, spec, FAULTS_MAX);
  if (count < FAULTS_MAX || (before !== undefined && countFaults(schema, before, FAULTS_MAX).count >= FAULTS_MAX)) return;
  throw new Denied(
    'SpecFaultLimitExceeded',
    `the spec violates its schema in ${FAULTS_MAX} places or more, the first of them is spec${first ? `.${first}` : ''}: correct it; kubectl explain ${resource}.spec describes the fields`,
  );
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
