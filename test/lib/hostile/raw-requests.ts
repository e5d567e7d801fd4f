import assert from 'node:assert/strict';
import { admin, eventually, policyForAnyWrite } from '../cluster.ts';
import { idle } from '../image-only.ts';
import { loadedImages } from '../images.ts';
import { oneStep } from '../one-step.ts';
import { type ActionView, makeTenant, type Tenant } from '../tenant.ts';

// A step sends raw requests to the gateway from inside a real sandbox; its answers come back as a result. The rehearsing user is
// made a cluster admin here, so that it is the gateway that refuses, and not RBAC.

// What runs in the sandbox: node -e DRIVER REQUESTS…, each argument a JSON list of [name, method, path, body, headers].
// 'NS' in a path stands for the namespace; a body of the form {size: n} is that many bytes.
const driver = `
const fs = require('fs'), https = require('https');
const dir = '/var/run/secrets/kubernetes.io/serviceaccount/';
const read = (name) => fs.readFileSync(dir + name, 'utf8');
const ns = read('namespace');
const agent = new https.Agent({ keepAlive: true });
const send = ([name, method, path, body, headers]) => new Promise((resolve) => {
  const bytes = body === undefined || body === null ? undefined
    : body.size ? Buffer.alloc(body.size, 97) : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const all = { authorization: 'Bearer ' + read('token'), ...(bytes ? { 'content-type': 'application/json', 'content-length': bytes.length } : {}), ...headers };
  for (const key of Object.keys(all)) if (all[key] === null) delete all[key];
  const request = https.request({ host: 'sentinel-gateway', port: 443, ca: read('ca.crt'), method, path: path.replaceAll('NS', ns), headers: all, agent });
  request.on('response', (response) => {
    let text = '';
    response.on('data', (chunk) => { text += chunk; });
    response.on('end', () => {
      let m = text.slice(0, 60);
      try {
        const o = JSON.parse(text);
        m = o.kind === 'Status' ? String(o.message || o.status || '').slice(0, 150) : [o.kind, o.spec && o.spec.replicas, o.data && o.data.a,
          o.spec && o.spec.template && o.spec.template.spec.containers[0].image.slice(0, 40)].filter((x) => x !== undefined).join(' ');
      } catch {}
      resolve([name, response.statusCode, m]);
    });
  });
  request.on('upgrade', (response, socket) => { socket.destroy(); resolve([name, response.statusCode, 'upgraded']); });
  request.on('error', (error) => resolve([name, 0, error.code]));
  request.end(bytes);
});
(async () => {
  const out = [];
  for (const argument of process.argv.slice(1)) for (const one of JSON.parse(argument)) out.push(await send(one));
  fs.writeFileSync(process.env.SENTINEL_RESULTS + '/report', JSON.stringify(out));
  fs.writeFileSync(process.env.SENTINEL_RESULTS + '/stolen', read('token'));
})();
`;

/** A request, the headers beside those that each has (null takes one away), and the answer. */
export type Case = readonly [
  name: string,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string | null>>,
  status: number,
  message: RegExp,
];

export const none = null;
export const core = '/api/v1/namespaces/NS';
export const apps = '/apis/apps/v1/namespaces/NS';
export const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'changed' } });
export const merge = { 'content-type': 'application/merge-patch+json' };
export const change = { data: { a: 'changed' } };
export const patch = (name: string, query: string, status: number, message: RegExp): Case => [
  name,
  'PATCH',
  `${core}/configmaps/held${query}`,
  change,
  merge,
  status,
  message,
];
export const post = (name: string, path: string, body: unknown, message: RegExp): Case => [
  name,
  'POST',
  path,
  body,
  {},
  403,
  message,
];
export const protectedBy = (what: string) => new RegExp(`^sentinel: .*${what} may not be touched from a sandbox`);

const policy = policyForAnyWrite({ resources: ['*', 'deployments/scale', 'pods/eviction'], upToRisk: 'Critical', objects: 50 });

