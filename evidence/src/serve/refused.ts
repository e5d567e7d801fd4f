import { RefusedRequest } from '@sentinel/kube';
import type { EvidenceErrorCode } from './evidence-errors.ts';

/** A request that the evidence store refuses. */
export class Refused extends RefusedRequest<EvidenceErrorCode> {}
