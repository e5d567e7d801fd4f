import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UNHIDDEN } from '@sentinel/policy';
import { changesBetween } from './change.ts';
import { describeEffect } from './describe.ts';
import { request } from './request.fixture.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const SECRET = 'aHVudGVyMg==';

const secret = (data: Record<string, string>, annotations: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'shop', annotations },
  data,
});
const applied = (data: Record<string, string>) => secret(data, { [LAST_APPLIED]: JSON.stringify(secret(data)) });

describe('The content of a Secret, which who decides need not be able to read', () => {
  const rows: Readonly<Record<string, [verb: string, before: object, after: object]>> = {
    'that is created': ['create', {}, secret({ plain: SECRET })],
    'that is created with a long value': ['create', {}, secret({ plain: SECRET, long: SECRET.repeat(100) })],
    'that is created by kubectl apply': ['create', {}, applied({ plain: SECRET })],
    'that gets another value': ['patch', secret({ plain: 'MQ==' }), secret({ plain: SECRET })],
    'that loses a value': ['patch', secret({ plain: SECRET, other: 'MQ==' }), secret({ other: 'MQ==' })],
    'that is replaced by kubectl apply': ['patch', applied({ plain: 'MQ==' }), applied({ plain: SECRET })],
  };
  for (const [what, [verb, before, after]] of Object.entries(rows))
    it(`is in no plan, whatever the policy shows: of one ${what}`, () => {
      const changes = changesBetween(before, after);
      const { change = [] } = describeEffect(request({ verb, apiGroup: '', resource: 'secrets' }, { base: 'secrets' }), {
        ...{ name: 's', uid: 'u', changes, result: after },
        ...(verb === 'create' ? {} : { live: before }),
      });
      const said = JSON.stringify([change, change.map((one) => one[UNHIDDEN])]);
      assert.doesNotMatch(said, new RegExp(SECRET));
      assert.match(said, /plain/);
    });
});
