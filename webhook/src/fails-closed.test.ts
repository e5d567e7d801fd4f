import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { annotations } from '@sentinel/crds';
import { silentLogger } from '@sentinel/kube';
import { createAuthority } from '@sentinel/kube/certificates';
import { createWebhookServer, type WebhookContext } from './server.ts';

type App = ReturnType<typeof createWebhookServer>;

interface Review {
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly patch?: string;
    readonly warnings?: string[];
    readonly status?: { readonly code: number; readonly message: string };
  };
}

const GROUP = 'sentinel.dev';
const metadata = { name: 'x', namespace: 'shop', uid: 'u' };
const withAnnotations = (more: Record<string, string>) => ({ metadata: { ...metadata, annotations: more } });
const action = { intent: { summary: 's' }, playbookRef: { name: 'fix' } };
const requestedBy = { [annotations.requestedBy]: JSON.stringify({ user: 'ada', uid: '', groups: [] }) };
const playbook = { description: 'd' };

/** An AdmissionReview, with what a test puts in the place of its parts. */
const reviewOf = (request: object, more: object = {}) => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'r1',
    resource: { group: GROUP, resource: 'agentactions' },
    operation: 'CREATE',
    namespace: 'shop',
    name: 'x',
    userInfo: { username: 'ada' },
    object: { metadata, spec: action },
    ...request,
  },
  ...more,
});
const of = (resource: string, operation: string, object: object | null, oldObject: object | null = null) => ({
  resource: { group: GROUP, resource },
  operation,
  object,
  oldObject,
});

/** All that the webhook asks fails. The journal of acts only if nothing else is asked. */
function failing(fail: () => unknown, journalFails = true): WebhookContext {
  const all = (target: object): object => new Proxy(target, { get: () => () => fail() });
  return {
    authorizer: all({}),
    policies: all({}),
    quota: all({}),
    definitions: { require: () => undefined, release: () => undefined },
    acts: journalFails ? all({}) : { write: async () => undefined },
    key: () => fail(),
    logger: silentLogger,
  } as unknown as WebhookContext;
}

