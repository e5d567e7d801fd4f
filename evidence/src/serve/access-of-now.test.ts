import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { digestOf, evidencePath } from '@sentinel/crds';
import { createAuthority } from '@sentinel/kube/certificates';
import { type Answer, type Asked, evidence, goodToken, type Said, Scene } from './server.fixture.ts';

const WRITE = '/sentinel/v1/evidence';
const digest = digestOf(evidence);
const ada = { 'x-remote-user': 'ada', 'x-remote-group': ['people', 'system:authenticated'] };
const writes = { method: 'POST', headers: { authorization: 'Bearer good' }, body: JSON.stringify({ evidence }) };

describe('The evidence of a namespace that was deleted, when its name is used again', () => {
  let scene: Scene;
  let ask: (path: string, asked?: Asked) => Promise<Answer>;
  const get = (path: string) => ask(path, { certificate: scene.proxy, headers: ada });

  before(async () => {
    scene = await new Scene().prepare();
    ask = await scene.start({ token: goodToken });
    assert.equal((await ask(WRITE, writes)).status, 200);
  });
  after(() => scene.close());

  const withRight = (namespaceUid: () => string | null, everywhere: boolean) => {
    scene.said = {
      token: goodToken,
      namespaceUid,
      allowed: ({ resourceAttributes }) => everywhere || resourceAttributes?.namespace === 'shop',
    };
  };

  it('is refused to the new owner, who knows the digest', async () => {
    for (const uid of ['n2', null]) {
      withRight(() => uid, false);
      const { status, code, body } = await get(evidencePath('shop', digest));
      assert.deepEqual([status, code], [403, 'EvidenceAccessDenied'], String(uid));
      assert.match(String(body.message), /which was deleted, so it needs .* of all namespaces/);
      assert.ok(!JSON.stringify(body).includes('restarted'));
    }
  });

  it('is answered to a reader of the actions of all namespaces', async () => {
    withRight(() => 'n2', true);
    assert.equal((await get(evidencePath('shop', digest))).status, 200);
    assert.deepEqual(scene.reviews.at(-1)?.resourceAttributes, {
      group: 'sentinel.dev',
      version: 'v1alpha1',
      resource: 'agentactions',
      verb: 'get',
    });
  });

  it('is refused where the name is used again while the right is checked', async () => {
    let isReviewed = false;
    scene.said = {
      namespaceUid: () => (isReviewed ? 'n2' : 'n1'),
      allowed: ({ resourceAttributes }) => {
        isReviewed = true;
        return resourceAttributes?.namespace === 'shop';
      },
    };
    assert.equal((await get(evidencePath('shop', digest))).status, 403);
  });

  it('is refused where the namespace cannot be read, or where the evidence does not name its own', async () => {
    withRight(() => {
      throw new Error('the API server is away');
    }, true);
    assert.equal((await get(evidencePath('shop', digest))).code, 'EvidenceAccessNotChecked');
    const { namespaceUid: _, ...action } = evidence.action;
    const older = { ...evidence, action };
    assert.equal((await ask(WRITE, { ...writes, body: JSON.stringify({ evidence: older }) })).status, 200);
    withRight(() => 'n1', false);
    assert.equal((await get(evidencePath('shop', digestOf(older)))).code, 'EvidenceAccessDenied');
  });
});

describe('An open connection', () => {
  let scene: Scene;
  let agent: Agent;
  before(async () => {
    scene = await new Scene().prepare();
  });
  beforeEach(() => {
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
  });
  afterEach(() => agent.destroy());
  after(() => scene.close());
  const start = async (said: Said = {}) => {
    const ask = await scene.start({ allowed: () => true, ...said });
    return () => ask('/apis', { certificate: scene.proxy, headers: ada, agent });
  };

  const cases = {
    'is not believed once its authority is another one': [async () => (await createAuthority('front-proxy', 1)).cert, 0, 401],
    'is believed while its authority is one of two': [
      async (own: string) => `${(await createAuthority('front-proxy', 1)).cert}${own}`,
      0,
      200,
    ],
    'is not believed once its certificate has expired': [async (own: string) => own, 7 * 86_400_000, 401],
  } as const;
  for (const [what, [authorityAfter, passed, status]] of Object.entries(cases))
    it(what, async () => {
      const get = await start();
      assert.equal((await get()).status, 200);
      const { frontProxy } = scene;
      assert.ok(frontProxy);
      scene.frontProxy = { ...frontProxy, authority: await authorityAfter(frontProxy.authority) };
      scene.now = () => Date.now() + passed;
      const { status: got, isLast, isReused } = await get();
      scene.now = Date.now;
      assert.deepEqual([got, isLast, isReused], [status, status === 401, true]);
    });

  it('is closed once the program stops, and a new one closes with its answer', async () => {
    const stop = new AbortController();
    const get = await start({ stopping: stop.signal });
    assert.deepEqual([(await get()).isLast, (await get()).isReused], [false, true]);
    stop.abort();
    while (Object.keys(agent.freeSockets).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const { status, isLast, isReused } = await get();
    assert.deepEqual([status, isLast, isReused], [200, true, false]);
  });
});
