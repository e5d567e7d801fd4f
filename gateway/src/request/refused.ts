import { RefusedRequest } from '@sentinel/kube';
import type { PolicyErrorCode } from '@sentinel/policy';
import type { GatewayErrorCode } from './gateway-errors.ts';

type RefusedCode = GatewayErrorCode | PolicyErrorCode;

/** A request that the gateway refuses itself, with a message for the agent. The reason is the code where a pod is not served. */
export class Refused extends RefusedRequest<RefusedCode> {}

/** Nothing was done, and the same request may succeed in a moment, maybe with another replica. The response tells clients to retry. */
export class TryAgain extends Refused {
  constructor(code: GatewayErrorCode, message: string) {
    super(503, code, message);
  }
}

/** Why a pod is not served. The reason of the Status that it gets, and what the action's status says. */
export type ClaimCode = Extract<
  RefusedCode,
  | 'JobAltered'
  | 'PodAltered'
  | 'NotAdmitted'
  | 'NotApproved'
  | 'PlanNotRecorded'
  | 'AccountNotAllowed'
  | 'AlreadyRun'
  | 'RollbackSourceNotFound'
  | 'RollbackSourceNotEnded'
  | 'RollbackSourceNotRun'
  | 'RollbackSourceIncomplete'
  | 'RollbackAlreadyDone'
  | 'RollbackInProgress'
  | 'RollbackAccountDiffers'
>;

/** A claim that is refused, for a reason that people find in the status of the action. */
export const refuseClaim = (code: ClaimCode, message: string) => new Refused(403, code, message, code);

export const forbidden = (code: RefusedCode, message: string) => new Refused(403, code, message);
export const badRequest = (code: RefusedCode, message: string) => new Refused(400, code, message);