describe('A webhook that cannot check', () => {
  let pair: Awaited<ReturnType<typeof createAuthority>>;
  const apps: App[] = [];
  before(async () => {
    pair = await createAuthority('own', 1);
  });
  after(() => Promise.all(apps.map((app) => app.close())));
  const start = (context: WebhookContext): App => {
    const app = createWebhookServer(pair, context);
    apps.push(app);
    return app;
  };
  const send = async (app: App, path: string, body: unknown) => {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await app.inject({ method: 'POST', url: path, headers: { 'content-type': 'application/json' }, payload });
    return { status: answer.statusCode, body: answer.body };
  };
  const judge = async (app: App, path: string, request: object) => {
    const { status, body } = await send(app, path, reviewOf(request));
    assert.equal(status, 200);
    return (JSON.parse(body) as Review).response;
  };

  const checked: readonly [what: string, path: string, request: object][] = [
    ['creates an action', '/mutate', {}],
    [
      'edits an action',
      '/mutate',
      of(
        'agentactions',
        'UPDATE',
        { ...withAnnotations(requestedBy), spec: { ...action, intent: { summary: 't' } } },
        { ...withAnnotations(requestedBy), spec: action },
      ),
    ],
    [
      'decides on an action',
      '/mutate',
      of(
        'agentactions',
        'UPDATE',
        {
          ...withAnnotations({ ...requestedBy, [annotations.decision]: 'approve', [annotations.plan]: 'sha256:aa' }),
          spec: action,
        },
        { ...withAnnotations(requestedBy), spec: action, status: { plan: { digest: 'sha256:aa' } } },
      ),
    ],
    [
      'trusts a Playbook',
      '/mutate',
      of(
        'playbooks',
        'UPDATE',
        { ...withAnnotations({ [annotations.trust]: 'sha256:aa' }), spec: playbook },
        { metadata, spec: playbook },
      ),
    ],
    [
      'withdraws trust in a Playbook',
      '/mutate',
      of(
        'playbooks',
        'UPDATE',
        { ...withAnnotations({ [annotations.trust]: 'withdraw:sha256:aa' }), spec: playbook },
        { metadata, spec: playbook },
      ),
    ],
    [
      'writes a decision that nobody sealed',
      '/validate',
      of(
        'agentactions',
        'UPDATE',
        { ...withAnnotations({ [annotations.approvals]: '{"decision":"approve"}' }), spec: action },
        { metadata, spec: action },
      ),
    ],
    ['creates a policy', '/validate', of('agentpolicies', 'CREATE', { metadata, spec: {} })],
    ['edits a policy', '/validate', of('agentpolicies', 'UPDATE', { metadata, spec: { modes: [] } }, { metadata, spec: {} })],
    ['deletes a policy', '/validate', of('agentpolicies', 'DELETE', null, { metadata, spec: {} })],
    [
      'edits the floor',
      '/validate',
      of('clusteragentpolicies', 'UPDATE', { metadata, spec: { modes: [] } }, { metadata, spec: {} }),
    ],
    [
      'turns a kill switch off',
      '/validate',
      of('agentpolicies', 'UPDATE', { metadata, spec: {} }, { metadata, spec: { suspended: true } }),
    ],
    ['creates a Playbook', '/validate', of('playbooks', 'CREATE', { metadata, spec: playbook })],
  ];
  const failures: readonly [how: string, fail: () => unknown][] = [
    ['is told nothing', () => Promise.reject(new Error('ETIMEDOUT'))],
    [
      'throws',
      () => {
        throw new TypeError('x is not a function');
      },
    ],
    ['gets a rejection that is not an Error', () => Promise.reject('no')],
    ['gets an answer without what it asked for', async () => null],
  ];
  // Where a fault of the journal is expected as a text, null is no fault: that answer is not one of its own.
  for (const [what, path, request] of checked)
    for (const [how, fail] of failures)
      if (!(how.includes('without') && what === 'creates a Playbook'))
        it(`refuses a user who ${what} when it ${how}`, async () => {
          const { allowed, uid, patch, status } = await judge(start(failing(fail, what === 'creates a Playbook')), path, request);
          assert.deepEqual([allowed, uid, patch], [false, 'r1', undefined], JSON.stringify(status));
          assert.match(status?.message ?? '', /^sentinel: /);
        });

  it('lets nobody edit a policy or a Playbook when it cannot be written down who does, and lets people stop', async () => {
    const written = { write: async () => 'the journal is full' };
    const policies = { agents: async () => [] };
    const app = start({ ...failing(() => undefined), acts: written, policies } as unknown as WebhookContext);
    for (const request of [
      of('playbooks', 'CREATE', { metadata, spec: playbook }),
      of('agentpolicies', 'UPDATE', { metadata, spec: { modes: ['DryRun'] } }, { metadata, spec: {} }),
    ]) {
      const { allowed, status } = await judge(app, '/validate', request);
      assert.equal(allowed, false);
      assert.match(status?.message ?? '', /cannot be recorded, so it is refused: the journal is full/);
    }
    const stops = of('agentpolicies', 'UPDATE', { metadata, spec: { suspended: true } }, { metadata, spec: {} });
    const { allowed, warnings } = await judge(app, '/validate', stops);
    assert.equal(allowed, true);
    assert.match(warnings?.[0] ?? '', /is not in Sentinel's audit trail: the journal is full/);
  });

  const malformed: readonly [what: string, body: unknown][] = [
    ['nothing', ''],
    ['no JSON', '{'],
    ['null', null],
    ['a text', '"review"'],
    ['a list', [reviewOf({})]],
    ['an older version', reviewOf({}, { apiVersion: 'admission.k8s.io/v1beta1' })],
    ['a newer version', reviewOf({}, { apiVersion: 'admission.k8s.io/v2' })],
    ['another kind', reviewOf({}, { kind: 'ConversionReview' })],
    ['no request', { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }],
    [
      'an answer in the place of a request',
      { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { allowed: true } },
    ],
    ['no uid', reviewOf({ uid: undefined })],
    ['a uid that is not a text', reviewOf({ uid: 1 })],
    ['an unknown operation', reviewOf({ operation: 'PATCH' })],
    ['an operation in small letters', reviewOf({ operation: 'create' })],
    ['no user', reviewOf({ userInfo: undefined })],
    ['a user without a name', reviewOf({ userInfo: {} })],
    ['groups that are not a list', reviewOf({ userInfo: { username: 'ada', groups: 'system:masters' } })],
    ['groups that are not texts', reviewOf({ userInfo: { username: 'ada', groups: [{}] } })],
    ['no resource', reviewOf({ resource: 'agentactions' })],
    ['an object without metadata', reviewOf({ object: { spec: action } })],
    ['annotations that are not texts', reviewOf({ object: { metadata: { annotations: { a: 1 } }, spec: action } })],
    ['finalizers that are not a list', reviewOf({ object: { metadata: { finalizers: {} }, spec: action } })],
    ['a list of objects', reviewOf({ object: [{ metadata }] })],
    ['a dry-run that is neither true nor false', reviewOf({ dryRun: 'false' })],
    ['a prototype', JSON.stringify(reviewOf({})).replace('"spec":{', '"spec":{"__proto__":{"a":1},')],
  ];
  for (const [what, body] of malformed)
    it(`gives no verdict on ${what}`, async () => {
      const app = start(failing(() => undefined));
      for (const path of ['/mutate', '/validate']) {
        const answer = await send(app, path, body);
        assert.equal(answer.status, body === '' ? 411 : 400, answer.body);
        assert.doesNotMatch(answer.body, /"allowed"/);
      }
    });

  it('knows no other path, method or type of body', async () => {
    const app = start(failing(() => undefined));
    const payload = JSON.stringify(reviewOf({}));
    const ask = async (method: 'GET' | 'POST' | 'PUT', url: string, type = 'application/json') =>
      (await app.inject({ method, url, headers: { 'content-type': type }, ...(method === 'GET' ? {} : { payload }) })).statusCode;
    for (const path of ['/', '/mutate/', '/Mutate', '/convert', '//mutate']) assert.equal(await ask('POST', path), 404, path);
    assert.deepEqual([await ask('GET', '/mutate'), await ask('PUT', '/mutate')], [404, 404]);
    assert.deepEqual(
      [await ask('POST', '/mutate', 'text/plain'), await ask('POST', '/validate', 'application/yaml')],
      [415, 415],
    );
  });
});
