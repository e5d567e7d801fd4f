import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { admin, eventually } from '../lib/cluster.ts';
import { loadedImages } from '../lib/images.ts';
import { oneStep } from '../lib/one-step.ts';
import { type ActionView, makeTenant, type Tenant } from '../lib/tenant.ts';

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

type Case = readonly [
  name: string,
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string | null>>,
  status: number,
  message: RegExp,
];

const none = null;
const core = '/api/v1/namespaces/NS';
const apps = '/apis/apps/v1/namespaces/NS';
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'changed' } });
const merge = { 'content-type': 'application/merge-patch+json' };
const change = { data: { a: 'changed' } };
const patch = (name: string, query: string, status: number, message: RegExp): Case => [
  name,
  'PATCH',
  `${core}/configmaps/held${query}`,
  change,
  merge,
  status,
  message,
];
const own = (kind: string) => ({ apiVersion: 'sentinel.dev/v1alpha1', kind, metadata: { name: 'made' }, spec: {} });
const post = (name: string, path: string, body: unknown, message: RegExp): Case => [name, 'POST', path, body, {}, 403, message];
const protectedBy = (what: string) => new RegExp(`^sentinel: .*${what} may not be touched from a sandbox`);

const pathCases: readonly Case[] = [
  ['a plain read', 'GET', `${core}/configmaps/held`, none, {}, 200, /^ConfigMap original$/],
  [
    'an escaped letter is read as the letter',
    'GET',
    '/api/v1/namespaces/NS/%63onfigmaps/held',
    none,
    {},
    200,
    /^ConfigMap original$/,
  ],
  [
    'an escaped letter in a write',
    'PATCH',
    '/api/v1/namespaces/NS/%63onfigmaps/escaped',
    change,
    merge,
    200,
    /^ConfigMap changed$/,
  ],
  ['an escaped slash', 'GET', '/api/v1/namespaces/NS%2fconfigmaps', none, {}, 400, /escaped separator/],
  ['an escaped slash in a write', 'POST', '/api/v1/namespaces/NS%2fconfigmaps', configMap('made'), {}, 400, /escaped separator/],
  ['a doubly escaped letter', 'GET', '/api/v1/namespaces/NS/%2563onfigmaps', none, {}, 400, /escaped separator/],
  ['a broken escape', 'GET', '/api/v1/namespaces/NS/%zz', none, {}, 400, /cannot be decoded/],
  ['an escaped zero byte', 'GET', `${core}/configmaps/held%00`, none, {}, 400, /escaped separator/],
  ['a backslash', 'GET', `${core}\\configmaps`, none, {}, 400, /escaped separator/],
  ['the old watch path', 'GET', '/api/v1/watch/namespaces/NS/configmaps', none, {}, 403, /below 'watch\/' are refused/],
  [
    'a write on the old watch path',
    'POST',
    '/api/v1/watch/namespaces/NS/configmaps',
    configMap('made'),
    {},
    403,
    /below 'watch\/'/,
  ],
  ['the old proxy path', 'GET', '/api/v1/proxy/namespaces/NS/pods/x', none, {}, 403, /below 'proxy\/' are refused/],
  ['a double slash', 'GET', '/api/v1//namespaces/NS/configmaps', none, {}, 400, /empty segment/],
  ['a leading double slash', 'GET', '//api/v1/namespaces/NS/configmaps', none, {}, 400, /empty segment/],
  ['dots', 'GET', '/api/v1/namespaces/NS/../../nodes', none, {}, 400, /dot segment/],
  ['escaped dots', 'GET', '/api/v1/namespaces/NS/%2e%2e/kube-system/secrets', none, {}, 400, /dot segment/],
  ['a whole URL', 'GET', 'https://kubernetes.default/api/v1/secrets', none, {}, 400, /sentinel: /],
  ['a fragment', 'GET', `${core}/configmaps#x`, none, {}, 403, /sentinel: /],
  ['debug flags', 'PUT', '/debug/flags/v', '9', { 'content-type': 'text/plain' }, 403, /is no resource of the Kubernetes API/],
  ['metrics', 'GET', '/metrics', none, {}, 403, /is no resource/],
  ['logs of the server', 'GET', '/logs/kube-apiserver.log', none, {}, 403, /is no resource/],
  ['a write to information', 'POST', '/version', {}, {}, 403, /it is no resource/],
  ['the version', 'GET', '/version', none, {}, 200, /^/],
  ['discovery', 'GET', '/apis', none, {}, 200, /APIGroupList/],
  ["the operator's door", 'GET', '/sentinel/v1/lock', none, {}, 403, /is no resource/],
  ["the operator's resolution", 'POST', '/sentinel/v1/resolutions', {}, {}, 403, /is no resource/],
  ["the operator's rollback", 'POST', '/sentinel/v1/rollbacks', {}, {}, 403, /is no resource/],
  ['an unknown resource', 'GET', `${core}/nothings`, none, {}, 403, /'nothings' is no resource/],
  ['an unknown group', 'GET', '/apis/none.example.com/v1/namespaces/NS/things', none, {}, 403, /is not known/],
  ['a path too deep', 'GET', `${core}/pods/a/b/c/d`, none, {}, 403, /too deep|no resource/],
  ['an unknown method', 'PROPFIND', `${core}/configmaps`, none, {}, 405, /PROPFIND is refused/],
];

