import type { ErrorCause } from '@sentinel/crds';
import type { EvidenceErrorCode } from './evidence-errors.ts';

/** The reasons of Kubernetes, by the status of the answer. */
const REASONS = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  413: 'RequestEntityTooLarge',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  507: 'InsufficientStorage',
} as const;

/** A request that the evidence store refuses, in the format of the API server: a Status. */
export class Refused extends Error {
  readonly status: keyof typeof REASONS;
  readonly code: EvidenceErrorCode;

  constructor(status: keyof typeof REASONS, code: EvidenceErrorCode, message: string) {
    super(message);
    this.name = 'Refused';
    this.status = status;
    this.code = code;
  }

  /** The body of the answer. */
  toStatus(): object {
    const cause: ErrorCause<EvidenceErrorCode> = { reason: this.code, message: this.message.slice(0, 512) };
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `sentinel: ${this.message}`,
      reason: REASONS[this.status],
      details: { causes: [cause] },
      code: this.status,
    };
  }
}
