/** A request that the gateway refuses itself, in the format of the API server: a Status with a message for the agent. */
export class Refused extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'Refused';
    this.status = status;
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
      code: this.status,
    };
  }
}

/** Nothing was done, and the same request may succeed in a moment, maybe with another replica. The response tells clients to retry. */
export class TryAgain extends Refused {
  constructor(message: string) {
    super(503, 'ServiceUnavailable', message);
  }
}

/** Why a pod is not served. The reason of the Status that it gets, and what the action's status says. */
export type ClaimCode =
  | 'JobAltered'
  | 'PodAltered'
  | 'NotAdmitted'
  | 'NotApproved'
  | 'PlanNotRecorded'
  | 'AccountNotAllowed'
  | 'AlreadyRun';

/** A claim that is refused, for a reason that people find in the status of the action. */
export const refuseClaim = (code: ClaimCode, message: string) => new Refused(403, code, message);

export const forbidden = (message: string) => new Refused(403, 'Forbidden', message);
export const badRequest = (message: string) => new Refused(400, 'BadRequest', message);
