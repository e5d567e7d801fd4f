import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, TransportError } from '@sentinel/kube';
import { UsageError } from '../usage-error.ts';
import { errorCodes, explain } from './index.ts';

const api = (status: number, reason: string, message: string) => new ApiError({ status, reason, message });

const cases: readonly [name: string, error: unknown, expected: RegExp][] = [
  ['a login that is missing', api(401, 'Unauthorized', 'Unauthorized'), /did not accept your credentials: log in/],
  ['a right that is missing', api(403, 'Forbidden', 'User "vic" cannot patch'), /^forbidden: .*; ask your cluster admin/],
  ['the webhook', api(403, 'Forbidden', 'admission webhook "a.b" denied the request: sentinel: no'), /^refused: no$/],
  [
    'a policy inside the API server',
    api(
      422,
      'Invalid',
      `agentactions "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: sentinel: no`,
    ),
    /^refused by the policy p: no$/,
  ],
  ['a conflict', api(409, 'Conflict', 'modified'), /somebody else changed the object/],
  ['a server that is busy', api(503, 'ServiceUnavailable', 'later'), /try again in a moment/],
  [
    'a write without an answer',
    new TransportError('reset', { code: 'ECONNRESET', mayHaveHappened: true }),
    /did not answer: reset\. Whether the request took effect is not known/,
  ],
  [
    'a server that does not exist',
    new TransportError('refused', { code: 'ECONNREFUSED', mayHaveHappened: false }),
    /did not answer: refused\.$/,
  ],
  ['text that would harm a terminal', new Error('a\u001b[2K\nerror: b'), /^a\\u001b\[2K\\u000aerror: b$/],
  ['something that is not an Error', 'odd', /^odd$/],
];

const WEBHOOK = 'admission webhook "actions.sentinel.dev" denied the request: ';
const caused = (message: string, ...reasons: string[]) =>
  new ApiError({ status: 403, reason: 'Forbidden', message, causes: reasons.map((reason) => ({ reason, message: 'x' })) });
const guarded = (name: string) =>
  api(
    422,
    'Invalid',
    `agentactions "x" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: no`,
  );

const coded: readonly [name: string, error: unknown, codes: readonly string[]][] = [
  [
    'the reasons that the webhook names',
    caused(`${WEBHOOK}sentinel: no`, 'ModeNotAllowed', 'CommandDenied'),
    ['ModeNotAllowed', 'CommandDenied'],
  ],
  ['each reason once', caused(`${WEBHOOK}sentinel: no`, 'CommandDenied', 'CommandDenied'), ['CommandDenied']],
  ['no cause that is not a code', caused(`${WEBHOOK}sentinel: no`, '\u001b[2K', 'a b'), ['RequestRefused']],
  ['nothing of a webhook of others', caused(`${WEBHOOK}no`, 'ModeNotAllowed'), ['RequestRefused']],
  ['the policy of the chart that refused', guarded('sentinel-actions'), ['ActionGuard']],
  ['no policy of others', guarded('others'), ['RequestRefused']],
  ['a flag', new UsageError('FlagInvalid', 'no'), ['FlagInvalid']],
  ['a login that is missing', api(401, 'Unauthorized', 'x'), ['NotAuthenticated']],
  ['a right that is missing', api(403, 'Forbidden', 'x'), ['AccessDenied']],
  ['a conflict', api(409, 'Conflict', 'modified'), ['ObjectChanged']],
  ['a server that is busy', api(503, 'ServiceUnavailable', 'later'), ['ServerBusy']],
  [
    'a chart that is not installed',
    api(404, 'NotFound', 'the server could not find the requested resource'),
    ['SentinelNotInstalled'],
  ],
  [
    'a server that cannot be reached',
    new TransportError('no', { code: 'ECONNREFUSED', mayHaveHappened: false }),
    ['ServerNotReached'],
  ],
  ['anything else', new Error('odd'), ['UnexpectedError']],
];

describe('The codes of an error', () => {
  for (const [name, error, codes] of coded) it(`are those of ${name}`, () => assert.deepEqual(errorCodes(error), codes));
});

describe('explain', () => {
  for (const [name, error, expected] of cases) it(`reports ${name}`, () => assert.match(explain(error), expected));
});
