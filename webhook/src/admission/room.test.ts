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
