import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, TransportError } from '@sentinel/kube';
import { explain } from './explain.ts';

const api = (status: number, reason: string, message: string) => new ApiError({ status, reason, message });

const cases: readonly [name: string, error: unknown, expected: RegExp][] = [
  ['a login that is missing', api(401, 'Unauthorized', 'Unauthorized'), /did not accept your credentials: log in/],
  ['a right that is missing', api(403, 'Forbidden', 'User "vic" cannot patch'), /^you may not: .*; ask your cluster admin/],
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

describe('explain', () => {
  for (const [name, error, expected] of cases) it(`reports ${name}`, () => assert.match(explain(error), expected));
});
