import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { remedyOf } from '@sentinel/policy';
import { AdmissionReview, Denied, denied, deniedByPolicy, TooManyRequests } from './review.ts';

const { request } = AdmissionReview.parse({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: '1',
    resource: { group: 'sentinel.dev', resource: 'agentactions' },
    operation: 'CREATE',
    namespace: 'shop',
    name: 'restart',
    userInfo: { username: 'ada' },
  },
});

const statusOf = (refused: Denied) =>
  (denied(request, refused) as { response: { status: Record<string, unknown> } }).response.status;

const object = { group: 'sentinel.dev', kind: 'agentactions', name: 'restart' };

describe('A refusal of the webhook', () => {
  it('names its code in the details, which the API server passes on, and the object as the API server would', () => {
    assert.deepEqual(statusOf(new Denied('DecisionTooLate', 'it is too late')), {
      code: 403,
      reason: 'Forbidden',
      message: 'sentinel: it is too late',
      details: { ...object, causes: [{ reason: 'DecisionTooLate', message: 'it is too late' }] },
    });
  });

  it('tells clients to send the request again where it is refused for now', () => {
    assert.deepEqual(statusOf(new TooManyRequests('EditLimitExceeded', 'edited too often')), {
      code: 429,
      reason: 'TooManyRequests',
      message: 'sentinel: edited too often',
      details: { ...object, causes: [{ reason: 'EditLimitExceeded', message: 'edited too often' }], retryAfterSeconds: 2 },
    });
  });

  it('has a cause for each reason of policy', () => {
    const refusal = {
      policy: 'AgentPolicy/p',
      rule: 'modes',
      message: "mode 'Apply' is not allowed",
    };
    const more = { ...refusal, code: 'CommandDenied' as const, rule: 'commands[0]' };
    const { message, details } = statusOf(deniedByPolicy([{ ...refusal, code: 'ModeNotAllowed' }, more])) as {
      message: string;
      details: { causes: { reason: string; message: string }[] };
    };
    assert.deepEqual(
      details.causes.map(({ reason }) => reason),
      ['ModeNotAllowed', 'CommandDenied'],
    );
    assert.equal(details.causes[0]?.message, `mode 'Apply' is not allowed (AgentPolicy/p: modes). ${remedyOf('ModeNotAllowed')}`);
    assert.equal(message, `sentinel: ${details.causes.map((one) => one.message).join(' ')}`);
  });

  it('leaves the name out where the API server is to generate it', () => {
    const answer = denied({ ...request, name: '' }, new Denied('CheckFailed', 'x')) as {
      response: { status: { details: object } };
    };
    assert.ok(!('name' in answer.response.status.details));
  });
});
