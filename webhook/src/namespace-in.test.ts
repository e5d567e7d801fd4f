import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HEAD_BYTES, namespaceIn, UNKNOWN_NAMESPACE } from './namespace-in.ts';

/** A review as the API server writes it: Go keeps the order of the fields. */
const review = (request: object) =>
  JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request: { uid: 'u', ...request } });
const kinds = {
  kind: { group: 'sentinel.dev', version: 'v1alpha1', kind: 'AgentAction' },
  resource: { group: 'sentinel.dev', version: 'v1alpha1', resource: 'agentactions' },
};
const after = {
  operation: 'CREATE',
  userInfo: { username: 'ada', extra: { namespace: ['bank'] } },
  object: { namespace: 'bank' },
};

describe('The namespace of a review', () => {
  const rows: readonly [what: string, text: string, namespace: string][] = [
    ['is read', review({ ...kinds, name: 'x', namespace: 'shop', ...after }), 'shop'],
    [
      'is read with the longest names',
      review({ ...kinds, name: 'x'.repeat(253), namespace: 'n'.repeat(63), ...after }),
      'n'.repeat(63),
    ],
    ['is read where the object has no name yet', review({ ...kinds, namespace: 'shop', ...after }), 'shop'],
    ['is empty for an object of the cluster', review({ ...kinds, name: 'floor', ...after }), ''],
    [
      'is not that of a name that looks like JSON',
      review({ ...kinds, name: 'x","namespace":"bank', namespace: 'shop', ...after }),
      'shop',
    ],
    ['is not that of a name that ends in a backslash', review({ ...kinds, name: 'x\\', namespace: 'shop', ...after }), 'shop'],
    ['is not that of another field', review({ kind: { namespace: 'bank' }, namespace: 'shop', ...after }), 'shop'],
    ['is not that of the review', JSON.stringify({ namespace: 'bank', request: { namespace: 'shop' } }), 'shop'],
    ['is not that of a list', JSON.stringify([{ request: { namespace: 'bank' } }]), UNKNOWN_NAMESPACE],
    ['may have spaces around it', JSON.stringify(JSON.parse(review({ ...kinds, namespace: 'shop' })), null, 2), 'shop'],
    [
      'is read after a name too long to be stored, up to some thousand characters',
      review({ ...kinds, name: 'x'.repeat(3_500), namespace: 'shop', ...after }),
      'shop',
    ],
    ['is unknown where it comes too late', review({ name: 'x'.repeat(HEAD_BYTES), namespace: 'shop' }), UNKNOWN_NAMESPACE],
    ['is unknown if it is not a text', review({ namespace: 7 }), UNKNOWN_NAMESPACE],
    ['is unknown in an empty body', '', UNKNOWN_NAMESPACE],
    ['is unknown where the text ends in it', '{"request":{"namespace":"sh', UNKNOWN_NAMESPACE],
  ];
  for (const [what, text, namespace] of rows) it(what, () => assert.equal(namespaceIn(text.slice(0, HEAD_BYTES)), namespace));
});
