/** A request that the gateway answers itself, in the words of the API server: a Status with a message for the agent. */
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

export const forbidden = (message: string) => new Refused(403, 'Forbidden', message);
export const badRequest = (message: string) => new Refused(400, 'BadRequest', message);
