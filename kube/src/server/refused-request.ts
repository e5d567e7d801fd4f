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
  507: 'InsufficientStorage',
} as const;

/** A status with which a program refuses a request. */
export type RefusedStatus = keyof typeof REASONS;

const CAUSE_LENGTH = 512;

/** A request that a program refuses, in the format of the API server: a Status, with a code of the catalogue of errors as its cause. */
export class RefusedRequest<Code extends string> extends Error {
  readonly status: RefusedStatus;
  /** The reason of the Status: one of Kubernetes, unless another one is given. */
  readonly reason: string;
  /** What kind of refusal it is, for programs. */
  readonly code: Code;

  constructor(status: RefusedStatus, code: Code, message: string, reason: string = REASONS[status]) {
    super(message);
    this.name = 'Refused';
    this.status = status;
    this.code = code;
    this.reason = reason;
  }

  /** The body of the answer. */
  toStatus(): object {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `sentinel: ${this.message}`,
      reason: this.reason,
      details: { causes: [{ reason: this.code, message: this.message.slice(0, CAUSE_LENGTH) }] },
      code: this.status,
    };
  }
}
