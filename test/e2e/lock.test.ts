import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { createTransport, loadConfig, type Method } from '@sentinel/kube';
import { admin, eventually } from '../lib/cluster.ts';
import { loadedImages } from '../lib/images.ts';

// The requests go straight to the API server, as a gateway would send them that does everything wrong. The virtual users are
// cluster admins here, so nothing but the lock stands in the way.

const suffix = randomBytes(3).toString('hex');
const namespace = `gw-lock-${suffix}`;
const group = `gw-${suffix}.example.com`;
const users = { rehearsal: `sentinel:rehearsal:${namespace}:root`, enforce: `sentinel:enforce:${namespace}:root` };
const transport = createTransport(loadConfig({ kubeconfig: paths.kubeconfig }), { userAgent: 'sentinel-tests' });

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Try {
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
}

interface As {
  readonly user: string;
  readonly stage?: readonly string[];
  readonly action?: readonly string[];
}

const rehearsal: As = { user: users.rehearsal, stage: ['rehearsal'], action: ['uid'] };
const enforce: As = { user: users.enforce, stage: ['enforce'], action: ['uid'] };

async function send({ method, path, body, type = 'application/json' }: Omit<Try, 'name'>, as: As): Promise<Answer> {
  const answer = await transport.request({
    method,
    path,
    headers: {
      'impersonate-user': as.user,
      ...(as.stage ? { 'impersonate-extra-sentinel.dev%2fstage': [...as.stage] } : {}),
      ...(as.action ? { 'impersonate-extra-sentinel.dev%2faction': [...as.action] } : {}),
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: answer.status, text: answer.body.toString('utf8') };
}

const core = `/api/v1/namespaces/${namespace}`;
const apps = `/apis/apps/v1/namespaces/${namespace}`;
const json = 'application/json-patch+json';
const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';
const apply = 'application/apply-patch+yaml';
const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { a: 'changed' },
});
const labels = { metadata: { labels: { 'gw-slipped': 'yes' } } };
const widget = (name: string) => ({ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name }, spec: {} });
const crd = (of: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${of}` },
  spec: {
    group: of,
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});
const container = () => ({ name: 'web', image: loadedImages().tools, resources: { requests: { cpu: '5m', memory: '8Mi' } } });
const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { app: name } },
  spec: { schedulerName: 'nobody', containers: [container()] },
});
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container()] } },
  },
};
const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] };
const webhooks = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: `gw-${suffix}` },
  webhooks: [],
};

/** A real write of every kind: none of them is a dry-run. */
const writes = (node: string): Try[] => [
  { name: 'create', method: 'POST', path: `${core}/configmaps`, body: configMap('made') },
  {
    name: 'create of a Secret',
    method: 'POST',
    path: `${core}/secrets`,
    body: { ...configMap('made'), kind: 'Secret', data: {} },
  },
  { name: 'create of a pod', method: 'POST', path: `${core}/pods`, body: pod('made') },
  { name: 'PUT', method: 'PUT', path: `${core}/configmaps/held`, body: configMap('held') },
  { name: 'merge patch', method: 'PATCH', path: `${core}/configmaps/held`, type: merge, body: labels },
  { name: 'strategic patch', method: 'PATCH', path: `${core}/configmaps/held`, type: strategic, body: labels },
  {
    name: 'JSON patch',
    method: 'PATCH',
    path: `${core}/configmaps/held`,
    type: json,
    body: [{ op: 'add', path: '/data/a', value: 'changed' }],
  },
  {
    name: 'apply',
    method: 'PATCH',
    path: `${core}/configmaps/held?fieldManager=x&force=true`,
    type: apply,
    body: configMap('held'),
  },
  {
    name: 'apply that creates',
    method: 'PATCH',
    path: `${core}/configmaps/made?fieldManager=x`,
    type: apply,
    body: configMap('made'),
  },
  { name: 'scale', method: 'PATCH', path: `${apps}/deployments/web/scale`, type: merge, body: { spec: { replicas: 3 } } },
  {
    name: 'status',
    method: 'PATCH',
    path: `${apps}/deployments/web/status`,
    type: merge,
    body: { status: { observedGeneration: 77 } },
  },
  {
    name: 'ephemeral containers',
    method: 'PATCH',
    path: `${core}/pods/held/ephemeralcontainers`,
    type: strategic,
    body: { spec: { ephemeralContainers: [{ name: 'debug', image: container().image }] } },
  },
  {
    name: 'resize',
    method: 'PATCH',
    path: `${core}/pods/held/resize`,
    type: strategic,
    body: { spec: { containers: [{ name: 'web', resources: { requests: { cpu: '7m' } } }] } },
  },
  {
    name: 'eviction',
    method: 'POST',
    path: `${core}/pods/held/eviction`,
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'held', namespace } },
  },
  {
    name: 'binding of a pod',
    method: 'POST',
    path: `${core}/pods/held/binding`,
    body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'held' }, target: { kind: 'Node', name: node } },
  },
  {
    name: 'binding',
    method: 'POST',
    path: `${core}/bindings`,
    body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'held' }, target: { kind: 'Node', name: node } },
  },
  {
    name: 'token request',
    method: 'POST',
    path: `${core}/serviceaccounts/default/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  },
  {
    name: 'CRD',
    method: 'POST',
    path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    body: crd(`made.${group}`),
  },
  { name: 'custom resource', method: 'POST', path: `/apis/${group}/v1/namespaces/${namespace}/widgets`, body: widget('made') },
  {
    name: 'patch of a custom resource',
    method: 'PATCH',
    path: `/apis/${group}/v1/namespaces/${namespace}/widgets/held`,
    type: merge,
    body: labels,
  },
  {
    name: 'status of a custom resource',
    method: 'PATCH',
    path: `/apis/${group}/v1/namespaces/${namespace}/widgets/held/status`,
    type: merge,
    body: { status: { ok: true } },
  },
  {
    name: 'event',
    method: 'POST',
    path: `${core}/events`,
    body: { apiVersion: 'v1', kind: 'Event', metadata: { name: 'made' }, involvedObject: { namespace } },
  },
  {
    name: 'lease',
    method: 'POST',
    path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
    body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'made' } },
  },
  {
    name: 'Role',
    method: 'POST',
    path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
    body: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'made' }, rules: [rule] },
  },
  {
    name: 'ClusterRole',
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: `gw-made-${suffix}` },
      rules: [rule],
    },
  },
  {
    name: 'webhook configuration',
    method: 'POST',
    path: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    body: webhooks,
  },
  {
    name: 'APIService',
    method: 'POST',
    path: '/apis/apiregistration.k8s.io/v1/apiservices',
    body: {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `v9.${group}` },
      spec: { group, version: 'v9', groupPriorityMinimum: 1, versionPriority: 1 },
    },
  },
  { name: 'node', method: 'PATCH', path: `/api/v1/nodes/${node}`, type: merge, body: labels },
  {
    name: 'namespace',
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${namespace}-made` } },
  },
  {
    name: 'finalize',
    method: 'PUT',
    path: `${core}/finalize`,
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: { finalizers: [] } },
  },
  { name: 'delete', method: 'DELETE', path: `${core}/configmaps/held` },
  { name: 'delete of the namespace', method: 'DELETE', path: core },
  { name: 'delete whose body has no dryRun', method: 'DELETE', path: `${core}/configmaps/held?dryRun=All`, body: {} },
  {
    name: 'delete whose body is options without dryRun',
    method: 'DELETE',
    path: `${core}/configmaps/held?dryRun=All`,
    body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 },
  },
  { name: 'deletecollection', method: 'DELETE', path: `${core}/configmaps` },
  { name: 'deletecollection with a body', method: 'DELETE', path: `${core}/configmaps?dryRun=All`, body: {} },
  ...['dryRun=All;x=1', 'dryrun=All', 'DryRun=All', 'dryRun[]=All', 'dryRun%5B%5D=All'].map((query) => ({
    name: `create with ?${query}`,
    method: 'POST' as const,
    path: `${core}/configmaps?${query}`,
    body: configMap('made'),
  })),
];

const seen = [
  `${core}/configmaps`,
  `${core}/secrets`,
  `${core}/pods`,
  `${core}/serviceaccounts`,
  `${apps}/deployments`,
  `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
  `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
  `/apis/${group}/v1/namespaces/${namespace}/widgets`,
];
const seenByName = [
  '/api/v1/namespaces',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
  '/apis/apiregistration.k8s.io/v1/apiservices',
];

interface List {
  readonly items: readonly { metadata: { name: string; uid: string; resourceVersion: string } }[];
}

/** Every object that a write of this file could have made or changed, with its version. */
async function snapshot(): Promise<string[]> {
  const read = async (path: string) =>
    (JSON.parse((await transport.request({ method: 'GET', path })).body.toString('utf8')) as List).items;
  const inside = await Promise.all(seen.map(async (path) => (await read(path)).map((one) => ({ path, ...one.metadata }))));
  const cluster = await Promise.all(
    seenByName.map(async (path) =>
      (await read(path)).map((one) => ({ path, ...one.metadata })).filter(({ name }) => name.includes(suffix)),
    ),
  );
  return [...inside, ...cluster]
    .flat()
    .map(({ path, name, uid, resourceVersion }) => `${path} ${name} ${uid} ${resourceVersion}`)
    .sort();
}

const isRefused = ({ status, text }: Answer) => status === 403 && text.includes('sentinel-run-lock');

/** The names of the requests that the lock did not refuse, with what was answered instead. */
async function notRefused(tries: readonly Try[], as: As): Promise<string[]> {
  const answers = await Promise.all(tries.map(async (one) => ({ one, answer: await send(one, as) })));
  return answers
    .filter(({ answer }) => !isRefused(answer))
    .map(({ one, answer }) => `${one.name}: ${answer.status} ${answer.text.slice(0, 200)}`);
}

describe('The lock inside the API server', { concurrency: false }, () => {
  let node = '';
  let begun: string[] = [];

  before(async () => {
    node = (await admin.kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}'])).trim();
    await admin.apply(
      [
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRoleBinding',
          metadata: { name: namespace },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
          subjects: Object.values(users).map((name) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name })),
        },
        crd(group),
        configMap('held'),
        deployment,
      ]
        .map((object) => JSON.stringify(object))
        .join('\n---\n'),
    );
    await eventually('what a namespace has by itself', async () => {
      const [accounts, maps] = await Promise.all([
        admin.tryKubectl(['get', 'serviceaccount', 'default', '-n', namespace]),
        admin.tryKubectl(['get', 'configmap', 'kube-root-ca.crt', '-n', namespace]),
      ]);
      return accounts.code === 0 && maps.code === 0;
    });
    await admin.apply(JSON.stringify(pod('held')));
    await eventually(
      'a custom resource',
      async () => (await admin.apply(JSON.stringify({ ...widget('held'), metadata: { name: 'held', namespace } }))) !== '',
    );
    await eventually('the rights of the virtual users', async () => {
      const { status } = await send({ method: 'POST', path: `${core}/configmaps?dryRun=All`, body: configMap('try') }, rehearsal);
      return status === 201;
    });
    // A new Deployment and a new CRD get their first status from controllers; wait until all is quiet.
    await eventually('quiet', async () => {
      const one = await snapshot();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      begun = await snapshot();
      return JSON.stringify(one) === JSON.stringify(begun);
    });
  });

  after(async () => {
    await admin.tryKubectl(['delete', 'clusterrolebinding', namespace, '--ignore-not-found']);
    await admin.tryKubectl(['delete', 'crd', `widgets.${group}`, '--ignore-not-found', '--wait=false']);
    await admin.tryKubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
    await transport.close();
  });

  const stays = async () => assert.deepEqual(await snapshot(), begun);

  it('refuses a real write of every kind in a rehearsal, and nothing persists', async () => {
    assert.deepEqual(await notRefused(writes(node), rehearsal), []);
    await stays();
  });

  it('refuses them when the gateway forgot the stage, the action, both, or gave two of one', async () => {
    const some = writes(node).filter(({ name }) => ['create', 'merge patch', 'delete', 'scale', 'CRD'].includes(name));
    const broken: Readonly<Record<string, As>> = {
      'no extras': { user: users.enforce },
      'no stage': { user: users.enforce, action: ['uid'] },
      'no action': { user: users.enforce, stage: ['enforce'] },
      'an empty action': { user: users.enforce, stage: ['enforce'], action: [''] },
      'an unknown stage': { user: users.enforce, stage: ['Enforce'], action: ['uid'] },
      'two stages': { user: users.enforce, stage: ['enforce', 'rehearsal'], action: ['uid'] },
      'one stage twice': { user: users.enforce, stage: ['enforce', 'enforce'], action: ['uid'] },
      'two actions': { user: users.enforce, stage: ['enforce'], action: ['uid', 'other'] },
      'stage rehearsal of the enforcing user': { user: users.enforce, stage: ['rehearsal'], action: ['uid'] },
      'stage enforce of the rehearsing user': { user: users.rehearsal, stage: ['enforce'], action: ['uid'] },
      'no extras of the rehearsing user': { user: users.rehearsal },
    };
    for (const [name, as] of Object.entries(broken)) assert.deepEqual(await notRefused(some, as), [], name);
    await stays();
  });

  it('lets dry-runs pass, and they change nothing', async () => {
    const dry: Try[] = [
      { name: 'create', method: 'POST', path: `${core}/configmaps?dryRun=All`, body: configMap('made') },
      { name: 'PUT', method: 'PUT', path: `${core}/configmaps/held?dryRun=All`, body: configMap('held') },
      { name: 'patch', method: 'PATCH', path: `${core}/configmaps/held?dryRun=All`, type: merge, body: labels },
      {
        name: 'scale',
        method: 'PATCH',
        path: `${apps}/deployments/web/scale?dryRun=All`,
        type: merge,
        body: { spec: { replicas: 3 } },
      },
      { name: 'delete by query', method: 'DELETE', path: `${core}/configmaps/held?dryRun=All` },
      {
        name: 'delete by body',
        method: 'DELETE',
        path: `${core}/configmaps/held`,
        body: { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'] },
      },
    ];
    for (const one of dry) {
      const { status, text } = await send(one, rehearsal);
      assert.ok(status === 200 || status === 201, `${one.name}: ${status} ${text.slice(0, 200)}`);
    }
    await stays();
  });

  it('refuses connections and tokens in a rehearsal and in a real run, dry-run or not', async () => {
    const token = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const tries: Try[] = [
      { name: 'exec', method: 'POST', path: `${core}/pods/held/exec?command=id&stdout=true` },
      { name: 'exec by GET', method: 'GET', path: `${core}/pods/held/exec?command=id&stdout=true` },
      { name: 'attach', method: 'POST', path: `${core}/pods/held/attach?stdout=true` },
      { name: 'port-forward', method: 'POST', path: `${core}/pods/held/portforward?ports=80` },
      { name: 'proxy of a pod', method: 'GET', path: `${core}/pods/held/proxy/` },
      { name: 'proxy of a node', method: 'GET', path: `/api/v1/nodes/${node}/proxy/pods` },
      { name: 'token', method: 'POST', path: `${core}/serviceaccounts/default/token`, body: token },
      { name: 'token as a dry-run', method: 'POST', path: `${core}/serviceaccounts/default/token?dryRun=All`, body: token },
    ];
    for (const as of [rehearsal, enforce]) assert.deepEqual(await notRefused(tries, as), [], as.user);
    await stays();
  });

  it("refuses Sentinel's own kinds even in a real run", async () => {
    const sentinel = `/apis/sentinel.dev/v1alpha1/namespaces/${namespace}`;
    const own = (kind: string, spec: object) => ({ apiVersion: 'sentinel.dev/v1alpha1', kind, metadata: { name: 'made' }, spec });
    const tries: Try[] = [
      { name: 'policy', method: 'POST', path: `${sentinel}/agentpolicies`, body: own('AgentPolicy', { modes: ['DryRun'] }) },
      {
        name: 'cluster policy',
        method: 'PATCH',
        path: '/apis/sentinel.dev/v1alpha1/clusteragentpolicies/sentinel-floor?dryRun=All',
        type: merge,
        body: labels,
      },
    ];
    assert.deepEqual(await notRefused(tries, enforce), []);
    await stays();
  });

  it('lets a real run write, and only then', async () => {
    const made = await send({ method: 'POST', path: `${core}/configmaps`, body: configMap('really') }, enforce);
    assert.equal(made.status, 201, made.text);
    assert.equal((await snapshot()).length, begun.length + 1);
  });

  it('is not in the way of anybody else', async () => {
    const made = await send(
      { method: 'PATCH', path: `${core}/configmaps/held`, type: merge, body: labels },
      { user: 'system:admin' },
    );
    assert.doesNotMatch(made.text, /sentinel-run-lock/);
  });
});
