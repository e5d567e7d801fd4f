import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admin } from '../lib/cluster.ts';
import { makeTenant, messageOf } from '../lib/tenant.ts';

// Takes the sink of the audit trail away from the operator, so nothing else may run beside it.

const OPERATOR = ['deployment/sentinel-operator', '-n', 'sentinel-system'];
const setSink = async (endpoint: string) => {
  await admin.kubectl(['set', 'env', ...OPERATOR, `SENTINEL_OTLP_ENDPOINT=${endpoint}`]);
  await admin.kubectl(['rollout', 'status', ...OPERATOR, '--timeout=90s']);
};

describe('Without a sink for the audit trail', () => {
  it('nothing starts where policy asks for one, and it starts by itself when there is one', async () => {
    const tenant = await makeTenant('without-sink');
    await tenant.deploy('web');
    await tenant.setPolicy({ audit: { requireSink: true } });
    const endpoint = await admin.kubectl([
      'get',
      ...OPERATOR,
      '-o',
      'jsonpath={.spec.template.spec.containers[0].env[?(@.name=="SENTINEL_OTLP_ENDPOINT")].value}',
    ]);
    assert.notEqual(endpoint, '');
    await setSink('');
    try {
      const name = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
      const first = await tenant.until(name, ['AwaitingApproval']);
      assert.equal((await tenant.decide(tenant.approver, first.metadata.name, 'approve')).code, 0);
      const held = await tenant.until(name, ['Starting', 'Running', 'Succeeded']);
      assert.match(messageOf(held), /no start without a sink for the audit trail: policy asks for one, and none is set/);
      await setSink(endpoint);
      await tenant.until(name, ['Succeeded'], 90);
    } finally {
      await setSink(endpoint);
    }
  });
});
