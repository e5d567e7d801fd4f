import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forbidden, Refused, refuseClaim, TryAgain } from './refused.ts';

describe('What the gateway answers when it refuses a request', () => {
  const cases: [string, Refused, number, string, string][] = [
    ['has a reason of Kubernetes, and its code as a cause', forbidden('RunClosed', 'no'), 403, 'Forbidden', 'RunClosed'],
    ['can have a code of policy', forbidden('ApiRequestDenied', 'no'), 403, 'Forbidden', 'ApiRequestDenied'],
    ['follows its status', new Refused(415, 'MediaTypeNotSupported', 'no'), 415, 'UnsupportedMediaType', 'MediaTypeNotSupported'],
    ['can ask to try again', new TryAgain('GatewayDisconnected', 'no'), 503, 'ServiceUnavailable', 'GatewayDisconnected'],
    ['names the code as reason where a pod is not served', refuseClaim('JobAltered', 'no'), 403, 'JobAltered', 'JobAltered'],
  ];
  for (const [name, refused, code, reason, cause] of cases)
    it(name, () =>
      assert.deepEqual(refused.toStatus(), {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'sentinel: no',
        reason,
        details: { causes: [{ reason: cause, message: 'no' }] },
        code,
      }),
    );
});
