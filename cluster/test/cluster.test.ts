import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { clientKubeconfig, type Image, loadImage, paths, status, toolsImage, up } from '@sentinel/cluster';

const execute = promisify(execFile);
const namespace = `cluster-test-${process.pid}`;

async function kubectl(args: readonly string[], kubeconfig: string = paths.kubeconfig): Promise<string> {
  return (await execute(join(paths.bin, 'kubectl'), ['--kubeconfig', kubeconfig, ...args])).stdout.trim();
}

async function apply(...items: object[]): Promise<void> {
  const file = join(paths.state, `${namespace}.json`);
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await kubectl(['apply', '-f', file]);
}

const restricted = {
  automountServiceAccountToken: true,
  hostUsers: false,
  restartPolicy: 'Never',
  securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
};

function container(name: string, image: string, script: string) {
  return {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', script],
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    resources: { limits: { cpu: '500m', memory: '128Mi' } },
  };
}

suite('the embedded cluster', () => {
  let image: Image;

  before(async () => {
    await up();
    image = await toolsImage({ name: 'localhost/tools:dev' });
    await loadImage(image.archive);
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
  });

  after(() => kubectl(['delete', 'namespace', namespace, '--wait=false']));

  test('starting it again, also twice at once, leaves it as it is', async () => {
    const earlier = await status();
    const began = performance.now();
    await Promise.all([up(), up()]);
    assert.ok(performance.now() - began < 5000);
    assert.deepEqual(await status(), earlier);
  });

  test('a suspended Job is released under the restricted level, in a user namespace, and reaches the API', async () => {
    const inits = ['first', 'second', 'third'].map((name) => container(name, image.name, 'true'));
    const main = container('main', image.name, 'cat /proc/self/uid_map && kubectl version');
    const template = { spec: { ...restricted, initContainers: inits, containers: [main] } };
    await apply({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'job', namespace },
      spec: { suspend: true, backoffLimit: 0, template },
    });
    assert.equal(await kubectl(['get', 'pods', '-n', namespace, '-o', 'name']), '');
    await kubectl(['patch', 'job', 'job', '-n', namespace, '-p', '{"spec":{"suspend":false}}']);
    await kubectl(['wait', 'job/job', '-n', namespace, '--for=condition=complete', '--timeout=60s']);
    const log = await kubectl(['logs', 'job/job', '-n', namespace, '-c', 'main']);
    assert.match(log, /Server Version: v1\.36\.3/);
    const [, inside, outside] = /^\s*(\d+)\s+(\d+)/.exec(log) ?? [];
    assert.equal(inside, '0');
    assert.notEqual(outside, '0', 'the user namespace maps root to somebody else');
  });

  test('an image runs by its digest', async () => {
    const spec = { ...restricted, containers: [container('main', image.reference, 'echo hello')] };
    await apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'by-digest', namespace }, spec });
    await kubectl(['wait', 'pod/by-digest', '-n', namespace, '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s']);
    assert.equal(await kubectl(['logs', 'by-digest', '-n', namespace]), 'hello');
  });

  test('the same inputs give the same image', async () => {
    assert.deepEqual(await toolsImage({ name: 'localhost/tools:dev' }), image);
  });

  test('a pod that is not restricted is refused where that is enforced', async () => {
    const spec = { containers: [{ name: 'main', image: image.name }] };
    await assert.rejects(
      apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'refused', namespace }, spec }),
      /violates PodSecurity/,
    );
  });

  test('a person with a client certificate of the cluster is who it says', async () => {
    const kubeconfig = await clientKubeconfig({ user: 'ann@example.org', groups: ['sre', 'on/call'], name: 'ann' });
    const who = await kubectl(
      ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username} {.status.userInfo.groups}'],
      kubeconfig,
    );
    assert.equal(who, 'ann@example.org ["sre","on/call","system:authenticated"]');
    await assert.rejects(kubectl(['get', 'secrets', '-A'], kubeconfig), /forbidden/);
  });
});
