import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import {
  changeDigest,
  describeEffect,
  type Example,
  examples as given,
  leavesOf,
  persistedDifferences,
  setAt,
  valueAt,
} from '@sentinel/gateway/testing';
import { LAST_APPLIED } from '@sentinel/policy';
import { admin, eventually } from '../lib/cluster.ts';
import { closeTransport, MiniGateway, observed, sent, understood } from '../lib/mini-gateway.ts';

// What the gateway takes for the change of a write, seen against the real API server. Sentinel itself is not needed here.

const suffix = randomBytes(3).toString('hex');
const namespace = `gw-change-${suffix}`;
const group = `gw-change-${suffix}.example.com`;
const APPLY = 'application/apply-patch+yaml';
const core = `/api/v1/namespaces/${namespace}`;

const examples = given.map((example): Example => {
  if (example.group !== 'change.example.com') return example;
  return { ...example, group, object: { ...example.object, apiVersion: `${group}/v1` } };
});

const crd = ({ resource, kind, hasStatus }: Example) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${resource}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: resource, singular: kind.toLowerCase(), kind },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        ...(hasStatus ? { subresources: { status: {} } } : {}),
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

const configMap = (name: string, data: object = { a: '1' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});
const deployment = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: ['web', 'side'].map((one) => ({ name: one, image: `registry.example.com/${one}:1` })) },
    },
  },
});
const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: {
    selector: { app: 'web' },
    ports: [
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ],
    ...spec,
  },
});
// Of the range of the cluster; a namespace of an earlier run may still hold another one.
const nodePort = 31_000 + Number.parseInt(suffix.slice(0, 2), 16);
const texts = (...objects: object[]) => objects.map((object) => JSON.stringify(object)).join('\n---\n');

