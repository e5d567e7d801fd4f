import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { annotations } from '@sentinel/crds';
import { sealRecord } from '@sentinel/policy';
import { AdmissionReview, Denied } from './review.ts';
import { requireSealedDecisions } from './sealed.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const keys = async () => new Map([['k1', publicKey]]);
const record = (user: string) => ({
  action: 'uid',
  plan: `sha256:${'0'.repeat(64)}`,
  user,
  uid: '',
  groups: ['sre'],
  extra: {},
  decision: 'approve' as const,
  time: '2026-01-01T00:00:00.000Z',
});
const sealed = (user: string) => JSON.stringify(sealRecord(record(user), 'k1', privateKey));
const unsealed = (key: string) => JSON.stringify({ ...record('ada'), key, seal: 'AAAA' });

const update = (before: string | undefined, after: string | undefined, dryRun = false) => {
  const object = (text: string | undefined) => ({
    metadata: { name: 'a', annotations: text === undefined ? {} : { [annotations.approvals]: text } },
  });
  return AdmissionReview.parse({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '1',
      resource: { group: 'sentinel.dev', resource: 'agentactions' },
      operation: 'UPDATE',
      userInfo: { username: 'ada' },
      object: object(after),
      oldObject: object(before),
      dryRun,
    },
  }).request;
};

describe('A decision that is about to be stored', () => {
  const [first, second] = [sealed('ada'), sealed('bea')];
  const rows: readonly [name: string, request: ReturnType<typeof update>, refused?: RegExp][] = [
    ['is let through when it is sealed', update(undefined, first)],
    ['is let through behind another', update(first, `${first}\n${second}`)],
    ['is let through in a dry-run, which has no seal', update(undefined, unsealed('k1'), true)],
    ['is not checked if nothing changes', update(first, first)],
    ['is refused without a seal', update(undefined, unsealed('k1')), /its seal does not verify/],
    ['is refused behind one with a seal', update(first, `${first}\n${unsealed('k1')}`), /its seal does not verify/],
    ['is refused with a key that is not known', update(undefined, unsealed('k2')), /'k2', which is not known/],
    ['is refused where it cannot be read', update(first, `${first}\n{}`), /it cannot be parsed/],
    [
      'is refused where a sealed one says something else',
      update(undefined, first.replace('"ada"', '"eve"')),
      /its seal does not verify/,
    ],
  ];
  for (const [name, request, refused] of rows)
    it(name, async () => {
      if (refused)
        await assert.rejects(
          requireSealedDecisions(request, keys),
          (error) => error instanceof Denied && refused.test(error.message),
        );
      else await requireSealedDecisions(request, keys);
    });
});
