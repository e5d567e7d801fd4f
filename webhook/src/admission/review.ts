import type { ErrorCause } from '@sentinel/crds';
import type { WebhookErrorCode } from '@sentinel/policy';
import { causesOf, explainAll, type PolicyErrorCode, type Refusal } from '@sentinel/policy';
import { z } from 'zod';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every((item) => typeof item === 'string');
// One issue for the whole list or map: zod's own make one for each item, and 400,000 of them are more memory than the webhook has.
const Strings = z.custom<string[]>(isStrings, 'must be a list of strings');
const StringMap = z.custom<Record<string, string>>(
  (value) => isObject(value) && isStrings(Object.values(value)),
  'must be a map of strings',
);
const StringsMap = z.custom<Record<string, string[]>>(
  (value) => isObject(value) && Object.values(value).every(isStrings),
  'must be a map of lists of strings',
);

/** Who makes the request, as the API server authenticated them. */
const UserInfo = z.object({
  username: z.string(),
  uid: z.string().default(''),
  groups: Strings.default([]),
  extra: StringsMap.default({}),
});
export type UserInfo = z.infer<typeof UserInfo>;

const Metadata = z.object({
  name: z.string().optional(),
  generateName: z.string().optional(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  labels: StringMap.optional(),
  annotations: StringMap.optional(),
  finalizers: Strings.optional(),
  deletionTimestamp: z.string().optional(),
  generation: z.number().optional(),
});

const AdmittedObject = z.object({ metadata: Metadata, spec: z.unknown().optional(), status: z.unknown().optional() });
export type AdmittedObject = z.infer<typeof AdmittedObject>;

/** What the API server asks: admission.k8s.io/v1 AdmissionReview. */
export const AdmissionReview = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string(),
    resource: z.object({ group: z.string(), resource: z.string() }),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    namespace: z.string().default(''),
    name: z.string().default(''),
    userInfo: UserInfo,
    object: AdmittedObject.nullish(),
    oldObject: AdmittedObject.nullish(),
    dryRun: z.boolean().nullish(),
    options: z.looseObject({ fieldManager: z.string().optional() }).nullish(),
  }),
});
export type AdmissionRequest = z.infer<typeof AdmissionReview>['request'];

/** A request that is refused, with the sentence that the caller reads. */
export class Denied extends Error {
  override name = 'Denied';
  /** Why, for programs: at least one. */
  readonly causes: readonly ErrorCause<WebhookErrorCode | PolicyErrorCode>[];

  /** @param why the code of what the webhook itself refuses, or what policy refuses */
  constructor(why: WebhookErrorCode | readonly ErrorCause<PolicyErrorCode>[], message: string) {
    super(message);
    this.causes = typeof why === 'string' ? [{ reason: why, message: message.slice(0, CAUSE_LENGTH) }] : why;
  }
}

const CAUSE_LENGTH = 512;

/** A request that policy refuses: one cause for each reason. */
export const deniedByPolicy = (refusals: readonly Refusal[]): Denied => new Denied(causesOf(refusals), explainAll(refusals));

/** A request that is refused for now, with the sentence that the caller reads. Clients send it again by themselves. */
export class TooManyRequests extends Denied {
  override name = 'TooManyRequests';
}

/** Changes to the object; null takes an annotation off. */
export interface Mutation {
  readonly annotations: Readonly<Record<string, string | null>>;
  readonly addFinalizer?: string;
  /** What is kept of `spec.intent`. */
  readonly intent?: unknown;
  /** What the caller has to know, although the request is admitted. */
  readonly warnings?: readonly string[];
}

/** The answer to the API server. */
export function allowed(request: AdmissionRequest, mutation: Mutation | undefined, warnings: readonly string[] = []): object {
  const patch = mutation && request.object ? toPatch(request.object, mutation) : [];
  const patched =
    patch.length > 0 ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') } : {};
  return review({ uid: request.uid, allowed: true, ...patched, ...(warnings.length > 0 ? { warnings } : {}) });
}

/**
 * The answer that refuses: in words for a person, and as `details.causes` for programs. The API server passes the details on as they are,
 * so they name the object as well: it would fill in the name itself only if the answer had no details.
 */
export function denied({ uid, resource, name }: AdmissionRequest, refused: Denied): object {
  const message = `sentinel: ${refused.message}`;
  const object = { group: resource.group, kind: resource.resource, ...(name === '' ? {} : { name }) };
  const details = { ...object, causes: refused.causes };
  const status =
    refused instanceof TooManyRequests
      ? { code: 429, reason: 'TooManyRequests', message, details: { ...details, retryAfterSeconds: 2 } }
      : { code: 403, reason: 'Forbidden', message, details };
  return review({ uid, allowed: false, status });
}

const review = (response: object) => ({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });

function toPatch(object: AdmittedObject, mutation: Mutation): object[] {
  const patch: object[] = [];
  const present = object.metadata.annotations ?? {};
  const next: Record<string, string> = { ...present };
  for (const [key, value] of Object.entries(mutation.annotations)) {
    if (value === null) delete next[key];
    else next[key] = value;
  }
  if (JSON.stringify(next) !== JSON.stringify(present)) patch.push({ op: 'add', path: '/metadata/annotations', value: next });
  const finalizers = object.metadata.finalizers ?? [];
  if (mutation.addFinalizer && !finalizers.includes(mutation.addFinalizer)) {
    patch.push({ op: 'add', path: '/metadata/finalizers', value: [...finalizers, mutation.addFinalizer] });
  }
  if (mutation.intent !== undefined) patch.push({ op: 'replace', path: '/spec/intent', value: mutation.intent });
  return patch;
}
