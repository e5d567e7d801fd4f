import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GATEWAY_AUDIENCE } from '@sentinel/crds';
import { Authenticator } from './authenticate.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = {
  aud: [GATEWAY_AUDIENCE],
  exp: NOW / 1000 + 600,
  'kubernetes.io': {
    namespace: 'sentinel-sandboxes',
    pod: { name: 'p', uid: 'u' },
    serviceaccount: { name: 'sandbox', uid: 's' },
  },
};
const tokenOf = (changed: object = {}, signature = 'good') =>
  `Bearer ${part({ alg: 'RS256' })}.${part({ ...claims, ...changed })}.${signature}`;
const kubernetes = (changed: object) => ({ 'kubernetes.io': { ...claims['kubernetes.io'], ...changed } });

/** An API server that knows one signature, and counts how often it is asked. */
function world() {
  const state = { now: NOW, reviews: 0, authenticated: true };
  const client = {
    async tokenReview({ token }: { token: string }) {
      state.reviews += 1;
      await Promise.resolve();
      if (!token.endsWith('.good') || !state.authenticated) return { authenticated: false };
      return {
        authenticated: true,
        audiences: [GATEWAY_AUDIENCE],
        user: {
          username: 'system:serviceaccount:sentinel-sandboxes:sandbox',
          extra: { 'authentication.kubernetes.io/pod-name': ['p'], 'authentication.kubernetes.io/pod-uid': ['u'] },
        },
      };
    },
  };
  return { state, authenticator: new Authenticator(client, () => state.now) };
}

describe('A token', () => {
  const refused: Record<string, { authorization: string | undefined; message: RegExp }> = {
    'that is missing': { authorization: undefined, message: /no token of the gateway/ },
    'that is not a JWT': { authorization: 'Bearer abc', message: /not one for the gateway/ },
    'that cannot be read': { authorization: 'Bearer a.b.c', message: /not one for the gateway/ },
    'for another audience': {
      authorization: tokenOf({ aud: ['https://kubernetes.default.svc'] }),
      message: /not one for the gateway/,
    },
    'that has expired': { authorization: tokenOf({ exp: NOW / 1000 }), message: /has expired/ },
    'without a pod': { authorization: tokenOf(kubernetes({ pod: undefined })), message: /not bound to a pod/ },
    'of another namespace': {
      authorization: tokenOf(kubernetes({ namespace: 'shop' })),
      message: /not authorized to use the gateway/,
    },
  };
  for (const [what, { authorization, message }] of Object.entries(refused))
    it(`${what} is refused without a TokenReview`, async () => {
      const { state, authenticator } = world();
      await assert.rejects(authenticator.authenticate(authorization, 's'), (error: { status: number; message: string }) => {
        assert.match(error.message, message);
        return error.status === 401;
      });
      assert.equal(state.reviews, 0);
    });

  it('that is good is reviewed once for all who ask at a time, and again after five seconds', async () => {
    const { state, authenticator } = world();
    const callers = await Promise.all(Array.from({ length: 50 }, () => authenticator.authenticate(tokenOf(), 's')));
    assert.deepEqual(callers[0], { kind: 'sandbox', pod: { name: 'p', uid: 'u' } });
    await authenticator.authenticate(tokenOf(), 's');
    assert.equal(state.reviews, 1);
    state.now += 5_001;
    state.authenticated = false;
    await assert.rejects(authenticator.authenticate(tokenOf(), 's'), { status: 401 });
    assert.equal(state.reviews, 2);
  });

  it('that is forged is reviewed once, however often it is sent', async () => {
    const { state, authenticator } = world();
    const forged = tokenOf({}, 'bad');
    for (let at = 0; at < 50; at++) await assert.rejects(authenticator.authenticate(forged, 's'), { status: 401 });
    assert.equal(state.reviews, 1);
  });

  it('that is another forged one each time soon costs no review any more, and stops nobody else', async () => {
    const { state, authenticator } = world();
    await authenticator.authenticate(tokenOf(), 'good');
    const statuses: number[] = [];
    for (let at = 0; at < 200; at++)
      await authenticator
        .authenticate(tokenOf({}, `bad${at}`), 'hostile')
        .catch((error: { status: number }) => statuses.push(error.status));
    assert.equal(state.reviews, 11);
    assert.deepEqual([...new Set(statuses)], [401, 429]);
    await authenticator.authenticate(tokenOf({ jti: 'other' }), 'good');
    state.now += 60_000;
    // One that was good before is no guess, wherever it comes from.
    await authenticator.authenticate(tokenOf(), 'hostile');
  });

  it('that is new and good is never stopped at a source that only sends good ones', async () => {
    const { authenticator } = world();
    for (let at = 0; at < 100; at++) await authenticator.authenticate(tokenOf({ jti: String(at) }), 's');
  });
});