const queries: readonly Case[] = [
  patch('a semicolon', '?dryRun=All;x=1', 400, /holds a ';'/),
  patch('an escaped semicolon', '?dryRun=All%3Bx=1', 400, /must be 'All'/),
  patch('another case', '?dryrun=All', 400, /'dryrun' is not known/),
  patch('brackets', '?dryRun[]=All', 400, /is not known/),
  patch('escaped brackets', '?dryRun%5B%5D=All', 400, /is not known/),
  patch('a doubled key', '?dryRun=All&dryRun=All', 400, /given twice/),
  patch('an empty dryRun', '?dryRun=', 400, /must be 'All'/),
  patch('dryRun None', '?dryRun=None', 400, /must be 'All'/),
  patch('an unknown key', '?dryRun=All&x=1', 400, /'x' is not known/),
  patch('a dry-run of its own', '?dryRun=All', 200, /^ConfigMap changed$/),
];

const bodies: readonly Case[] = [
  ['a delete with an empty object', 'DELETE', `${core}/configmaps/d1`, {}, {}, 200, /./],
  ['a delete without a body', 'DELETE', `${core}/configmaps/d2`, none, {}, 200, /./],
  [
    'a delete with options',
    'DELETE',
    `${core}/configmaps/d3?dryRun=All`,
    { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: [] },
    {},
    200,
    /./,
  ],
  [
    'a delete in YAML',
    'DELETE',
    `${core}/configmaps/d4`,
    'kind: DeleteOptions\napiVersion: v1\n',
    { 'content-type': 'application/yaml' },
    200,
    /./,
  ],
  ['a delete without a content type', 'DELETE', `${core}/configmaps/d5`, '{}', { 'content-type': null }, 200, /./],
  [
    'a delete in protobuf',
    'DELETE',
    `${core}/configmaps/held`,
    'k8s',
    { 'content-type': 'application/vnd.kubernetes.protobuf' },
    415,
    /send JSON/,
  ],
  ['a delete in text', 'DELETE', `${core}/configmaps/held`, '{}', { 'content-type': 'text/plain' }, 415, /send JSON/],
  ['a delete with half a body', 'DELETE', `${core}/configmaps/held`, '{', {}, 400, /cannot be read/],
  ['a delete that orphans', 'DELETE', `${core}/configmaps/held`, { orphanDependents: true }, {}, 400, /orphanDependents/],
  [
    'a delete with a wrong uid',
    'DELETE',
    `${core}/configmaps/held`,
    { preconditions: { uid: 'x' } },
    {},
    409,
    /UID in the precondition/,
  ],
  ['a collection', 'DELETE', `${core}/configmaps`, none, {}, 403, /deletecollection is refused/],
  ['a collection as a dry-run', 'DELETE', `${core}/configmaps?dryRun=All`, none, {}, 403, /deletecollection is refused/],
  [
    'a PUT in protobuf',
    'PUT',
    `${core}/configmaps/held`,
    'k8s',
    { 'content-type': 'application/vnd.kubernetes.protobuf' },
    415,
    /protobuf/,
  ],
  ['a PUT in CBOR', 'PUT', `${core}/configmaps/held`, 'x', { 'content-type': 'application/cbor' }, 415, /cannot be checked/],
  ['a patch of no type', 'PATCH', `${core}/configmaps/held`, change, { 'content-type': 'application/json' }, 415, /not known/],
  ['a patch without a body', 'PATCH', `${core}/configmaps/held`, none, merge, 400, /no body/],
  ['a broken body', 'PUT', `${core}/configmaps/held`, '{', {}, 400, /cannot be read/],
  [
    'a bomb of aliases',
    'PATCH',
    `${core}/configmaps/held?fieldManager=x`,
    'a: &a [x]\nb: [*a,*a]',
    { 'content-type': 'application/apply-patch+yaml' },
    400,
    /cannot be read/,
  ],
  [
    'a name made up by the server',
    'POST',
    `${core}/configmaps`,
    { metadata: { generateName: 'made-' } },
    {},
    403,
    /'generateName' is refused/,
  ],
  [
    'another namespace in the body',
    'POST',
    `${core}/configmaps`,
    { metadata: { name: 'made', namespace: 'default' } },
    {},
    400,
    /namespace/,
  ],
];

