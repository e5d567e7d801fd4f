import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin, eventually } from '../lib/cluster.ts';
import { replaced } from '../lib/programs.ts';
import { exportedLogs, receivedLogs } from '../lib/telemetry.ts';
import { makeTenant, messageOf } from '../lib/tenant.ts';

// Takes the sink of the audit trail away from the operator, so nothing else may run beside it.

const OPERATOR = ['deployment/sentinel-operator', '-n', 'sentinel-system'];
const sinkOf = () =>
  admin.kubectl([
    'get',
    ...OPERATOR,
    '-o',
    'jsonpath={.spec.template.spec.containers[0].env[?(@.name=="SENTINEL_OTLP_ENDPOINT")].value}',
  ]);
const setSink = async (endpoint: string) => {
  await admin.kubectl(['set', 'env', ...OPERATOR, `SENTINEL_OTLP_ENDPOINT=${endpoint}`]);
  await replaced('operator');
};

describe('Without a sink for the audit trail', { concurrency: false }, () => {
  let endpoint: string;

  before(async () => {
    endpoint = await sinkOf();
    assert.notEqual(endpoint, '');
    await setSink('');
  });
  after(() => setSink(endpoint));

  it('who deletes an action is warned that its audit trail is deleted with it', async () => {
    const tenant = await makeTenant('without-sink-delete');
    const name = await tenant.file('health-check');
    await tenant.until(name, ['NoEffect']);
    await eventually('no finalizer', async () => ((await tenant.action(name)).metadata.finalizers ?? []).length === 0);
    const { code, stderr } = await admin.tryKubectl(['delete', 'agentaction', name, '-n', tenant.namespace]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Warning: sentinel: the audit trail of 'health-check-\d+' \(\d+ records\) is in no sink/);
  });

  // The last one: it puts the sink back.
  it('nothing starts where policy asks for one, and it starts by itself when there is one', async () => {
    const tenant = await makeTenant('without-sink');
    await tenant.deploy('web');
    await tenant.setPolicy({ audit: { requireSink: true } });
    const name = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    const first = await tenant.until(name, ['AwaitingApproval']);
    assert.equal((await tenant.decide(tenant.approver, first.metadata.name, 'approve')).code, 0);
    const held = await tenant.until(name, ['Starting', 'Running', 'Succeeded']);
    assert.match(messageOf(held), /no start without a sink for the audit trail: policy asks for one, and none is set/);
    const before = (await tenant.action(name)).status?.outbox;
    assert.ok((before?.sequence ?? 0) >= 4);
    await setSink(endpoint);
    const done = await tenant.until(name, ['Succeeded']);
    // Records that were only written as Events do not count: the sink got the trail from its beginning before anything started.
    const { uid } = done.metadata;
    await eventually('the whole trail in the sink', async () => exportedLogs(uid).includes('"sentinel.Ended"'));
    const sent = new Set(
      receivedLogs().flatMap(({ attributes }) =>
        attributes['sentinel.action.uid'] === uid ? [attributes['sentinel.record.sequence']] : [],
      ),
    );
    for (let sequence = 1; sequence <= (done.status?.outbox?.sequence ?? 0); sequence++)
      assert.ok(sent.has(String(sequence)), `record ${sequence}`);
  });
});

describe('While the sink does not answer', () => {
  it('the deletion of an action waits for it, and says so; then the trail is whole', async () => {
    const tenant = await makeTenant('dead-sink');
    const endpoint = await sinkOf();
    await setSink('http://127.0.0.1:1');
    let uid: string;
    try {
      const name = await tenant.file('health-check');
      ({ uid } = (await tenant.until(name, ['NoEffect'])).metadata);
      const { stderr } = await admin.tryKubectl(['delete', 'agentaction', name, '-n', tenant.namespace, '--wait=false']);
      assert.match(
        stderr,
        /Warning: sentinel: the sink has not acknowledged records 1 to \d+ .*; the deletion waits for it, at most 10 minutes/,
      );
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      assert.equal((await tenant.action(name)).metadata.finalizers?.length, 1);
      await setSink(endpoint);
      await eventually('an action that is gone', async () => {
        const { code } = await admin.tryKubectl(['get', 'agentaction', name, '-n', tenant.namespace]);
        return code === 1;
      });
    } finally {
      await setSink(endpoint);
    }
    assert.ok(exportedLogs(uid).includes('"sentinel.Ended"'));
    await eventually('who deleted it', async () =>
      receivedLogs().some(
        ({ attributes }) => attributes['sentinel.transition'] === 'ActionDeleted' && attributes['sentinel.object.uid'] === uid,
      ),
    );
  });
});