before(async () => {
  await admin.apply(texts({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  const custom = examples.filter((example) => example.group === group);
  await admin.apply(texts(...custom.map(crd)));
  await eventually(
    'a default account',
    async () => (await admin.tryKubectl(['get', 'sa', 'default', '-n', namespace])).code === 0,
  );
  for (const { resource } of custom)
    await eventually(
      'a new kind',
      async () => (await admin.tryKubectl(['get', `${resource}.${group}`, '-n', namespace])).code === 0,
    );
});

after(async () => {
  await admin.tryKubectl(['delete', 'namespace', namespace, '--wait=false']);
  for (const example of examples.filter((one) => one.group === group))
    await admin.tryKubectl(['delete', 'crd', `${example.resource}.${group}`, '--wait=false']);
  await closeTransport();
});

describe('Each leaf that the API server takes from a request', { concurrency: false }, () => {
  // Other values for fields that do not take any text.
  const others: readonly (readonly [RegExp, readonly unknown[]])[] = [
    [/\/protocol$/, ['UDP']],
    [/\/imagePullPolicy$/, ['Always']],
    [/\/terminationMessagePolicy$/, ['FallbackToLogsOnError']],
    [/\/dnsPolicy$/, ['Default']],
    [/\/restartPolicy$/, ['Never']],
    [/\/(type|externalTrafficPolicy|internalTrafficPolicy|sessionAffinity)$/, ['NodePort', 'Cluster', 'Local', 'None']],
    [/\/ipFamilyPolicy$/, ['PreferDualStack']],
    [/\/nodePort$/, [nodePort + 300]],
    [/\/port$/, [8099]],
    [/clusterIPs?(\/0)?$/, ['10.96.77.78']],
    [/\/scheme$/, ['HTTPS']],
    [/\/operator$/, ['Exists', 'NotIn']],
    [/\/effect$/, ['NoSchedule']],
    [/\/whenUnsatisfiable$/, ['ScheduleAnyway']],
    [/IPs\/0$|\/ip$/, ['192.0.2.7']],
    [/loadBalancerSourceRanges\/0$/, ['198.51.100.0/24']],
    [/\/uid$/, ['11111111-2222-3333-4444-666666666666']],
    [/fieldPath$/, ['metadata.name']],
    [/\/(cpu|memory|sizeLimit)$/, ['3', '48Mi']],
    [/maxUnavailable$/, ['30%']],
    [/\/drop\/0$/, ['NET_RAW']],
    [/\/(add)\/0$/, ['SYS_TIME']],
    [/externalTrafficPolicy$/, ['Cluster']],
  ];
  const valuesFor = (path: string, value: unknown): unknown[] => {
    const more = others.filter(([pattern]) => pattern.test(path)).flatMap(([, values]) => values);
    if (typeof value === 'boolean') return [!value];
    return typeof value === 'number' ? [value + 1, ...more] : [`${value}x`, ...more];
  };

  for (const example of examples) {
    const title = `shows in plan and digest: ${example.kind} ${example.hasStatus ? 'with' : 'without'} a status subresource`;
    it(title, async (context) => {
      const root = example.group === '' ? '/api/v1' : `/apis/${example.group}/v1`;
      const look = async (object: object) => {
        const request = await understood('POST', `${root}/namespaces/${namespace}/${example.resource}`, object);
        const found = await observed(request);
        const { changeDigest: digest, ...shown } = describeEffect(request, found);
        return { digest, shown, result: found.result };
      };
      const base = await look(example.object);
      const missed: string[] = [];
      const refused: string[] = [];
      let taken = 0;
      for (const path of leavesOf(example.object)) {
        let isTaken = false;
        const original = valueAt(example.object, path);
        for (const value of valuesFor(path, original).filter((one) => one !== original)) {
          const object = structuredClone(example.object);
          setAt(object, path, value);
          const one = await look(object).catch(() => undefined);
          // What is not in the answer would not persist.
          if (!one || JSON.stringify(valueAt(one.result, path)) !== JSON.stringify(value)) continue;
          isTaken = true;
          const isHidden = (one.shown.change ?? []).some((field) => field.redacted && path.startsWith(field.path));
          const isShown =
            JSON.stringify(one.shown) !== JSON.stringify(base.shown) || (one.shown.hiddenChanges ?? 0) > 0 || isHidden;
          if (one.digest === base.digest || !isShown) missed.push(`${path} = ${JSON.stringify(value)}`);
        }
        if (isTaken) taken++;
        else refused.push(path);
      }
      assert.deepEqual(missed, []);
      context.diagnostic(`${taken} leaves taken; refused or dropped by the API server: ${refused.join(' ')}`);
      assert.ok(taken >= 15, `only ${taken} leaves were taken; refused: ${refused.join(' ')}`);
    });
  }
});

describe('A patch of the status by way of the object itself', { concurrency: false }, () => {
  for (const { resource, kind, hasStatus, object } of examples.filter((example) => example.group === group)) {
    const title = hasStatus ? 'changes nothing where the status is a subresource' : 'is a change where the status is none';
    it(title, async () => {
      const { metadata: _, ...rest } = object;
      const name = kind.toLowerCase();
      await admin.apply(texts({ ...rest, metadata: { name, namespace } }));
      const path = `/apis/${group}/v1/namespaces/${namespace}/${resource}/${name}`;
      const request = await understood('PATCH', path, { status: { phase: 'Broken' } }, 'application/merge-patch+json');
      const found = await observed(request);
      const wanted = hasStatus ? [] : [{ path: '/status/phase', before: 'Ready', after: 'Broken' }];
      assert.deepEqual(found.changes, wanted);
      const answer = await sent(request, found);
      assert.deepEqual(persistedDifferences(request, found, JSON.parse(answer.body.toString('utf8'))), []);
    });
  }
});

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

describe('Somebody who comes between', { concurrency: false }, () => {
  const apply = (name: string, data: object, query = '?fieldManager=agent&force=true') =>
    understood('PATCH', `${core}/configmaps/${name}${query}`, configMap(name, data), APPLY);

  it('and creates the object that an apply was to create, keeps it', async () => {
    const request = await apply('between', { a: 'agent' });
    const found = await observed(request);
    await admin.apply(texts(configMap('between', { a: 'somebody' })));
    assert.equal((await sent(request, found)).status, 409);
    assert.equal(await admin.kubectl(['get', 'configmap', 'between', '-n', namespace, '-o', 'jsonpath={.data.a}']), 'somebody');
  });

  it('and nobody else, and the apply creates it', async () => {
    const request = await apply('alone', { a: 'agent' });
    assert.equal((await sent(request, await observed(request))).status, 201);
  });

  it('and deletes the object that was to be changed, does not get it back', async () => {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/held`;
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'held', namespace } };
    for (const [method, query, type] of [
      ['PUT', '', 'application/json'],
      ['PATCH', '?fieldManager=agent&force=true', APPLY],
    ] as const) {
      await admin.apply(texts({ ...lease, spec: { holderIdentity: 'a' } }));
      const { metadata } = await admin.get<{ metadata: { resourceVersion: string } }>(['lease', 'held', '-n', namespace]);
      // An update of a Lease must name the version that it was read at.
      const { resourceVersion } = metadata;
      const body = { ...lease, metadata: { ...lease.metadata, resourceVersion }, spec: { holderIdentity: 'b' } };
      const request = await understood(method, path + query, body, type);
      const found = await observed(request);
      await admin.kubectl(['delete', 'lease', 'held', '-n', namespace]);
      assert.equal((await sent(request, found)).status, 409);
      assert.equal((await admin.tryKubectl(['get', 'lease', 'held', '-n', namespace])).code, 1);
    }
  });

  it('and reorders a list, makes another change of a patch by index', async () => {
    await admin.apply(texts(deployment('order')));
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/order`;
    const operation = { op: 'replace', path: '/spec/template/spec/containers/0/imagePullPolicy', value: 'Always' };
    const request = await understood('PATCH', path, [operation], 'application/json-patch+json');
    const first = await observed(request);
    assert.match(describeEffect(request, first).notes?.join(' ') ?? '', /containers\/0" is the entry with the name "web"/);
    const containers = '/spec/template/spec/containers';
    const move = JSON.stringify([{ op: 'move', from: `${containers}/0`, path: `${containers}/1` }]);
    await admin.kubectl(['patch', 'deployment', 'order', '-n', namespace, '--type=json', '-p', move]);
    assert.notEqual(changeDigest((await observed(request)).changes), changeDigest(first.changes));
  });
});

describe('A mutating policy that acts only when the request is no dry-run', { concurrency: false }, () => {
  const name = `gw-change-${suffix}`;
  const version = 'admissionregistration.k8s.io/v1';
  before(async () => {
    await admin.apply(
      texts(
        deployment('mutated'),
        {
          apiVersion: version,
          kind: 'MutatingAdmissionPolicy',
          metadata: { name },
          spec: {
            matchConstraints: {
              resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments'] }],
            },
            matchConditions: [{ name: 'real', expression: "!request.dryRun && object.metadata.name == 'mutated'" }],
            reinvocationPolicy: 'Never',
            mutations: [
              { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{spec: Object.spec{replicas: 5}}' } },
            ],
          },
        },
        {
          apiVersion: version,
          kind: 'MutatingAdmissionPolicyBinding',
          metadata: { name },
          spec: {
            policyName: name,
            matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
          },
        },
      ),
    );
  });
  after(async () => {
    await admin.tryKubectl(['delete', 'mutatingadmissionpolicybinding,mutatingadmissionpolicy', name]);
  });

  it('is found by what the API server answers to the real write', async () => {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/mutated`;
    let paused = false;
    const differences = await eventually('the policy', async () => {
      paused = !paused;
      const request = await understood('PATCH', path, { spec: { paused, replicas: 1 } }, 'application/merge-patch+json');
      const found = await observed(request);
      const answer = await sent(request, found);
      const all = answer.status < 300 ? persistedDifferences(request, found, JSON.parse(answer.body.toString('utf8'))) : [];
      return all.length > 0 && all;
    });
    assert.deepEqual(differences, [{ path: '/spec/replicas', before: 1, after: 5 }]);
  });
});