const token = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
const upgrade = { connection: 'Upgrade', upgrade: 'SPDY/3.1' };
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const refused: readonly Case[] = [
  post('a token', `${core}/serviceaccounts/default/token`, token, protectedBy('tokens')),
  post('a token as a dry-run', `${core}/serviceaccounts/default/token?dryRun=All`, token, protectedBy('tokens')),
  ['exec', 'POST', `${core}/pods/web/exec?container=web`, none, {}, 403, protectedBy('exec.*')],
  ['exec with a command', 'POST', `${core}/pods/web/exec?command=id`, none, {}, 400, /'command' is not known/],
  ['exec by GET', 'GET', `${core}/pods/web/exec`, none, {}, 403, protectedBy('exec.*')],
  ['exec that upgrades', 'POST', `${core}/pods/web/exec?command=id`, none, upgrade, 403, /^$/],
  ['a websocket', 'GET', `${core}/pods/web/exec`, none, { connection: 'Upgrade', upgrade: 'websocket' }, 403, /^$/],
  ['port-forward', 'POST', `${core}/pods/web/portforward`, none, {}, 403, protectedBy('exec.*')],
  ['proxy of a pod', 'GET', `${core}/pods/web/proxy`, none, {}, 403, protectedBy('exec.*')],
  ['proxy of a pod, deeper', 'GET', `${core}/pods/web/proxy/x`, none, {}, 403, /sentinel: /],
  ['proxy of a service', 'GET', `${core}/services/web/proxy`, none, {}, 403, protectedBy('exec.*')],
  post(
    'an admission policy',
    '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    {},
    protectedBy('admission.*'),
  ),
  [
    'deleting the lock',
    'DELETE',
    '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/sentinel-run-lock',
    none,
    {},
    403,
    protectedBy('admission.*'),
  ],
  ['reading a Secret', 'GET', `${core}/secrets/held`, none, {}, 403, protectedBy('Secrets')],
  ['listing Secrets', 'GET', `${core}/secrets`, none, {}, 403, protectedBy('Secrets')],
  ['watching Secrets', 'GET', `${core}/secrets?watch=1`, none, {}, 403, protectedBy('Secrets')],
  post('a Secret', `${core}/secrets`, configMap('made'), protectedBy('Secrets')),
  post('a Role', `${rbac}/namespaces/NS/roles`, {}, protectedBy('RBAC')),
  post('a ClusterRoleBinding', `${rbac}/clusterrolebindings`, {}, protectedBy('RBAC')),
  post('a CRD', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {}, protectedBy('definitions of APIs')),
  post('a namespace', '/api/v1/namespaces', {}, protectedBy('namespaces.*')),
  ['its own namespace', 'PATCH', core, { metadata: { labels: { x: 'y' } } }, merge, 403, protectedBy('namespaces.*')],
  ['finalize', 'PUT', `${core}/finalize`, {}, {}, 403, protectedBy('namespaces.*')],
  post(
    'a policy of Sentinel',
    '/apis/sentinel.dev/v1alpha1/namespaces/NS/agentpolicies',
    own('AgentPolicy'),
    protectedBy("Sentinel's own kinds"),
  ),
  [
    'reading an action',
    'GET',
    '/apis/sentinel.dev/v1alpha1/namespaces/NS/agentactions',
    none,
    {},
    403,
    protectedBy("Sentinel's own kinds"),
  ],
  post('an access review', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {}, protectedBy('token and access reviews')),
  [
    'another namespace',
    'GET',
    '/api/v1/namespaces/kube-system/configmaps',
    none,
    {},
    403,
    /in namespace 'kube-system' is denied/,
  ],
  post(
    'a write in another namespace',
    '/api/v1/namespaces/default/configmaps',
    configMap('made'),
    /in namespace 'default' is denied/,
  ),
  ['all namespaces', 'GET', '/api/v1/configmaps', none, {}, 403, /in the whole cluster is denied/],
  ['an eviction', 'POST', `${core}/pods/web/eviction`, {}, {}, 403, /sentinel: /],
  ['no token', 'GET', `${core}/configmaps`, none, { authorization: null }, 401, /no token of the gateway/],
  ['a junk token', 'GET', `${core}/configmaps`, none, { authorization: 'Bearer a.b.c' }, 401, /not one for the gateway/],
  ['Basic', 'GET', `${core}/configmaps`, none, { authorization: 'Basic YTpi' }, 401, /no token of the gateway/],
  [
    'impersonation of nobody',
    'GET',
    `${core}/configmaps/held`,
    none,
    { 'impersonate-user': 'nobody' },
    200,
    /^ConfigMap original$/,
  ],
  [
    'impersonation of an enforcing run',
    'PATCH',
    `${core}/configmaps/imp`,
    change,
    {
      ...merge,
      'impersonate-user': 'system:admin',
      'impersonate-group': 'system:masters',
      'impersonate-extra-sentinel.dev%2fstage': 'enforce',
    },
    200,
    /^ConfigMap changed$/,
  ],
];

