import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, policyForAnyWrite } from '../lib/cluster.ts';
import { idle } from '../lib/image-only.ts';
import { oneStep } from '../lib/one-step.ts';
import { carriedOut, rehearsed } from '../lib/runs.ts';
import { makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// What kubectl writes is rehearsed and done as it was planned.

const step = (name: string, script: string) => oneStep(name, ['sh', '-ec', script]);

const read = async (tenant: Tenant, kind: string, name: string, path: string) =>
  await admin.kubectl(['get', kind, name, '-n', tenant.namespace, '-o', `jsonpath={${path}}`]);

describe('The verbs of kubectl', { concurrency: true }, () => {
  let tenant: Tenant;
  const applied = (name: string) =>
    `kubectl apply -f - <<END\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {a: applied}\nEND\n`;
  const verbs: Readonly<Record<string, { script: string; kind: string; path: string; after: RegExp }>> = {
    'v-apply-new': { script: applied('v-apply-new'), kind: 'configmap', path: '.data.a', after: /^applied$/ },
    'v-apply-old': { script: applied('v-apply-old'), kind: 'configmap', path: '.data.a', after: /^applied$/ },
    'v-apply-server': {
      script: applied('v-apply-server').replace('apply', 'apply --server-side'),
      kind: 'configmap',
      path: '.data.a',
      after: /^applied$/,
    },
    'v-patch': {
      script: `kubectl get deployment v-patch >/dev/null; kubectl patch deployment v-patch --type=json -p '[{"op":"add","path":"/spec/minReadySeconds","value":7}]'`,
      kind: 'deployment',
      path: '.spec.minReadySeconds',
      after: /^7$/,
    },
    'v-set': {
      script: 'kubectl set env deployment/v-set A=b',
      kind: 'deployment',
      path: '.spec.template.spec.containers[0].env[0].value',
      after: /^b$/,
    },
    'v-scale': {
      script: 'kubectl scale deployment v-scale --replicas=1',
      kind: 'deployment',
      path: '.spec.replicas',
      after: /^1$/,
    },
    'v-label': {
      script: 'kubectl label deployment v-label a=b; kubectl annotate deployment v-label c=d',
      kind: 'deployment',
      path: '.metadata',
      after: /"c":"d".*"a":"b"/,
    },
    'v-restart': {
      script: 'kubectl rollout restart deployment/v-restart',
      kind: 'deployment',
      path: '.spec.template.metadata.annotations',
      after: /restartedAt/,
    },
  };

  before(async () => {
    const playbooks = Object.entries(verbs).map(([name, { script }]) => step(name, script));
    tenant = await makeTenant('gw-verbs', {
      policy: policyForAnyWrite({ resources: ['*', 'deployments/scale'] }),
      playbooks: playbooks.join('') + step('v-delete', 'kubectl delete deployment v-delete'),
    });
    const old = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'v-apply-old', namespace: tenant.namespace },
      data: { a: 'old' },
    };
    const names = [...Object.keys(verbs), 'v-delete'].filter((name) => !name.startsWith('v-apply'));
    await admin.apply(
      [JSON.stringify(old), ...names.map((name) => JSON.stringify(idle(name, tenant.namespace, tenant.image)))].join('\n---\n'),
    );
  });

  for (const [playbook, { kind, path, after }] of Object.entries(verbs)) {
    it(`${playbook.slice(2)} is rehearsed, then done as planned`, async () => {
      const earlier = await admin.tryKubectl(['get', kind, playbook, '-n', tenant.namespace, '-o', `jsonpath={${path}}`]);
      const name = await rehearsed(tenant, playbook);
      const still = await admin.tryKubectl(['get', kind, playbook, '-n', tenant.namespace, '-o', `jsonpath={${path}}`]);
      assert.equal(still.stdout, earlier.stdout);
      const action = await carriedOut(tenant, name);
      assert.equal(stateOf(action), 'Succeeded', messageOf(action));
      assert.match(await read(tenant, kind, playbook, path), after);
    });
  }

  it('delete is rehearsed, then done as planned', async () => {
    const name = await rehearsed(tenant, 'v-delete');
    assert.equal((await admin.tryKubectl(['get', 'deployment', 'v-delete', '-n', tenant.namespace])).code, 0);
    const action = await carriedOut(tenant, name);
    assert.equal(stateOf(action), 'Succeeded', messageOf(action));
    assert.equal((await admin.tryKubectl(['get', 'deployment', 'v-delete', '-n', tenant.namespace])).code, 1);
  });
});
