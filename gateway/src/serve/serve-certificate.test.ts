import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ParsedRequest } from '../request/parse.ts';
import type { Run } from '../run/run.ts';
import type { Upstream } from '../upstream.ts';
import { certificateOnly, readsSecrets, serveCertificate } from './serve-certificate.ts';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
const KEY = '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = (data: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 'web-tls',
    namespace: 'shop',
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data: { 'tls.key': base64(KEY) } }) },
    managedFields: [{}],
  },
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': base64(CERTIFICATE), 'tls.key': base64(KEY), ...data },
  stringData: { password: 'x' },
  ...more,
});
const shown = (object: unknown) => certificateOnly(object, 'web-tls', 'shop') as { data: Record<string, string> };
const request = (api: object = {}, subresource?: string) =>
  ({
    api: { verb: 'get', apiGroup: '', resource: 'secrets', namespace: 'shop', name: 'web-tls', ...api },
    base: 'secrets',
    version: 'v1',
    subresource,
    query: new Map([['watch', '1']]),
    accept: 'application/json;as=Table',
  }) as unknown as ParsedRequest;
const run = { stage: 'rehearsal', namespace: 'shop', account: 'inspector', actionUid: 'a' } as unknown as Run;

describe('A Secret that the floor let in', () => {
  it('is shown with its certificates alone', () => {
    assert.deepEqual(shown(secret({})), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'web-tls', namespace: 'shop' },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(CERTIFICATE) },
    });
  });
  it('is shown without a private key that somebody keeps beside the certificate', () => {
    const { data } = shown(secret({ 'tls.crt': base64(`${KEY}\n${CERTIFICATE}\npassword\n${CERTIFICATE}\n${KEY}`) }));
    assert.equal(Buffer.from(data['tls.crt'] ?? '', 'base64').toString(), `${CERTIFICATE}\n${CERTIFICATE}`);
  });
  it('is shown without what only looks like a certificate', () => {
    const fake = `-----BEGIN CERTIFICATE-----\npassword: "hunter2"\n-----END CERTIFICATE-----`;
    assert.deepEqual(shown(secret({ 'tls.crt': base64(fake) })).data, { 'tls.crt': '' });
    assert.deepEqual(shown(secret({ 'tls.crt': 7 })).data, { 'tls.crt': '' });
  });
  for (const [name, object] of [
    ['another type', secret({}, { type: 'Opaque' })],
    ['another kind', secret({}, { kind: 'Table' })],
    ['nothing', undefined],
    ['null', null],
  ] as const)
    it(`is refused for ${name}`, () => assert.throws(() => shown(object), /nothing of it is shown/));

  it('is read as JSON by its name, whatever the sandbox asks for', async () => {
    const sent: unknown[] = [];
    const upstream = {
      send: async (_run: Run, as: string, asked: object) => {
        sent.push([as, asked]);
        return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(secret({}))) };
      },
    } as unknown as Upstream;
    const answer = await serveCertificate(upstream, run, request());
    assert.deepEqual(sent, [
      ['rehearsal', { method: 'GET', path: '/api/v1/namespaces/shop/secrets/web-tls', headers: { accept: 'application/json' } }],
    ]);
    assert.doesNotMatch(JSON.stringify(answer), new RegExp(base64(KEY)));
  });
  for (const [name, asked] of [
    ['a list', request({ verb: 'list', name: undefined })],
    ['a watch', request({ verb: 'watch', name: undefined })],
    ['a watch of one', request({ verb: 'watch' })],
    ['all namespaces', request({ namespace: undefined })],
    ['a subresource', request({}, 'status')],
  ] as const)
    it(`is never read by ${name}`, async () => {
      assert.equal(readsSecrets(asked), true);
      const upstream = { send: () => assert.fail('the API server was asked') } as unknown as Upstream;
      await assert.rejects(serveCertificate(upstream, run, asked), /only one Secret at a time/);
    });
  it('tells nothing of an error of the API server', async () => {
    const upstream = { send: async () => ({ status: 404, headers: {}, body: Buffer.from('hunter2') }) } as unknown as Upstream;
    await assert.rejects(serveCertificate(upstream, run, request()), (error: Error) => !error.message.includes('hunter2'));
  });
});