const sending = (name: string, cases: readonly Case[]) => {
  const chunks: string[] = [];
  for (let at = 0; at < cases.length; at += 10)
    chunks.push(
      JSON.stringify(cases.slice(at, at + 10).map(([name, method, path, body, headers]) => [name, method, path, body, headers])),
    );
  return oneStep(name, ['/usr/local/bin/node', '-e', driver, '--', ...chunks], {
    image: loadedImages().sentinel,
    more: ['  results:', '  - {name: report, mediaType: application/json}', '  - {name: stolen, mediaType: text/plain}', ''].join(
      '\n',
    ),
  });
};

type Answer = readonly [name: string, status: number, message: string];

/** Requests by the Playbook that sends them. */
export type Groups = Readonly<Record<string, readonly Case[]>>;

/** A tenant whose requests were sent. */
export interface Sent {
  readonly tenant: Tenant;
  /** The objects of the namespace as they were before, see {@link objects}. */
  readonly begun: string;
  /** The ended actions, by Playbook. */
  readonly ended: ReadonlyMap<string, ActionView>;
}

/** The objects of the namespace that a request could make or change, with their versions. */
export const objects = (tenant: Tenant): Promise<string> =>
  admin.kubectl([
    'get',
    'configmaps,secrets,deployments,pods,roles,serviceaccounts,agentpolicies',
    '-n',
    tenant.namespace,
    '-o',
    'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{"\\n"}{end}',
  ]);

/** Sends requests from sandboxes, all groups at once. */
export async function sendAll(name: string, groups: Groups): Promise<Sent> {
  const ended = new Map<string, ActionView>();
  const playbooks = Object.entries(groups).map(([playbook, cases]) => sending(playbook, cases));
  // What its pods print holds tokens of theirs, which would be masked.
  const tenant = await makeTenant(name, { policy, playbooks: playbooks.join('') });
  await admin.apply(`
apiVersion: sentinel.dev/v1alpha1
kind: ClusterAgentPolicy
metadata: {name: ${tenant.namespace}}
spec:
  subjects: [{kind: ServiceAccount, name: repair-agent, namespace: ${tenant.namespace}}]
  modes: [DryRun, Apply]
  dataHandling: {logs: Stored, prompts: Stored, parameters: Stored, diffs: Stored}
`);
  const held = (name: string) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: tenant.namespace },
      data: { a: 'original' },
    });
  const deployment = idle('web', tenant.namespace, tenant.image);
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: tenant.namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [
      { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: `sentinel:rehearsal:${tenant.namespace}:remediator` },
    ],
  };
  const names = ['held', 'escaped', 'imp', 'd1', 'd2', 'd3', 'd4', 'd5'];
  await admin.apply([...names.map(held), JSON.stringify(deployment), JSON.stringify(binding)].join('\n---\n'));
  const begun = await eventually('quiet', async () => {
    const one = await objects(tenant);
    await new Promise((resolve) => setTimeout(resolve, 700));
    const two = await objects(tenant);
    return one === two && one;
  });
  const states = ['AwaitingApproval', 'NoEffect', 'Denied', 'RehearsalFailed', 'DryRunCompleted'];
  await Promise.all(
    Object.keys(groups).map(async (playbook) => {
      const action = await tenant.file(playbook, {}, { mode: 'DryRun' });
      ended.set(playbook, await tenant.until(action, states));
    }),
  );
  return { tenant, begun, ended };
}

/** Removes what {@link sendAll} made outside of its namespace. */
export const removeSent = ({ tenant }: Sent) =>
  admin.tryKubectl(['delete', 'clusterrolebinding', tenant.namespace, '--ignore-not-found']);

/** Fails unless each request of a group was answered as it should. */
export function checkAnswers({ ended }: Sent, groups: Groups, name: string): void {
  const { status } = ended.get(name) ?? {};
  const why = JSON.stringify(status?.conditions);
  const report = status?.results?.find((one) => one.name === 'report')?.content ?? '';
  assert.notEqual(report, '', why);
  const answers = JSON.parse(report) as Answer[];
  const wrong = (groups[name] ?? []).flatMap(([what, , , , , code, message], index) => {
    const [, got, text] = answers[index] ?? ['', -1, ''];
    return got === code && message.test(text) ? [] : [`${what}: wanted ${code} ${message}, got ${got} ${text}`];
  });
  assert.deepEqual(wrong, []);
}
