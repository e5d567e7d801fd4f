import { ApiError, isConflict, TransportError } from '@sentinel/kube';
import { guardCode } from '@sentinel/policy/reading';
import { type ExitCode, exitCodeOf } from '../exit-codes.ts';
import { visible } from '../terminal/visible.ts';
import { UsageError } from '../usage-error.ts';
import { type RuleNamed, remedyOfCode, rulesIn } from './remedies.ts';

export { type RuleNamed, remedyOfCode, rulesIn } from './remedies.ts';

/** Describes an error in one sentence, with what to do next; never a stack. Text from the API server is escaped like any other text. */
export function explain(error: unknown): string {
  if (error instanceof ApiError) return visible(ofServer(error));
  if (error instanceof TransportError) {
    const doubt = error.mayHaveHappened ? ' Whether the request took effect is not known: look before you try again.' : '';
    return visible(`the API server did not answer: ${error.message}.${doubt}`);
  }
  return visible(error instanceof Error ? error.message : String(error));
}

/**
 * The codes of an error: those that Sentinel's webhook answered with, that of the policy inside the API server which refused, or the one of
 * `kubectl sentinel` itself. At least one, safe to print.
 */
export function errorCodes(error: unknown): readonly string[] {
  const answered = error instanceof ApiError ? codesOfServer(error) : [];
  return answered.length > 0 ? answered : [ownCode(error)];
}

/** An error for programs, as `-o json` prints it. */
export interface ErrorReport {
  readonly kind: 'Error';
  /** The first of `codes`. */
  readonly code: string;
  readonly codes: readonly string[];
  readonly message: string;
  /** The rules that refused, with the policy that has each. */
  readonly rules?: readonly RuleNamed[];
  /** What to do next. */
  readonly remedy?: string;
  readonly exitCode: ExitCode;
}

/** An error as a program reads it. */
export function errorReport(error: unknown): ErrorReport {
  const codes = errorCodes(error);
  const [code = 'UnexpectedError'] = codes;
  const answered = error instanceof ApiError ? error : undefined;
  const rules = answered ? rulesOfServer(answered) : [];
  const remedy = remedyOfCode(code);
  return {
    kind: 'Error',
    code,
    codes,
    message: explain(error),
    ...(rules.length > 0 ? { rules } : {}),
    ...(remedy === undefined ? {} : { remedy }),
    exitCode: exitCodeOf(code, answered === undefined || codesOfServer(answered).length === 0),
  };
}

function rulesOfServer({ message, causes }: ApiError): readonly RuleNamed[] {
  const policy = POLICY.exec(message)?.[1];
  if (policy !== undefined)
    return [{ policy: `ValidatingAdmissionPolicy/${policy}`, rule: message.slice(message.indexOf('request: ') + 9) }];
  return BY_SENTINEL.test(message) ? rulesIn([message, ...causes.map((cause) => cause.message ?? '')].join(' ')) : [];
}

// Text of a webhook is text of others, and causes of the API server itself have reasons of Kubernetes.
function codesOfServer({ message, causes }: ApiError): string[] {
  if (BY_SENTINEL.test(message))
    return [...new Set(causes.flatMap(({ reason = '' }) => (/^[A-Za-z]{1,64}$/.test(reason) ? [reason] : [])))];
  return [guardCode(POLICY.exec(message)?.[1] ?? '') ?? []].flat();
}

function ownCode(error: unknown): UsageError['code'] {
  if (error instanceof UsageError) return error.code;
  if (error instanceof TransportError) return error.code === 'TIMEOUT' ? 'TimedOut' : 'ServerNotReached';
  if (!(error instanceof ApiError)) return 'UnexpectedError';
  if (error.status === 401) return 'NotAuthenticated';
  if (isConflict(error)) return 'ObjectChanged';
  if (error.status === 429 || error.status >= 500) return 'ServerBusy';
  if (isNotInstalled(error)) return 'SentinelNotInstalled';
  return error.status === 403 && !DENIED.test(error.message) && !POLICY.test(error.message) ? 'AccessDenied' : 'RequestRefused';
}

const BY_SENTINEL = /admission webhook "[^"]*" denied the request: sentinel: /;
const DENIED = /^admission webhook "[^"]*" denied the request: (sentinel: )?/;
const POLICY = /ValidatingAdmissionPolicy '([^']*)' with binding '[^']*' denied request: (?:sentinel: )?/;

function ofServer(error: ApiError): string {
  if (error.status === 401) return 'the API server did not accept your credentials: log in, or choose another --context';
  if (isConflict(error)) return `somebody else changed the object in the meantime; look at it again (${error.message})`;
  if (error.status === 429 || error.status >= 500)
    return `the API server cannot do it now (${error.message}); try again in a moment`;
  if (DENIED.test(error.message)) return `refused: ${error.message.replace(DENIED, '')}`;
  const policy = POLICY.exec(error.message);
  if (policy) return `refused by the policy ${policy[1]}: ${error.message.slice(policy.index + policy[0].length)}`;
  if (error.status === 403) return `forbidden: ${error.message}; ask your cluster admin for the right`;
  if (isNotInstalled(error))
    return 'the cluster does not know this kind: Sentinel is not installed there (helm install), or choose another --context';
  return error.message;
}

const isNotInstalled = ({ status, reason, message }: ApiError) =>
  status === 404 && reason === 'NotFound' && /could not find the requested resource/.test(message);
