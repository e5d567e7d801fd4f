import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin } from '../lib/cluster.ts';
import { approve, rehearsed } from '../lib/runs.ts';
import { makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// Stops the evidence store. While it does not answer, no namespace of the cluster is deleted, so nothing else may run beside it.

const STORE = ['deployment/sentinel-evidence', '-n', 'sentinel-system'];
const scale = async (replicas: number) => {
  await admin.kubectl(['scale', ...STORE, `--replicas=${replicas}`]);
  await admin.kubectl(['rollout', 'status', ...STORE, '--timeout=90s']);
};

describe('Where policy requires evidence', { concurrency: false }, () => {
  let tenant: Tenant;
  before(async () => {
    tenant = await makeTenant('without-evidence');
    await tenant.deploy('web');
    await tenant.setPolicy({ evidence: { required: true } });
  });
  after(async () => {
    await scale(1);
    await admin.kubectl(['wait', '--for=condition=Available', 'apiservice/v1alpha1.evidence.sentinel.dev', '--timeout=90s']);
  });

  it('nothing starts while the evidence store does not answer, and it starts by itself when it does', async () => {
    const name = await rehearsed(tenant, 'set-image', { deployment: 'web', container: 'web', image: tenant.image });
    await scale(0);
    // A pod that ends goes on answering for some seconds.
    const pods = ['pod', '-l', 'app.kubernetes.io/component=evidence', '-n', 'sentinel-system'];
    await admin.kubectl(['wait', '--for=delete', ...pods, '--timeout=60s']);
    await approve(tenant, name);
    const held = await tenant.until(name, ['Starting', 'Running', 'Succeeded']);
    assert.match(messageOf(held), /no start while evidence cannot be stored, which policy requires: /);
    await scale(1);
    await tenant.until(name, ['Succeeded']);
  });
});
