import { z } from 'zod';

/** Who makes the request, as the API server authenticated them. */
const UserInfo = z.object({
  username: z.string(),
  uid: z.string().default(''),
  groups: z.array(z.string()).default([]),
  extra: z.record(z.string(), z.array(z.string())).default({}),
});
export type UserInfo = z.infer<typeof UserInfo>;

const Metadata = z.looseObject({
  name: z.string().optional(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
  deletionTimestamp: z.string().optional(),
});

const AdmittedObject = z.looseObject({ metadata: Metadata, spec: z.unknown().optional(), status: z.unknown().optional() });
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
}

/** Changes to the object; null takes an annotation off. */
export interface Mutation {
  readonly annotations: Readonly<Record<string, string | null>>;
  readonly addFinalizer?: string;
  /** What is kept of `spec.intent`. */
  readonly intent?: unknown;
}

/** The answer to the API server. */
export function allowed(request: AdmissionRequest, mutation: Mutation | undefined, warnings: readonly string[] = []): object {
  const patch = mutation && request.object ? toPatch(request.object, mutation) : [];
  const patched =
    patch.length > 0 ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') } : {};
  return review({ uid: request.uid, allowed: true, ...patched, ...(warnings.length > 0 ? { warnings } : {}) });
}

/** The answer that refuses, in words for a person. */
export function denied(uid: string, message: string): object {
  return review({ uid, allowed: false, status: { code: 403, reason: 'Forbidden', message } });
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
