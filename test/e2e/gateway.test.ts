import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin } from '../lib/cluster.ts';
import {
  apps,
  type Case,
  change,
  checkAnswers,
  configMap,
  core,
  type Groups,
  merge,
  none,
  objects,
  patch,
  removeSent,
  type Sent,
  sendAll,
} from '../lib/hostile/raw-requests.ts';

// What the gateway makes of paths, queries and bodies, and what it shows of a rehearsal.

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
  ['debug flags', 'PUT', '/debug/flags/v', '9', { 'content-type': 'text/plain' }, 403, /is not a resource of the Kubernetes API/],
  ['metrics', 'GET', '/metrics', none, {}, 403, /is not a resource/],
  ['logs of the server', 'GET', '/logs/kube-apiserver.log', none, {}, 403, /is not a resource/],
  ['a write to information', 'POST', '/version', {}, {}, 403, /it is not a resource/],
  ['the version', 'GET', '/version', none, {}, 200, /^/],
  ['discovery', 'GET', '/apis', none, {}, 200, /APIGroupList/],
  ["the operator's door", 'GET', '/sentinel/v1/lock', none, {}, 403, /is not a resource/],
  ["the operator's resolution", 'POST', '/sentinel/v1/resolutions', {}, {}, 403, /is not a resource/],
  ["the operator's rollback", 'POST', '/sentinel/v1/rollbacks', {}, {}, 403, /is not a resource/],
  ['an unknown resource', 'GET', `${core}/nothings`, none, {}, 403, /'nothings' is not a resource/],
  ['an unknown group', 'GET', '/apis/none.example.com/v1/namespaces/NS/things', none, {}, 403, /is not known/],
  ['a path too deep', 'GET', `${core}/pods/a/b/c/d`, none, {}, 403, /goes on behind the subresource/],
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
  ['a delete with half a body', 'DELETE', `${core}/configmaps/held`, '{', {}, 400, /cannot be parsed/],
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
  ['a broken body', 'PUT', `${core}/configmaps/held`, '{', {}, 400, /cannot be parsed/],
  [
    'a bomb of aliases',
    'PATCH',
    `${core}/configmaps/held?fieldManager=x`,
    'a: &a [x]\nb: [*a,*a]',
    { 'content-type': 'application/apply-patch+yaml' },
    400,
    /cannot be parsed/,
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

const groups: Groups = {
  'send-paths': pathCases,
  'send-queries': [...queries, ...bodies],
  'send-rehearsed': [...bodies.slice(0, 1), ...rehearsed],
};

describe('The gateway, from inside a sandbox', { concurrency: false }, () => {
  let sent: Sent;
  before(async () => {
    sent = await sendAll('gw-gateway', groups);
  });
  after(() => removeSent(sent));

  it('reads a path once and sends on only what is plainly one resource', () => checkAnswers(sent, groups, 'send-paths'));
  it('rebuilds every query and every body, and refuses what it cannot read', () => checkAnswers(sent, groups, 'send-queries'));
  it('shows the rehearsed state in later reads', () => checkAnswers(sent, groups, 'send-rehearsed'));

  it('has persisted nothing of all this', async () => {
    assert.equal(await objects(sent.tenant), sent.begun);
    assert.equal((await admin.tryKubectl(['get', 'configmap', 'made', '-n', 'default'])).code, 1);
    assert.equal((await admin.tryKubectl(['get', 'validatingadmissionpolicybinding', 'sentinel-run-lock'])).code, 0);
  });
});
