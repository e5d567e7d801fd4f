import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlaybookSpec } from '@sentinel/crds';
import { differences } from './compare.ts';
import { sandboxJob } from './job.ts';

const playbook = PlaybookSpec.parse({
  category: 'Other',
  description: 'x',
  account: 'a',
  sandbox: { image: 'tools' },
  steps: [
    {
      name: 'one',
      command: ['sh', '-c', 'echo $HOME $(KUBERNETES_SERVICE_HOST)'],
      env: [
        { name: 'KUBERNETES_SERVICE_HOST', value: '10.96.0.1' },
        { name: 'OWN', value: '$(HOME)' },
        { name: 'EMPTY', value: '' },
      ],
    },
  ],
});

interface Container {
  name: string;
  command?: string[];
  env?: { name: string; value: string }[];
  securityContext: { readOnlyRootFilesystem: boolean; allowPrivilegeEscalation: boolean; capabilities: { drop: string[] } };
  resources: { limits: { cpu: string; memory: string } };
  volumeMounts?: { name: string }[];
}

const job = () =>
  sandboxJob({
    name: 'run-1',
    stage: 'run',
    action: { name: 'a', namespace: 'shop', uid: 'u' },
    sandbox: playbook.sandbox,
    steps: playbook.steps,
    seconds: 60,
    settings: { image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true },
  });
const spec = (
  job().spec as { template: { spec: Record<string, unknown> & { initContainers: Container[]; containers: Container[] } } }
).template.spec;
const containers = [...spec.initContainers, ...spec.containers];

describe('A sandbox', () => {
  it('has no token of the API server, no DNS, no service links, its own user namespace', () => {
    assert.equal(spec.automountServiceAccountToken, false);
    assert.equal(spec.enableServiceLinks, false);
    assert.equal(spec.dnsPolicy, 'None');
    assert.equal(spec.hostUsers, false);
    assert.match(JSON.stringify(spec.volumes), /"audience":"sentinel-gateway"/);
    assert.doesNotMatch(JSON.stringify(spec), /hostPath|hostNetwork|privileged|secretKeyRef|secretName/);
  });

  it('locks every container, and limits it', () => {
    for (const { name, securityContext, resources } of containers) {
      assert.deepEqual(
        [
          name,
          securityContext.readOnlyRootFilesystem,
          securityContext.allowPrivilegeEscalation,
          securityContext.capabilities.drop,
        ],
        [name, true, false, ['ALL']],
      );
      assert.ok(resources.limits.cpu && resources.limits.memory);
    }
  });

  it('begins with the gate, which has no token, and ends with the end', () => {
    assert.deepEqual(
      containers.map(({ name }) => name),
      ['gate', 'step-one', 'end'],
    );
    assert.equal(containers[0]?.volumeMounts, undefined);
  });

  it('starts suspended, once, and is not tried again', () => {
    assert.partialDeepStrictEqual(job().spec, {
      suspend: true,
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      podReplacementPolicy: 'Failed',
      activeDeadlineSeconds: 60,
    });
  });

  it('hands commands and variables on as they are: the kubelet expands nothing', () => {
    const step = containers[1];
    assert.deepEqual(step?.command, ['sh', '-c', 'echo $$HOME $$(KUBERNETES_SERVICE_HOST)']);
    assert.equal(step?.env?.find(({ name }) => name === 'OWN')?.value, '$$(HOME)');
  });

  it('sends no empty value: the API server would leave it out of its answer', () => {
    assert.deepEqual(
      containers[1]?.env?.filter(({ name }) => name === 'EMPTY'),
      [{ name: 'EMPTY' }],
    );
  });

  it('leads to the gateway, whatever a Playbook says', () => {
    assert.deepEqual(
      containers[1]?.env?.filter(({ name }) => name === 'KUBERNETES_SERVICE_HOST'),
      [{ name: 'KUBERNETES_SERVICE_HOST', value: 'sentinel-gateway' }],
    );
  });
});

describe('The answer to a Job', () => {
  const altered: Record<string, (template: { metadata: { labels: Record<string, string> }; spec: typeof spec }) => void> = {
    'a container more': ({ spec: pod }) => pod.containers.push({ ...(pod.containers[0] as Container), name: 'sidecar' }),
    'a volume more': ({ spec: pod }) => (pod.volumes as object[]).push({ name: 'x', hostPath: { path: '/' } }),
    'a variable more': ({ spec: pod }) => pod.initContainers[1]?.env?.push({ name: 'LD_PRELOAD', value: '/tmp/x.so' }),
    'another image': ({ spec: pod }) => Object.assign(pod.initContainers[1] as object, { image: 'evil' }),
    'a label more': ({ metadata }) => Object.assign(metadata.labels, { 'app.kubernetes.io/component': 'gateway', extra: 'x' }),
    'another account': ({ spec: pod }) => Object.assign(pod, { serviceAccountName: 'admin' }),
    'the host network': ({ spec: pod }) => Object.assign(pod, { hostNetwork: true }),
  };
  for (const [name, alter] of Object.entries(altered)) {
    it(`differs with ${name}`, () => {
      const answer = structuredClone(job());
      alter((answer.spec as { template: Parameters<typeof alter>[0] }).template);
      assert.notDeepEqual(differences({ spec: job().spec }, { spec: answer.spec }), []);
    });
  }

  it('does not differ by what the API server fills in', () => {
    const answer = structuredClone(job());
    Object.assign(answer.spec as object, { completionMode: 'NonIndexed', selector: { matchLabels: {} }, manualSelector: false });
    assert.deepEqual(differences({ spec: job().spec }, { spec: answer.spec }), []);
  });
});
