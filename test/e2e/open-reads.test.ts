import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, policyForAnyPlaybook } from '../lib/cluster.ts';
import { hold } from '../lib/hold.ts';
import { oneStep } from '../lib/one-step.ts';
import { makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// A step that opens a read and keeps it open. It was judged when it began; what policy forbids since is not read any more.

const LISTENS = 'it listens';
/** Says when the read has shown something, and ends when the read does. */
const opened = (name: string, read: string) =>
  oneStep(name, ['sh', '-c', `${read} > /tmp/seen & until [ -s /tmp/seen ]; do sleep 0.2; done; echo ${LISTENS}; wait; exit 0`], {
    profile: 'Observe',
  });
const playbooks = [
  opened('watches', 'kubectl get configmaps --watch -o name'),
  opened('follows', 'kubectl logs --follow talks'),
].join('');

interface Pod {
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
}

describe('A read that a step keeps open', { concurrency: 2 }, () => {
  let tenant: Tenant;
  before(async () => {
    tenant = await makeTenant('open-reads', { playbooks, policy: policyForAnyPlaybook() });
    await hold(tenant, 'held');
    const talks = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'talks', namespace: tenant.namespace },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'talks', image: tenant.image, command: ['sh', '-c', 'while true; do date; sleep 1; done'] }],
      },
    };
    await admin.apply(JSON.stringify(talks));
    await admin.kubectl(['wait', 'pod/talks', '-n', tenant.namespace, '--for=condition=Ready', '--timeout=60s']);
  });

  const listening = async (name: string) => {
    const { items } = await admin.get<{ items: Pod[] }>(['pods', '-n', 'sentinel-sandboxes']);
    const pod = items.find(({ metadata }) => metadata.annotations?.['sentinel.dev/action'] === `${tenant.namespace}/${name}`);
    const log = ['logs', pod?.metadata.name ?? '', '-n', 'sentinel-sandboxes', '-c', 'step-one'];
    return pod !== undefined && (await admin.tryKubectl(log)).stdout.includes(LISTENS);
  };

  it('ends when policy forbids it: a watch, and a log that is followed', async () => {
    const names = [await tenant.file('watches'), await tenant.file('follows')];
    for (const name of names) await eventually(`${name} listens`, () => listening(name));
    await tenant.setPolicy({
      kubernetes: [{ apiGroups: [''], resources: ['services'], verbs: ['get'], decision: 'Allow' }],
    });
    for (const name of names) {
      const done = await tenant.until(name, ['NoEffect', 'RehearsalFailed']);
      assert.equal(stateOf(done), 'NoEffect', messageOf(done));
    }
  });
});
