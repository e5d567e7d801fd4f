import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin, eventually } from '../lib/cluster.ts';
import { loadedImages } from '../lib/images.ts';
import { oneStep } from '../lib/one-step.ts';
import { policyAbout } from '../lib/people/requester.ts';
import { type ActionView, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Ways around the gateway from inside a sandbox: in another encoding, and by way of another API server.

const GROUP = 'side.sentinel.example';
// Another API server, which is nobody: that the API server passes such requests on is enough, no matter who would answer them.
const apiService = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: `v1.${GROUP}` },
  spec: {
    group: GROUP,
    version: 'v1',
    groupPriorityMinimum: 100,
    versionPriority: 100,
    insecureSkipTLSVerify: true,
    service: { name: 'nobody', namespace: 'default', port: 443 },
  },
};

before(() => admin.apply(JSON.stringify(apiService)));
after(() => admin.kubectl(['delete', 'apiservice', `v1.${GROUP}`, '--ignore-not-found']));

// What runs in the sandbox: requests to the gateway, the answers as a result.
const driver = `
const fs = require('fs'), https = require('https');
const dir = '/var/run/secrets/kubernetes.io/serviceaccount/';
const read = (name) => fs.readFileSync(dir + name, 'utf8');
const send = ([method, path, body, type]) => new Promise((resolve) => {
  const bytes = body === undefined ? undefined : Buffer.from(body, 'base64');
  const request = https.request({ host: 'sentinel-gateway', port: 443, ca: read('ca.crt'), method, path: path.replaceAll('NS', read('namespace')),
    headers: { authorization: 'Bearer ' + read('token'), ...(bytes ? { 'content-type': type, 'content-length': bytes.length } : {}) } });
  request.on('response', (response) => {
    let text = '';
    response.on('data', (chunk) => { text += chunk; });
    response.on('end', () => resolve([response.statusCode, JSON.parse(text).message || JSON.parse(text).kind]));
  });
  request.on('error', (error) => resolve([0, error.code]));
  request.end(bytes);
});
(async () => {
  const out = [];
  for (const one of JSON.parse(process.argv[1])) out.push(await send(one));
  fs.writeFileSync(process.env.SENTINEL_RESULTS + '/report', JSON.stringify(out));
})();
`;

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
/** An object `made` with `a: secret` in its data, as Kubernetes writes it in protobuf: magic, then Unknown{typeMeta, raw}. */
function protobuf(kind: 'ConfigMap' | 'Secret', value = Buffer.from('secret')): string {
  const field = (number: number, bytes: Buffer) => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  const text = (number: number, value: string) => field(number, Buffer.from(value));
  const object = Buffer.concat([field(1, text(1, 'made')), field(2, Buffer.concat([text(1, 'a'), field(2, value)]))]);
  const unknown = Buffer.concat([field(1, Buffer.concat([text(1, 'v1'), text(2, kind)])), field(2, object)]);
  return Buffer.concat([Buffer.from('k8s\0'), unknown]).toString('base64');
}

describe('From inside a sandbox', { concurrency: false }, () => {
  let tenant: Tenant;
  let ended: ActionView;
  let answers: [number, string][];

  const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
  const requests = [
    ['POST', '/api/v1/namespaces/NS/configmaps', protobuf('ConfigMap'), PROTOBUF],
    ['POST', '/api/v1/namespaces/NS/configmaps?dryRun=All', protobuf('ConfigMap'), PROTOBUF],
    ['POST', '/api/v1/namespaces/NS/secrets', protobuf('Secret'), PROTOBUF],
    ['GET', `/apis/${GROUP}/v1/namespaces/NS/things`],
    [
      'POST',
      `/apis/${GROUP}/v1/namespaces/NS/things`,
      json({ apiVersion: `${GROUP}/v1`, kind: 'Thing', metadata: { name: 'made' } }),
      'application/json',
    ],
    ['DELETE', `/apis/${GROUP}/v1/namespaces/NS/things/made`],
    // The API server stores such bytes, and shows other ones alike.
    ['POST', '/api/v1/namespaces/NS/configmaps', protobuf('ConfigMap', Buffer.from([0x73, 0xff, 0x74])), PROTOBUF],
  ];

  before(async () => {
    const name = 'send';
    const playbook = oneStep(name, ['/usr/local/bin/node', '-e', driver, '--', JSON.stringify(requests)], {
      image: loadedImages().sentinel,
      more: '  results:\n  - {name: report, mediaType: application/json}\n',
    });
    const all = `
  kubernetes:
  - {apiGroups: ["*"], resources: ["*"], verbs: ["*"], decision: RequireApproval}
`;
    const open = policyAbout('rita', 1).replace(/\n {2}kubernetes:\n[\s\S]*?\n {2}approvals:/, `${all}  approvals:`);
    tenant = await makeTenant('side-inside', { playbooks: playbook, policy: open });
    // A replica of the gateway reads every half minute which APIs there are, says of others that it does not know them, and tries again after an error.
    await eventually('the gateway knows the other API server', async () => {
      ended = await tenant.until(await tenant.file(name), ['NoEffect', 'AwaitingApproval', 'RehearsalFailed', 'Denied']);
      answers = JSON.parse(ended.status?.results?.[0]?.content ?? assert.fail(messageOf(ended))) as [number, string][];
      return answers.every(([status, message]) => status !== 503 && !message.includes('is not known'));
    });
    assert.equal(stateOf(ended), 'AwaitingApproval', JSON.stringify(answers));
  });

  // `kubectl create` sends it. The query alone says whether a POST is a dry-run, so the bytes stay as they are; what comes of them is
  // asked for as JSON, and that is what people see.
  it('a create in protobuf is an effect like any other: seen whole, tried only, and refused for what may not be made', async () => {
    assert.deepEqual(answers.slice(0, 2), [
      [201, 'ConfigMap'],
      [201, 'ConfigMap'],
    ]);
    assert.equal(answers[2]?.[0], 403);
    assert.match(answers[2]?.[1] ?? '', /Secrets may not be touched from a sandbox|secrets may not be touched from a sandbox/);
    const plan = await admin.get<{
      spec: { effects: { verb: string; resource: string; name: string; change: { path: string; after?: string }[] }[] };
    }>(['actionplan', ended.status?.plan?.name ?? '', '-n', tenant.namespace]);
    assert.deepEqual(
      plan.spec.effects.map(({ verb, resource, name }) => [verb, resource, name]),
      [['create', 'configmaps', 'made']],
    );
    assert.ok(
      plan.spec.effects[0]?.change.some(({ path, after }) => path === '/data' && after === '{"a":"secret"}'),
      JSON.stringify(plan.spec.effects),
    );
    assert.equal((await admin.tryKubectl(['get', 'configmap', 'made', '-n', tenant.namespace])).code, 1);
  });

  it('a create in protobuf is refused where it holds a text that nobody could be shown', () =>
    assert.deepEqual(answers.at(-1), [415, 'sentinel: send JSON: the protobuf body holds a text that is not UTF-8']));

  it('an API of another server is refused, to read and to write', () => {
    for (const [status, message] of answers.slice(3, -1)) {
      assert.equal(status, 403, message);
      assert.match(message, /is served by another server, which need not honour a dry-run/);
    }
  });
});
