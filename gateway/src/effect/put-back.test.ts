import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChanges, changeDigest, changesBetween } from './change.ts';
import { relativeTo } from './overlay.ts';
import { withPutBack } from './put-back.ts';
import { request } from './request.fixture.ts';

const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const container = (name: string, image: string) => ({ name, image });
const web = (replicas: number, ...containers: object[]) => ({
  metadata: { name: 'web' },
  spec: { replicas, template: { spec: { containers } } },
});

// `result` is what the API server's dry-run of the second write answers: the live object, as far as the write only puts back.
interface Row {
  readonly live: object;
  readonly rehearsed: object;
  readonly result: object;
  readonly real: object;
  readonly body: unknown;
  readonly type?: string;
  readonly verb?: string;
}

const rows: Record<string, Row> = {
  'by a merge patch': {
    live: web(3),
    rehearsed: web(0),
    result: web(3),
    real: web(3),
    body: { spec: { replicas: 3 } },
    type: MERGE,
  },
  'by a JSON patch': {
    live: web(3),
    rehearsed: web(0),
    result: web(3),
    real: web(3),
    body: [{ op: 'replace', path: '/spec/replicas', value: 3 }],
    type: 'application/json-patch+json',
  },
  'by an update': {
    live: web(3),
    rehearsed: web(0),
    result: web(3),
    real: web(3),
    body: web(3),
    verb: 'update',
  },
  'inside of a list, by name': {
    live: web(1, container('a', 'old'), container('b', 'old')),
    rehearsed: web(1, container('a', 'old'), container('b', 'new')),
    result: web(1, container('a', 'old'), container('b', 'old')),
    real: web(1, container('a', 'old'), container('b', 'old')),
    body: { spec: { template: { spec: { $setElementOrder: [], containers: [container('b', 'old')] } } } },
    type: STRATEGIC,
  },
  'beside another change, in the order of the real run': {
    live: web(3, container('a', 'old')),
    rehearsed: web(0, container('a', 'old')),
    result: web(3, container('a', 'new')),
    real: web(3, container('a', 'new')),
    body: { spec: { replicas: 3, template: { spec: { containers: [container('a', 'new')] } } } },
    type: STRATEGIC,
  },
  'by taking out what the first write added': {
    live: { metadata: { name: 'web', labels: { a: '1' } } },
    rehearsed: { metadata: { name: 'web', labels: { a: '1', b: '2' } } },
    result: { metadata: { name: 'web', labels: { a: '1' } } },
    real: { metadata: { name: 'web', labels: { a: '1' } } },
    body: { metadata: { labels: { b: null } } },
    type: MERGE,
  },
  'not at all, if the request does not set it': {
    live: web(3),
    rehearsed: web(0),
    result: { ...web(3), data: 1 },
    real: { ...web(0), data: 1 },
    body: { data: 1 },
    type: MERGE,
  },
};

describe('What a second write puts back', () => {
  for (const [name, { live, rehearsed, result, real, body, type = MERGE, verb = 'patch' }] of Object.entries(rows)) {
    it(`is recorded as the real run finds it: ${name}`, () => {
      const second = request({ verb }, { contentType: type, body: Buffer.from(JSON.stringify(body)) });
      const relative = relativeTo(rehearsed, changesBetween(live, result), type !== 'application/json-patch+json');
      const recorded = withPutBack(second, rehearsed, result, relative);
      assert.equal(changeDigest(recorded), changeDigest(changesBetween(rehearsed, real)));
      assert.deepEqual(applyChanges(rehearsed, recorded), real);
    });
  }

  it('is recorded for a write to the scale', () => {
    const second = request({ resource: 'deployments/scale' }, { subresource: 'scale' });
    const recorded = withPutBack(second, web(0), { metadata: { name: 'web' }, spec: { replicas: 3 } }, []);
    assert.deepEqual(recorded, [{ path: '/spec/replicas', before: 0, after: 3 }]);
  });

  it('is refused in a list whose entries moved', () => {
    const body = { spec: { template: { spec: { containers: [container('b', 'old')] } } } };
    const second = request({}, { contentType: STRATEGIC, body: Buffer.from(JSON.stringify(body)) });
    const rehearsed = web(1, container('n', 'x'), container('b', 'new'));
    assert.throws(() => withPutBack(second, rehearsed, web(1, container('b', 'old')), []), /make the change in one write/);
  });

  it('is nothing on an object that the rehearsal has not touched', () => {
    for (const rehearsed of [undefined, null]) assert.deepEqual(withPutBack(request(), rehearsed, web(1), []), []);
  });
});
