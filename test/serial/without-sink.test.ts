import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admin, eventually } from '../lib/cluster.ts';
import { exportedLogs, receivedLogs } from '../lib/telemetry.ts';
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
      const before = (await tenant.action(name)).status?.outbox;
      assert.ok((before?.sequence ?? 0) >= 4);
      await setSink(endpoint);
      const done = await tenant.until(name, ['Succeeded'], 90);
      // What Events were told of counts for nothing: the sink got the trail from its beginning before anything started.
      const { uid } = done.metadata;
      await eventually('the whole trail in the sink', async () => exportedLogs(uid).includes('"sentinel.Ended"'));
      const sent = new Set(
        receivedLogs().flatMap(({ attributes }) =>
          attributes['sentinel.action.uid'] === uid ? [attributes['sentinel.record.sequence']] : [],
        ),
      );
      for (let sequence = 1; sequence <= (done.status?.outbox?.sequence ?? 0); sequence++)
        assert.ok(sent.has(String(sequence)), `record ${sequence}`);
    } finally {
      await setSink(endpoint);
    }
  });
});
