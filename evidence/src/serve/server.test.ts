import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { digestOf, evidencePath } from '@sentinel/crds';
import { createAuthority } from '@sentinel/kube/certificates';
import { issueClientCertificate } from './client-certificate.fixture.ts';
import { type Answer, type Asked, evidence, goodToken, Scene } from './server.fixture.ts';

const GROUP = '/apis/evidence.sentinel.dev';
const WRITE = '/sentinel/v1/evidence';
const digest = digestOf(evidence);
const ada = { 'x-remote-user': 'ada', 'x-remote-group': ['people', 'system:authenticated'] };
const writes = { method: 'POST', headers: { authorization: 'Bearer good' }, body: JSON.stringify({ evidence }) };

describe('The evidence store', () => {
  let scene: Scene;
  before(async () => {
    scene = await new Scene().prepare();
  });
  beforeEach(() => void scene.reviews.splice(0));
  after(() => scene.close());

  describe('as an aggregated API', () => {
    let ask: (path: string, asked?: Asked) => Promise<Answer>;
    /** Asks as the API server does, for a user. */
    const get = (path: string, headers: Asked['headers'] = ada, more: Asked = {}) =>
      ask(path, { certificate: scene.proxy, headers, ...more });

    before(async () => {
      ask = await scene.start({ token: goodToken });
      assert.equal((await ask(WRITE, writes)).status, 200);
    });
    beforeEach(() => {
      scene.said = { allowed: () => true };
    });

    it('answers who may get the action, and asks for exactly that right of exactly that identity', async () => {
      const { status, body } = await get(evidencePath('shop', digest), {
        ...ada,
        'x-remote-uid': 'uid-1',
        'x-remote-extra-acme.io%2fproject': ['a', 'b'],
      });
      assert.equal(status, 200);
      assert.deepEqual(body.metadata, { name: digest, namespace: 'shop' });
      assert.equal(digestOf(body.spec), digest);
      assert.deepEqual(scene.reviews, [
        {
          user: 'ada',
          uid: 'uid-1',
          groups: ['people', 'system:authenticated'],
          extra: { 'acme.io/project': ['a', 'b'] },
          resourceAttributes: {
            group: 'sentinel.dev',
            version: 'v1alpha1',
            resource: 'agentactions',
            verb: 'get',
            namespace: 'shop',
            name: 'repair',
          },
        },
      ]);
    });

    it('asks for the identity whose name is not ASCII, and for nobody else', async () => {
      // Node writes and reads headers in Latin-1, and the API server writes UTF-8.
      const onTheWire = (name: string) => Buffer.from(name).toString('latin1');
      const { status } = await get(evidencePath('shop', digest), {
        'x-remote-user': onTheWire('josé'),
        'x-remote-group': [onTheWire('Prüfer')],
        'x-remote-extra-team': [onTheWire('東京')],
      });
      assert.equal(status, 200);
      const [{ user, groups, extra } = {}] = scene.reviews;
      assert.deepEqual({ user, groups, extra }, { user: 'josé', groups: ['Prüfer'], extra: { team: ['東京'] } });
      await get(evidencePath('shop', digest), { 'x-remote-user': onTheWire('\ufeffada') });
      assert.equal(scene.reviews[1]?.user, '\ufeffada');
      const { code } = await get(evidencePath('shop', digest), { 'x-remote-user': 'jos\u00e9' });
      assert.deepEqual([code, scene.reviews.length], ['FrontProxyRequired', 2]);
    });

    it('refuses anyone who may not get the action, with a Status', async () => {
      scene.said = { allowed: () => false };
      const { status, body, code } = await get(evidencePath('shop', digest));
      assert.deepEqual([status, code], [403, 'EvidenceAccessDenied']);
      assert.deepEqual(
        [body.kind, body.apiVersion, body.status, body.reason, body.code],
        ['Status', 'v1', 'Failure', 'Forbidden', 403],
      );
      assert.ok(!JSON.stringify(body).includes('restarted'));
    });

    it('refuses when the right cannot be checked', async () => {
      scene.said = {
        allowed: () => {
          throw new Error('the API server is away');
        },
      };
      const { status, code } = await get(evidencePath('shop', digest));
      assert.deepEqual([status, code], [503, 'EvidenceAccessNotChecked']);
    });

    it('has no evidence in another namespace, whatever rights somebody has there', async () => {
      const { status, code } = await get(evidencePath('other', digest));
      assert.deepEqual([status, code, scene.reviews], [404, 'EvidenceNotFound', []]);
    });

    it('has no evidence that was not stored', async () => {
      assert.equal((await get(evidencePath('shop', `sha256:${'0'.repeat(64)}`))).status, 404);
    });

    const paths = {
      'a path that leads up': `${GROUP}/v1alpha1/namespaces/shop/evidence/../../../../etc/passwd`,
      'a path that leads up, encoded': `${GROUP}/v1alpha1/namespaces/shop/evidence/..%2f..%2fmeta%2f${digest.slice(7)}`,
      'a path that leads up, encoded twice': `${GROUP}/v1alpha1/namespaces/shop/evidence/%252e%252e%252fmeta`,
      'a digest with something behind it': `${evidencePath('shop', digest)}/..`,
      'a digest with a zero byte behind it': `${evidencePath('shop', digest)}%00`,
      'a namespace that leads up': `${GROUP}/v1alpha1/namespaces/..%2fshop/evidence/${digest}`,
      'an encoding that is not one': `${GROUP}/v1alpha1/namespaces/shop/evidence/%zz`,
      'a name of the prototype': '/constructor',
      'the list of a namespace': `${GROUP}/v1alpha1/namespaces/shop/evidence`,
    };
    for (const [what, path] of Object.entries(paths))
      it(`does not serve ${what}`, async () => {
        const { status, code } = await get(path);
        assert.deepEqual([status, code, scene.reviews], [404, 'EvidencePathUnknown', []]);
      });

    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      it(`refuses ${method}: evidence is not changed`, async () => {
        const { status, code } = await get(evidencePath('shop', digest), ada, { method });
        assert.deepEqual([status, code], [405, 'EvidenceMethodNotAllowed']);
      });

    it('shows nothing that was altered in the volume', async () => {
      const file = join(scene.folder, 'objects', digest.slice(7));
      const stored = readFileSync(file, 'utf8');
      writeFileSync(file, stored.replace('restarted', 'untouched'));
      const { status, code, body } = await get(evidencePath('shop', digest));
      writeFileSync(file, stored);
      assert.deepEqual([status, code], [500, 'EvidenceAltered']);
      assert.ok(!JSON.stringify(body).includes('untouched'));
    });

    it('has the discovery documents of its group', async () => {
      const list = await get('/apis');
      assert.equal((list.body.groups as { name: string }[])[0]?.name, 'evidence.sentinel.dev');
      assert.equal((await get(GROUP)).body.kind, 'APIGroup');
      for (const path of ['/openapi/v2', '/openapi/v3']) assert.deepEqual((await get(path)).body.paths, {});
      const { body } = await get(`${GROUP}/v1alpha1`);
      assert.deepEqual(
        [body.kind, body.groupVersion, body.resources],
        [
          'APIResourceList',
          'evidence.sentinel.dev/v1alpha1',
          [{ name: 'evidence', singularName: 'evidence', namespaced: true, kind: 'Evidence', verbs: ['get'] }],
        ],
      );
    });

    it('has aggregated discovery for who asks for it, in the version that is asked for', async () => {
      const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
      const v2beta1 = v2.replace('v=v2', 'v=v2beta1');
      for (const [accept, type, kind] of [
        [`${v2},${v2beta1}`, v2, 'APIGroupDiscoveryList'],
        [
          `application/vnd.kubernetes.protobuf;v=v2;as=APIGroupDiscoveryList,${v2beta1}, application/json`,
          v2beta1,
          'APIGroupDiscoveryList',
        ],
        ['application/json', 'application/json', 'APIGroupList'],
        ['*/*', 'application/json', 'APIGroupList'],
      ] as const) {
        const found = await get('/apis', { ...ada, accept });
        assert.deepEqual([found.status, found.type, found.body.kind], [200, type, kind], accept);
      }
    });
  });

  describe('of the callers of its API', () => {
    it('refuses each one without the client certificate of the aggregation layer, whatever its headers say', async () => {
      const ask = await scene.start({ allowed: () => true });
      const stranger = await createAuthority('front-proxy', 1);
      const certificates = {
        none: undefined,
        'of another authority': await issueClientCertificate(stranger, 'front-proxy-client'),
        'of another name': await issueClientCertificate(scene.proxyAuthority, 'somebody'),
        'of its own authority': await issueClientCertificate(scene.authority, 'front-proxy-client'),
      };
      for (const [what, certificate] of Object.entries(certificates))
        for (const path of [evidencePath('shop', digest), '/apis', `${GROUP}/v1alpha1`, '/other']) {
          const { status, code, body } = await ask(path, { headers: ada, ...(certificate ? { certificate } : {}) });
          assert.deepEqual([status, code, body.kind], [401, 'FrontProxyRequired', 'Status'], `${what}: ${path}`);
        }
      assert.deepEqual(scene.reviews, []);
    });

    it('takes any name of that authority where the API server allows any', async () => {
      const ask = await scene.start({ allowed: () => true, names: [] });
      const certificate = await issueClientCertificate(scene.proxyAuthority, 'somebody');
      assert.equal((await ask('/apis', { certificate, headers: ada })).status, 200);
    });

    it('refuses a request that does not name exactly one user', async () => {
      const ask = await scene.start({ allowed: () => true });
      for (const headers of [
        {},
        { 'x-remote-user': '' },
        { 'x-remote-user': ['ada', 'bob'] },
        { 'x-remote-group': 'system:masters' },
      ]) {
        const { status, code } = await ask('/apis', { certificate: scene.proxy, headers });
        assert.deepEqual([status, code], [401, 'FrontProxyRequired'], JSON.stringify(headers));
      }
    });

    it('refuses everybody where the cluster has no aggregation layer', async () => {
      const ask = await scene.start({ allowed: () => true, withoutProxy: true });
      assert.equal((await ask('/apis', { certificate: scene.proxy, headers: ada })).status, 401);
    });
  });

  describe('of those who store', () => {
    const refused = {
      'without a token': [{}, goodToken],
      'with a token that the API server does not know': [writes.headers, { authenticated: false }],
      'with a token for another audience': [writes.headers, { ...goodToken, audiences: ['sentinel-gateway'] }],
      'with a token of another account': [
        writes.headers,
        { ...goodToken, user: { ...goodToken.user, username: 'system:serviceaccount:sentinel-sandboxes:sandbox' } },
      ],
      'with a token that is not bound to a pod': [writes.headers, { ...goodToken, user: { username: goodToken.user.username } }],
    } as const;
    for (const [what, [headers, token]] of Object.entries(refused))
      it(`refuses one ${what}`, async () => {
        const ask = await scene.start({ token: { ...token, audiences: [...('audiences' in token ? token.audiences : [])] } });
        const { status, code } = await ask(WRITE, { ...writes, headers });
        assert.deepEqual([status, code], [401, 'WriterTokenInvalid']);
      });

    it('refuses the aggregation layer: a person cannot store anything', async () => {
      const ask = await scene.start({ token: { authenticated: false } });
      assert.equal((await ask(WRITE, { ...writes, headers: ada, certificate: scene.proxy })).status, 401);
    });

    it('answers the digest, and the same one again', async () => {
      const ask = await scene.start({ token: goodToken });
      for (let time = 0; time < 2; time++) assert.deepEqual((await ask(WRITE, writes)).body, { digest });
      assert.deepEqual(readdirSync(join(scene.folder, 'objects')), [digest.slice(7)]);
    });

    it('says before a run whether it has room for the namespace', async () => {
      const path = `${WRITE}?namespace=shop`;
      const { headers } = writes;
      const room = await scene.start({ token: goodToken, limit: 100_000_000 });
      assert.equal((await room(path, { headers })).status, 200);
      assert.equal((await room(WRITE, { headers })).code, 'EvidenceInvalid');
      assert.equal((await room(path, { headers: ada, certificate: scene.proxy })).code, 'WriterTokenInvalid');
      const full = await scene.start({ token: goodToken, limit: 4_000_000 });
      assert.equal((await full(path, { headers })).code, 'EvidenceStorageFull');
    });

    it('refuses what is not evidence', async () => {
      const ask = await scene.start({ token: goodToken });
      for (const body of [
        '',
        'no',
        '{}',
        JSON.stringify({ evidence: { ...evidence, more: 1 } }),
        JSON.stringify({ evidence: { ...evidence, action: { ...evidence.action, namespace: '../x' } } }),
      ])
        assert.deepEqual((await ask(WRITE, { ...writes, body })).code, 'EvidenceInvalid', body);
    });

    it('says that it is full', async () => {
      const ask = await scene.start({ token: goodToken, limit: 100 });
      const other = { ...evidence, job: 'another' };
      const { status, code } = await ask(WRITE, { ...writes, body: JSON.stringify({ evidence: other }) });
      assert.deepEqual([status, code], [507, 'EvidenceStorageFull']);
    });

    it('has an address that tries many tokens wait', async () => {
      const ask = await scene.start({ token: { authenticated: false } });
      const codes = new Set<string | undefined>();
      for (let time = 0; time < 60 && !codes.has('EvidenceBusy'); time++) codes.add((await ask(WRITE, writes)).code);
      assert.ok(codes.has('EvidenceBusy'));
    });
  });
});