const rehearsed: readonly Case[] = [
  [
    'set image',
    'PATCH',
    `${apps}/deployments/web`,
    { spec: { template: { spec: { containers: [{ name: 'web', image: 'localhost/web:rehearsed' }] } } } },
    { 'content-type': 'application/strategic-merge-patch+json' },
    200,
    /rehearsed/,
  ],
  ['the image afterwards', 'GET', `${apps}/deployments/web`, none, {}, 200, /^Deployment 0 localhost\/web:rehearsed$/],
  ['scale', 'PATCH', `${apps}/deployments/web/scale`, { spec: { replicas: 3 } }, merge, 200, /^Scale 3$/],
  ['the replicas afterwards', 'GET', `${apps}/deployments/web`, none, {}, 200, /^Deployment 3 localhost\/web:rehearsed$/],
  ['the scale afterwards', 'GET', `${apps}/deployments/web/scale`, none, {}, 200, /^Scale 3$/],
  ['the deleted object', 'GET', `${core}/configmaps/d1`, none, {}, 404, /not found/],
  ['a patch of the deleted object', 'PATCH', `${core}/configmaps/d1`, change, merge, 404, /not found/],
  ['a second delete', 'DELETE', `${core}/configmaps/d1`, none, {}, 404, /not found/],
  ['create', 'POST', `${core}/configmaps`, configMap('made'), {}, 201, /^ConfigMap changed$/],
  ['the created object', 'GET', `${core}/configmaps/made`, none, {}, 200, /^ConfigMap changed$/],
  ['the same again', 'POST', `${core}/configmaps`, configMap('made'), {}, 409, /already exists/],
  [
    'a patch of the created object',
    'PATCH',
    `${core}/configmaps/made`,
    { data: { a: 'again' } },
    merge,
    403,
    /created earlier in this rehearsal/,
  ],
  ['a body too large', 'POST', `${core}/configmaps`, { size: 4 * 1024 * 1024 }, {}, 413, /at most 3145728 bytes/],
];

const policy = `
apiVersion: sentinel.dev/v1alpha1
kind: AgentPolicy
metadata:
  name: shop
  namespace: shop
spec:
  subjects:
  - {kind: ServiceAccount, name: repair-agent}
  modes: [DryRun, Apply]
  kubernetes:
  - {apiGroups: ["*"], resources: ["*", deployments/scale, pods/eviction], verbs: ["*"], decision: RequireApproval}
  approvals:
  - {upToRisk: Critical, approvals: 1, groups: [shop-approvers], expiresAfter: 1h}
  limits: {duration: 3m, objects: 50}
`;

