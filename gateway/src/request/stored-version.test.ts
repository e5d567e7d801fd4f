import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Transport, TransportRequest } from '@sentinel/kube';
import { Discovery } from './discovery.ts';
import { StoredVersions } from './stored-version.ts';

const GROUP = 'example.com';
const CRD = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rules.${GROUP}`;
const definition = (stored: string, served = true) => ({
  spec: { versions: ['v1', 'v2'].map((name) => ({ name, served: name === stored ? served : true, storage: name === stored })) },
});
const resources = (...names: string[]) => ({
  resources: names.map((name) => ({ name, kind: 'X', namespaced: true, verbs: ['get', 'patch'] })),
});
const group = (...versions: string[]) => ({ versions: versions.map((version) => ({ version })) });

type Answers = Record<string, { status?: number; body?: object }>;
function versions(answers: Answers): { of: StoredVersions; asked: string[] } {
  const asked: string[] = [];
  const request = async ({ path }: TransportRequest) => {
    asked.push(path);
    const { status = 200, body = {} } = answers[path] ?? { status: 404 };
    return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
  };
  const transport = { request } as unknown as Transport;
  return { of: new StoredVersions(transport, new Discovery(transport)), asked };
}

const at = (version: string, rest = 'rules/one', of = GROUP) => `/apis/${of}/${version}/namespaces/shop/${rest}`;

describe('A write of a custom resource', () => {
  const stored: Answers = { [CRD]: { body: definition('v2') } };

  for (const [method, path] of [
    ['PATCH', at('v2')],
    ['PUT', at('v2', 'rules/one/scale')],
    ['POST', at('v2', 'rules')],
    ['GET', at('v1')],
  ] as const)
    it(`is sent: ${method} ${path}`, async () => assert.equal(await versions(stored).of.refusal({ method, path }), undefined));

  for (const [method, path] of [
    ['PATCH', `${at('v1')}?dryRun=All`],
    ['PATCH', at('v1')],
    ['PUT', at('v1')],
    ['POST', at('v1', 'rules')],
    ['DELETE', at('v1')],
    ['PATCH', at('v1', 'rules/one/scale')],
    ['PATCH', at('v1', 'rules/one/status')],
  ] as const)
    it(`is refused by another version than the stored one: ${method} ${path}`, async () => {
      const refused = await versions(stored).of.refusal({ method, path });
      assert.equal(refused?.status, 403);
      assert.match(
        refused.message,
        /must be written as version 'v2', which is stored.*kubectl patch rules\.v2\.example\.com NAME/,
      );
    });

  it('is judged by the definition as it is at each write', async () => {
    const answers: Answers = { [CRD]: { body: definition('v1') } };
    const { of, asked } = versions(answers);
    assert.equal(await of.refusal({ method: 'PATCH', path: at('v1') }), undefined);
    answers[CRD] = { body: definition('v2') };
    assert.equal((await of.refusal({ method: 'PATCH', path: at('v1') }))?.status, 403);
    assert.deepEqual(asked, [CRD, CRD]);
  });

  for (const [name, answer, status, message] of [
    ['stores a version that is not served', { body: definition('v2', false) }, 403, /is not served/],
    ['is unreadable', { body: { spec: {} } }, 403, /nothing is written/],
    ['may not be read', { status: 403 }, 403, /HTTP 403.*nothing is written/],
    ['cannot be read now', { status: 500 }, 503, /send the request again/],
  ] as const)
    it(`is refused when the definition ${name}`, async () => {
      const refused = await versions({ [CRD]: answer }).of.refusal({ method: 'PATCH', path: at('v1') });
      assert.equal(refused?.status, status);
      assert.match(refused.message, message);
    });
});

describe('A write of a resource of the API server', () => {
  const autoscaling: Answers = {
    '/apis/autoscaling': { body: group('v2', 'v1') },
    '/apis/autoscaling/v2': { body: resources('horizontalpodautoscalers') },
    '/apis/autoscaling/v1': { body: resources('horizontalpodautoscalers', 'olds') },
  };
  const refusal = (version: string, resource = 'horizontalpodautoscalers') =>
    versions(autoscaling).of.refusal({ method: 'PATCH', path: at(version, `${resource}/one`, 'autoscaling') });

  it('is sent in the version that is preferred of those that have it', async () => {
    assert.equal(await refusal('v2'), undefined);
    assert.equal(await refusal('v1', 'olds'), undefined);
    const core = versions({ '/api/v1': { body: resources('configmaps') } });
    const path = '/api/v1/namespaces/shop/configmaps/one';
    assert.equal(await core.of.refusal({ method: 'PATCH', path }), undefined);
    assert.deepEqual(core.asked, ['/api/v1']);
  });

  it('is refused in another one', async () => {
    const refused = await refusal('v1');
    assert.equal(refused?.status, 403);
    assert.match(refused.message, /kubectl patch horizontalpodautoscalers\.v2\.autoscaling NAME/);
  });

  it('is refused when no version has it', async () => assert.equal((await refusal('v1', 'none'))?.status, 403));
});
