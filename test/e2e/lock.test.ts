import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { createTransport, loadConfig } from '@sentinel/kube';
import { admin, eventually } from '../lib/cluster.ts';
import {
  apps,
  configMap,
  core,
  crd,
  deployment,
  everyWrite,
  group,
  labels,
  merge,
  namespace,
  pod,
  type Try,
  widget,
} from '../lib/hostile/every-write.ts';
import { snapshot } from '../lib/hostile/snapshot.ts';

// The requests go straight to the API server, as a gateway would send them that does everything wrong. The virtual users are
// cluster admins here, so nothing but the lock stands in the way.

const users = { rehearsal: `sentinel:rehearsal:${namespace}:root`, enforce: `sentinel:enforce:${namespace}:root` };
const transport = createTransport(loadConfig({ kubeconfig: paths.kubeconfig }), { userAgent: 'sentinel-tests' });

interface Answer {
  readonly status: number;
  readonly text: string;
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
      const one = await snapshot(transport);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      begun = await snapshot(transport);
      return JSON.stringify(one) === JSON.stringify(begun);
    });
  });

  after(async () => {
    await admin.tryKubectl(['delete', 'clusterrolebinding', namespace, '--ignore-not-found']);
    await admin.tryKubectl(['delete', 'crd', `widgets.${group}`, '--ignore-not-found', '--wait=false']);
    await admin.tryKubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
    await transport.close();
  });

  const stays = async () => assert.deepEqual(await snapshot(transport), begun);

  it('refuses a real write of every kind in a rehearsal, and nothing persists', async () => {
    assert.deepEqual(await notRefused(everyWrite(node), rehearsal), []);
    await stays();
  });

  it('refuses them when the gateway forgot the stage, the action, both, or gave two of one', async () => {
    const some = everyWrite(node).filter(({ name }) => ['create', 'merge patch', 'delete', 'scale', 'CRD'].includes(name));
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
    assert.equal((await snapshot(transport)).length, begun.length + 1);
  });

  it('is not in the way of anybody else', async () => {
    const made = await send(
      { method: 'PATCH', path: `${core}/configmaps/held`, type: merge, body: labels },
      { user: 'system:admin' },
    );
    assert.doesNotMatch(made.text, /sentinel-run-lock/);
  });
});
