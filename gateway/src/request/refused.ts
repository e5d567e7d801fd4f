import type { ErrorCause } from '@sentinel/crds';
import type { PolicyErrorCode } from '@sentinel/policy';
import type { GatewayErrorCode } from './gateway-errors.ts';

/** The reasons of Kubernetes, by the status of the answer. */
const REASONS = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
} as const;

type RefusedCode = GatewayErrorCode | PolicyErrorCode;

const CAUSE_LENGTH = 512;

/** A request that the gateway refuses itself, in the format of the API server: a Status with a message for the agent. */
export class Refused extends Error {
  readonly status: keyof typeof REASONS;
  /** The reason of the Status: one of Kubernetes, or the code where a pod is not served. */
  readonly reason: string;
  /** What kind of refusal it is, for programs. */
  readonly code: RefusedCode;

  constructor(status: keyof typeof REASONS, code: RefusedCode, message: string, reason: string = REASONS[status]) {
    super(message);
    this.name = 'Refused';
    this.status = status;
    this.code = code;
    this.reason = reason;
  }

  /** The body of the answer. */
  toStatus(): object {
    const cause: ErrorCause<RefusedCode> = { reason: this.code, message: this.message.slice(0, CAUSE_LENGTH) };
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `sentinel: ${this.message}`,
      reason: this.reason,
      details: { causes: [cause] },
      code: this.status,
    };
  }
}

/** Nothing was done, and the same request may succeed in a moment, maybe with another replica. The response tells clients to retry. */
export class TryAgain extends Refused {
  constructor(code: GatewayErrorCode, message: string) {
    super(503, code, message);
  }
}

/** Why a pod is not served. The reason of the Status that it gets, and what the action's status says. */
export type ClaimCode = Extract<
  RefusedCode,
  'JobAltered' | 'PodAltered' | 'NotAdmitted' | 'NotApproved' | 'PlanNotRecorded' | 'AccountNotAllowed' | 'AlreadyRun'
>;

/** A claim that is refused, for a reason that people find in the status of the action. */
export const refuseClaim = (code: ClaimCode, message: string) => new Refused(403, code, message, code);

export const forbidden = (code: RefusedCode, message: string) => new Refused(403, code, message);
export const badRequest = (code: RefusedCode, message: string) => new Refused(400, code, message);
