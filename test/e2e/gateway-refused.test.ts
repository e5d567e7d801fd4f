import assert from 'node:assert/strict';
import { request as httpsRequest } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { admin } from '../lib/cluster.ts';
import { forwardPort } from '../lib/hostile/port-forward.ts';
import {
  type Case,
  change,
  checkAnswers,
  configMap,
  core,
  type Groups,
  merge,
  none,
  objects,
  post,
  protectedBy,
  removeSent,
  type Sent,
  sendAll,
} from '../lib/hostile/raw-requests.ts';

// What the gateway refuses for every caller, and which callers it refuses.

const own = (kind: string) => ({ apiVersion: 'sentinel.dev/v1alpha1', kind, metadata: { name: 'made' }, spec: {} });
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
    'reading an action where no rule names its group',
    'GET',
    '/apis/sentinel.dev/v1alpha1/namespaces/NS/agentactions',
    none,
    {},
    403,
    /list agentactions\.sentinel\.dev in namespace '[^']+' is denied: no rule allows it/,
  ],
  [
    'the status of an action',
    'GET',
    '/apis/sentinel.dev/v1alpha1/namespaces/NS/agentactions/x/status',
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

const groups: Groups = { 'send-refused': refused };

describe('The gateway', { concurrency: false }, () => {
  let sent: Sent;
  before(async () => {
    sent = await sendAll('gw-refused', groups);
  });
  after(() => removeSent(sent));

  it('refuses connections, tokens, Secrets, RBAC, admission, definitions, other namespaces and strangers', () =>
    checkAnswers(sent, groups, 'send-refused'));

  it('has persisted nothing of what was refused', async () => assert.equal(await objects(sent.tenant), sent.begun));

  it('turns away the token of a finished pod, tokens for the API server, and tokens of other accounts', async () => {
    const stolen = sent.ended.get('send-refused')?.status?.results?.find(({ name }) => name === 'stolen')?.content ?? '';
    assert.match(stolen, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    const forApi = (await admin.kubectl(['create', 'token', 'repair-agent', '-n', sent.tenant.namespace])).trim();
    const audience = ['--audience', 'sentinel-gateway'];
    const other = (await admin.kubectl(['create', 'token', 'repair-agent', '-n', sent.tenant.namespace, ...audience])).trim();
    const { port, close } = await forwardPort('service/sentinel-gateway');
    try {
      const late = await ask(port, stolen);
      assert.equal(late.status, 403, late.text);
      assert.match(late.text, /the pod has ended|the pod is gone/);
      for (const one of [forApi, other]) {
        const answer = await ask(port, one);
        assert.equal(answer.status, 401, answer.text);
        assert.match(answer.text, /not one for the gateway|not bound to a pod/);
      }
    } finally {
      close();
    }
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