const playbook = (name: string, cases: readonly Case[]) => {
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

const groups: Readonly<Record<string, readonly Case[]>> = {
  'send-paths': pathCases,
  'send-queries': [...queries, ...bodies],
  'send-refused': refused,
  'send-rehearsed': [...bodies.slice(0, 1), ...rehearsed],
};

describe('The gateway, from inside a sandbox', { concurrency: false }, () => {
  let tenant: Tenant;
  let begun: string;
  const ended = new Map<string, ActionView>();

  const objects = () =>
    admin.kubectl([
      'get',
      'configmaps,secrets,deployments,pods,roles,serviceaccounts,agentpolicies',
      '-n',
      tenant.namespace,
      '-o',
      'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{"\\n"}{end}',
    ]);

  before(async () => {
    const playbooks = Object.entries(groups).map(([name, cases]) => playbook(name, cases));
    // What its pods print holds tokens of theirs, which would be masked.
    tenant = await makeTenant('gw-gateway', { policy, playbooks: playbooks.join('') });
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
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: tenant.namespace },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: tenant.image }] } },
      },
    };
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
    begun = await eventually('quiet', async () => {
      const one = await objects();
      await new Promise((resolve) => setTimeout(resolve, 700));
      const two = await objects();
      return one === two && one;
    });
    const states = ['AwaitingApproval', 'NoEffect', 'Denied', 'RehearsalFailed', 'DryRunCompleted'];
    await Promise.all(
      Object.keys(groups).map(async (name) => {
        const action = await tenant.file(name, {}, { mode: 'DryRun' });
        ended.set(name, await tenant.until(action, states));
      }),
    );
  });

  after(async () => {
    await admin.tryKubectl(['delete', 'clusterrolebinding', tenant.namespace, '--ignore-not-found']);
  });

  const check = (name: string) => {
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
  };

  it('reads a path once and sends on only what is plainly one resource', () => check('send-paths'));
  it('rebuilds every query and every body, and refuses what it cannot read', () => check('send-queries'));
  it('refuses connections, tokens, Secrets, RBAC, admission, definitions, other namespaces and strangers', () =>
    check('send-refused'));
  it('shows the rehearsed state in later reads', () => check('send-rehearsed'));

  it('has persisted nothing of all this', async () => {
    assert.equal(await objects(), begun);
    assert.equal((await admin.tryKubectl(['get', 'configmap', 'made', '-n', 'default'])).code, 1);
    assert.equal((await admin.tryKubectl(['get', 'validatingadmissionpolicybinding', 'sentinel-run-lock'])).code, 0);
  });

  it('turns away the token of a finished pod, tokens for the API server, and tokens of other accounts', async () => {
    const stolen = ended.get('send-rehearsed')?.status?.results?.find(({ name }) => name === 'stolen')?.content ?? '';
    assert.match(stolen, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    const forApi = (await admin.kubectl(['create', 'token', 'repair-agent', '-n', tenant.namespace])).trim();
    const audience = ['--audience', 'sentinel-gateway'];
    const other = (await admin.kubectl(['create', 'token', 'repair-agent', '-n', tenant.namespace, ...audience])).trim();
    await outside(async (ask) => {
      const late = await ask(stolen);
      assert.equal(late.status, 403, late.text);
      assert.match(late.text, /the pod has ended|the pod is gone/);
      for (const one of [forApi, other]) {
        const answer = await ask(one);
        assert.equal(answer.status, 401, answer.text);
        assert.match(answer.text, /not one for the gateway|not bound to a pod/);
      }
    });
  });

  it("has a token of the sandboxes' account minted by nobody but nodes, not even by an admin", async () => {
    for (const extra of [
      [],
      ['--as', 'system:serviceaccount:sentinel-system:sentinel-gateway', '--as-group', 'system:masters'],
    ]) {
      const { code, stderr } = await admin.tryKubectl([
        ...['create', 'token', 'sandbox', '-n', 'sentinel-sandboxes', '--audience', 'sentinel-gateway'],
        ...extra,
      ]);
      assert.equal(code, 1);
      assert.match(stderr, /belongs to Sentinel's operator alone/);
    }
  });
});

/** A way to the gateway from outside of any sandbox, for as long as `use` takes. */
async function outside(
  use: (ask: (bearer: string) => Promise<{ status: number; text: string }>) => Promise<void>,
): Promise<void> {
  const forward = spawn(
    join(paths.bin, 'kubectl'),
    ['--kubeconfig', admin.kubeconfig, 'port-forward', '-n', 'sentinel-system', 'service/sentinel-gateway', ':443'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  try {
    const port = await new Promise<number>((resolve, reject) => {
      forward.stdout.setEncoding('utf8').on('data', (text: string) => {
        const [, found] = /127\.0\.0\.1:(\d+)/.exec(text) ?? [];
        if (found) resolve(Number(found));
      });
      forward.once('exit', () => reject(new Error('kubectl port-forward ended')));
    });
    await use((bearer) => ask(port, bearer));
  } finally {
    forward.kill();
  }
}

function ask(port: number, bearer: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${bearer}` };
    const request = httpsRequest(
      { host: '127.0.0.1', port, path: '/version', rejectUnauthorized: false, headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.setTimeout(5000, () => request.destroy(new Error('timeout')));
    request.on('error', reject);
    request.end();
  });
}
