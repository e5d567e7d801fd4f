import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aPlaybookSpec } from '../testing/playbook.fixture.ts';
import { parsePodSettings } from './pod-settings.ts';
import { type JobInput, sandboxJob } from './sandbox-job.ts';

const playbook = aPlaybookSpec({
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
  resources: { limits: { cpu: string; memory: string }; requests: { cpu: string; memory: string } };
  volumeMounts?: { name: string }[];
}

const job = (more: Partial<JobInput> = {}) =>
  sandboxJob({
    name: 'run-1',
    stage: 'run',
    action: { name: 'a', namespace: 'shop', uid: 'u' },
    sandbox: playbook.sandbox,
    steps: playbook.steps,
    seconds: 60,
    settings: { image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true },
    ...more,
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

describe('What a sandbox requests of CPU', () => {
  const settings = { image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true };
  const requested = (more: Partial<JobInput>) => {
    const { template } = job(more).spec as { template: { spec: { initContainers: Container[]; containers: Container[] } } };
    const all = [...template.spec.initContainers, ...template.spec.containers];
    return [...new Set(all.map(({ resources }) => resources.requests.cpu))];
  };

  it('is more for what people approved than for a rehearsal, and the same for each of its containers', () => {
    assert.deepEqual(requested({ stage: 'rehearsal' }), ['20m']);
    assert.deepEqual(requested({ stage: 'run' }), ['50m']);
    assert.deepEqual(requested({ stage: 'verification' }), ['50m']);
  });

  it('is what the admin sets', () => {
    const pods = parsePodSettings('{"cpuRequests":{"rehearsal":"7m"}}');
    assert.deepEqual(requested({ stage: 'rehearsal', settings: { ...settings, pods } }), ['7m']);
    assert.deepEqual(requested({ stage: 'run', settings: { ...settings, pods } }), ['50m']);
  });

  it('is no more than the limit of a step', () => {
    const sandbox = { ...playbook.sandbox, resources: { cpu: '30m', memory: '64Mi' } };
    assert.deepEqual(requested({ stage: 'run', sandbox }), ['50m', '30m']);
  });

  for (const cpu of ['1', '1000m', '0m', '0.1', 'lots'])
    it(`is refused where the API server would write it otherwise, or it is not an amount: ${cpu}`, () =>
      assert.throws(() => parsePodSettings(JSON.stringify({ cpuRequests: { run: cpu } })), /sandbox\.cpuRequests\.run/));
});
