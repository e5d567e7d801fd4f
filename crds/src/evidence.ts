import { z } from 'zod';
import { GROUP } from './v1alpha1/kinds.ts';

/** The API by which evidence is read: an aggregated API, which the evidence store serves behind the API server. */
export const EVIDENCE_GROUP = `evidence.${GROUP}`;
export const EVIDENCE_VERSION = 'v1alpha1';

/** Audience of the token by which the operator authenticates to the evidence store. */
export const EVIDENCE_AUDIENCE = 'sentinel-evidence';

/** The detail of an audit record that names stored evidence by its digest; several are separated by commas. */
export const EVIDENCE_DETAIL = 'sentinel.evidence';
/** The detail of an audit record that says why evidence was not stored. */
export const EVIDENCE_MISSING_DETAIL = 'sentinel.evidence.missing';

const name = z.string().min(1).max(253);
const uid = z.string().min(1).max(128);

const EvidenceStep = z.strictObject({
  name,
  /** Left out while the step was not finished. */
  exitCode: z.int().optional(),
  /** What the step printed, as policy lets it be kept. Left out if policy keeps nothing of it, or if it could not be read. */
  log: z.string().optional(),
  /** Why the log, or its last lines, could not be read. */
  missing: z.string().min(1).max(256).optional(),
  /** Whether a part of the log is left out because it is too long; the log says where. */
  truncated: z.literal(true).optional(),
});
export type EvidenceStep = z.infer<typeof EvidenceStep>;

/** Which stages leave evidence. A rollback has no Job of its own; its evidence names the Job of the run that it rolls back. */
export const EvidenceStage = z.enum(['rehearsal', 'run', 'verification', 'rollback']);
export type EvidenceStage = z.infer<typeof EvidenceStage>;

/**
 * What one stage of an action leaves behind: the logs of its steps and its results. Secrets in it are masked as policy says before it
 * is sent. Its digest is that of its canonical form, and it holds no time, so that sending it again gives the same digest.
 */
export const Evidence = z.strictObject({
  action: z.strictObject({
    namespace: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
    /** Rights in the namespace with this uid are rights to read it. Without it, only rights in all namespaces are. */
    namespaceUid: uid.optional(),
    name,
    uid,
  }),
  stage: EvidenceStage,
  attempt: z.int().min(1),
  /** Uid of the Job. */
  job: uid,
  /** Digest of the plan that was run. */
  plan: z.string().optional(),
  /** Left out where the stage was stopped, because its outcome is read later. */
  outcome: z.string().optional(),
  message: z.string().optional(),
  /** What policy says about logs. */
  handling: z.enum(['Stored', 'Redacted', 'Hashed', 'Dropped']),
  steps: z.array(EvidenceStep).max(64),
  results: z
    .array(z.strictObject({ name, mediaType: z.string(), content: z.string(), truncated: z.boolean().optional() }))
    .max(64),
});
export type Evidence = z.infer<typeof Evidence>;

/** What the operator sends to the evidence store. */
export const EvidenceRequest = z.strictObject({
  evidence: Evidence,
  /** How long it is kept after the end of the action, in milliseconds. Left out: until somebody deletes it. */
  retainMs: z.int().min(0).optional(),
});
export type EvidenceRequest = z.infer<typeof EvidenceRequest>;

/** Evidence as the aggregated API answers it: the digest in `metadata.name` is that of the canonical form of `spec`. */
export interface EvidenceObject {
  readonly apiVersion: string;
  readonly kind: 'Evidence';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Evidence;
}

/** The path of evidence at the API server. */
export const evidencePath = (namespace: string, digest: string): string =>
  `/apis/${EVIDENCE_GROUP}/${EVIDENCE_VERSION}/namespaces/${namespace}/evidence/${digest}`;
