import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AdmissionReview } from './review.ts';
import { requireRoom } from './room.ts';

const SPEC = 96 * 1024;
const text = (length: number) => 'x'.repeat(length);
const review = (object: object | null, oldObject?: object, resource = 'agentactions') =>
  AdmissionReview.parse({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      resource: { group: 'sentinel.dev', resource },
      operation: 'UPDATE',
      userInfo: { username: 'ada' },
      object: object && { metadata: {}, ...object },
      oldObject: oldObject && { metadata: {}, ...oldObject },
    },
  }).request;

describe('The room that an object takes', () => {
  const annotated = (pad: string) => ({ metadata: { annotations: { pad } } });
  const rows: readonly (readonly [string, ReturnType<typeof review>, RegExp?])[] = [
    ['is not asked of what is deleted', review(null, { spec: text(10 * SPEC) })],
    ['is enough for a whole spec', review({ spec: { goal: text(SPEC - 5) } })],
    ['is not enough for a longer one', review({ spec: { goal: text(SPEC - 4) } }), /at most 98304 characters/],
    ['is not enough for many short values', review({ spec: { list: Array(SPEC).fill(1) } }), /at most 98304 characters/],
    ['is larger for other objects', review({ spec: { list: Array(SPEC).fill(1) } }, undefined, 'playbooks')],
    ['may stay what it was', review({ spec: { goal: text(2 * SPEC) } }, { spec: { goal: text(2 * SPEC) } })],
    ['may not grow', review({ spec: { goal: text(2 * SPEC + 1) } }, { spec: { goal: text(2 * SPEC) } }), /at most 98304/],
    ['is enough for annotations that the API server stores', review(annotated(text(256 * 1024 - 3)))],
    ['is not enough for more of them', review(annotated(text(256 * 1024 - 2))), /annotations may have at most 262144 bytes/],
  ];
  for (const [name, request, refused] of rows)
    it(name, () => {
      if (refused) assert.throws(() => requireRoom(request), refused);
      else requireRoom(request);
    });
});

describe('The faults of a spec', () => {
  const action = { intent: { summary: 's' }, playbookRef: { name: 'fix' } };
  const referring = (references: readonly unknown[]) => ({ spec: { ...action, intent: { summary: 's', references } } });
  const empty = (count: number) => referring(Array(count).fill(''));
  const tooMany = /violates its schema in 64 places or more, the first of them is spec\.intent\.references/;

  it('are named by the API server while they are few', () => {
    for (const count of [0, 3, 15, 33]) requireRoom(review(empty(count)));
    requireRoom(review(referring(Array(16).fill('ticket'))));
  });

  it('are refused at once when they are many: the API server would compare each with all others', () => {
    assert.throws(() => requireRoom(review(empty(3_900))), tooMany);
    assert.throws(() => requireRoom(review(referring(Array(100).fill('ticket')))), tooMany);
    const steps = Array.from({ length: 3_000 }, () => ({}));
    assert.throws(() => requireRoom(review({ spec: { steps } }, undefined, 'playbooks')), /spec: correct it|spec\.steps/);
    assert.throws(() => requireRoom(review({ spec: { modes: steps } }, undefined, 'agentpolicies')), /spec\.modes/);
  });

  it('do not hold up an object that was stored under another schema', () =>
    requireRoom(review({ spec: { ...empty(100).spec, cancelled: true } }, empty(100))));

  it('are not looked for in objects of others', () =>
    requireRoom(review({ spec: { data: Array(100).fill('') } }, undefined, 'others')));
});
