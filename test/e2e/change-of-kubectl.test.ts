import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { persistedDifferences } from '@sentinel/gateway/testing';
import { LAST_APPLIED } from '@sentinel/policy';
import { admin } from '../lib/cluster.ts';
import { MiniGateway, observed, sent, understood } from '../lib/mini-gateway.ts';
import {
  configMap,
  core,
  deployment,
  makeNamespace,
  namespace,
  nodePort,
  removeNamespace,
  service,
  texts,
} from '../lib/worlds/plain-namespace.ts';

// The writes of kubectl are rehearsed and done the same way. Sentinel itself is not needed here.

before(makeNamespace);
after(removeNamespace);

describe('A command of kubectl', { concurrency: false }, () => {
  const gateway = new MiniGateway();
  let server = '';
  before(async () => {
    server = await gateway.listen();
    await admin.apply(texts(deployment('web'), service('plain'), configMap('old'), configMap('put')));
  });
  after(() => gateway.close());

  const stdin = (...objects: object[]) => texts(...objects);
  const commands: Readonly<Record<string, { args: readonly string[]; input?: string; writes?: number }>> = {
    'rollout restart': { args: ['rollout', 'restart', 'deployment/web'] },
    'rollout restart again': { args: ['rollout', 'restart', 'deployment/web'] },
    'set image': { args: ['set', 'image', 'deployment/web', 'side=registry.example.com/side:2'] },
    'set env': { args: ['set', 'env', 'deployment/web', 'A=b'] },
    scale: { args: ['scale', 'deployment/web', '--replicas=1'] },
    'patch of the scale': {
      args: ['patch', 'deployment/web', '--subresource=scale', '--type=merge', '-p', '{"spec":{"replicas":0}}'],
    },
    annotate: { args: ['annotate', 'deployment/web', 'a=b'] },
    label: { args: ['label', 'deployment/web', 'a=b'] },
    'patch of a list': {
      args: [
        'patch',
        'deployment/web',
        '--type=json',
        '-p',
        '[{"op":"replace","path":"/spec/template/spec/containers/1/image","value":"x"}]',
      ],
    },
    'patch that has a port assigned': { args: ['patch', 'service/plain', '--type=merge', '-p', '{"spec":{"type":"NodePort"}}'] },
    'patch back': { args: ['patch', 'service/plain', '--type=merge', '-p', '{"spec":{"type":"ClusterIP"}}'] },
    apply: { args: ['apply', '-f', '-'], input: stdin(configMap('old', { a: '2' })) },
    'apply again': { args: ['apply', '-f', '-'], input: stdin(configMap('old', { a: '3' })) },
    'apply of new ones': {
      args: ['apply', '-f', '-'],
      input: stdin(configMap('new'), service('made'), deployment('made')),
      writes: 3,
    },
    'apply on the server, of new ones': {
      args: ['apply', '--server-side', '-f', '-'],
      input: stdin(configMap('server'), service('server', { type: 'NodePort' })),
      writes: 2,
    },
    'apply on the server': { args: ['apply', '--server-side', '-f', '-'], input: stdin(configMap('server', { a: '2' })) },
    'apply on the server with force': {
      args: ['apply', '--server-side', '--force-conflicts', '--field-manager=other', '-f', '-'],
      input: stdin(configMap('server', { a: '3' })),
    },
    'apply on the server of what was applied otherwise': {
      args: ['apply', '--server-side', '--force-conflicts', '-f', '-'],
      input: stdin(configMap('old', { a: '4' })),
    },
    replace: { args: ['replace', '-f', '-'], input: stdin(configMap('put', { a: '2' })) },
    'create of a Service with a port': {
      args: ['create', '-f', '-'],
      input: stdin(
        service('explicit', {
          type: 'NodePort',
          ports: [
            { name: 'a', port: 80, nodePort },
            { name: 'b', port: 81 },
          ],
        }),
      ),
    },
    'create of a Deployment': { args: ['create', 'deployment', 'created', '--image=x', '--replicas=0'] },
    'create of a Job': { args: ['create', 'job', 'created', '--image=x', '--', 'true'] },
    'create of a CronJob': { args: ['create', 'cronjob', 'created', '--image=x', '--schedule=0 0 1 1 *'] },
    'run of a pod': { args: ['run', 'created', '--image=x'] },
    expose: { args: ['expose', 'deployment/web', '--port=80', '--name=exposed'] },
    delete: { args: ['delete', 'configmap', 'new', '--wait=false'] },
  };

  for (const [name, { args, input, writes = 1 }] of Object.entries(commands)) {
    it(`is rehearsed and done the same way: ${name}`, async () => {
      const kubectl = async (enforce: boolean) => {
        gateway.enforce = enforce;
        const all = ['--kubeconfig=/dev/null', '-s', server, '-n', namespace, ...args];
        const { code, stderr } = await admin.tryKubectl(all, input === undefined ? {} : { input });
        assert.equal(code, 0, stderr);
      };
      gateway.rehearsed.length = 0;
      gateway.shown.length = 0;
      gateway.faults.length = 0;
      gateway.done = 0;
      // Two restarts within one second are refused by kubectl.
      const pause = () => new Promise((resolve) => setTimeout(resolve, args.includes('restart') ? 1100 : 0));
      await pause();
      await kubectl(false);
      assert.equal(gateway.rehearsed.length, writes);
      // What kubectl keeps in an annotation is what was applied, whatever defaults the API server has set beside it.
      const copies = gateway.shown.flatMap(({ change = [] }) => change.filter(({ path }) => path.startsWith(LAST_APPLIED)));
      assert.deepEqual(copies, Array(copies.length).fill({ path: LAST_APPLIED, repeats: true }));
      if (args[0] === 'apply' && !args.includes('--server-side')) assert.equal(copies.length, writes);
      await pause();
      await kubectl(true);
      assert.deepEqual(gateway.faults, []);
      assert.deepEqual([gateway.done, gateway.rehearsed.length], [writes, 0]);
    });
  }

  it('that puts back a scale is sent with the identity of its object', async () => {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web/scale`;
    const read = JSON.parse(await admin.kubectl(['get', '--raw', path])) as object;
    const request = await understood('PUT', path, { ...read, spec: { replicas: 3 } });
    const found = await observed(request);
    assert.deepEqual(found.changes, [{ path: '/spec/replicas', before: undefined, after: 3 }]);
    const answer = await sent(request, found);
    assert.equal(answer.status, 200, answer.body.toString('utf8'));
    assert.deepEqual(persistedDifferences(request, found, JSON.parse(answer.body.toString('utf8'))), []);
  });

  it('that puts back an object as it was read is not refused for the owners of its fields', async () => {
    const read = await admin.get<{ data: Record<string, string> }>([
      'configmap',
      'put',
      '-n',
      namespace,
      '--show-managed-fields',
    ]);
    const request = await understood('PUT', `${core}/configmaps/put`, { ...read, data: { a: '9' } });
    assert.deepEqual((await observed(request)).changes, [{ path: '/data/a', before: '2', after: '9' }]);
  });

  it('that empties or forges the owners of fields is refused', async () => {
    for (const managedFields of [
      [],
      [{}],
      [{ manager: 'evil', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }],
    ])
      await assert.rejects(
        observed(
          await understood('PATCH', `${core}/configmaps/put`, { metadata: { managedFields } }, 'application/merge-patch+json'),
        ),
        /cannot be set/,
      );
  });
});
