import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { annotations, type Playbook, PlaybookSpec } from '@sentinel/crds';
import { readPrivateKey, readSealKeys, sealFault, sealRecord } from './seal.ts';
import { playbookDigest, trustOf } from './trust.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const keys = new Map([['k', publicKey]]);
const spec = PlaybookSpec.parse({
  category: 'Other',
  description: 'x',
  account: 'a',
  sandbox: { image: 'tools' },
  steps: [{ name: 'one', command: ['true'] }],
});
const base = { playbook: 'uid', digest: playbookDigest({ spec }), user: 'tess', groups: [], time: '2026-01-01T00:00:00Z' };
const sealed = (more: object = {}, key = privateKey) => JSON.stringify(sealRecord({ ...base, ...more }, 'k', key));
const playbook = (trust: string | undefined, more: { author?: string; spec?: PlaybookSpec; uid?: string } = {}): Playbook => ({
  apiVersion: 'sentinel.dev/v1alpha1',
  kind: 'Playbook',
  metadata: {
    name: 'fix',
    uid: more.uid ?? 'uid',
    annotations: {
      [annotations.author]: more.author ?? '{"user":"ada","groups":[]}',
      ...(trust === undefined ? {} : { [annotations.trust]: trust }),
    },
  },
  spec: more.spec ?? spec,
});

describe('A Playbook', () => {
  it('is trusted when somebody else than its author sealed it as it stands', () => {
    assert.equal(trustOf(playbook(sealed()), keys).trusted, true);
  });

  const refused: Record<string, { playbook: Playbook | undefined; why: string }> = {
    'that is not there': { playbook: undefined, why: 'there is none' },
    'that nobody sealed': { playbook: playbook(undefined), why: 'nobody has sealed its digest' },
    'whose seal is only asked for': { playbook: playbook(base.digest), why: 'its seal can not be read' },
    'whose seal says one thing twice': {
      playbook: playbook(sealed().replace('"user":"tess"', '"user":"eve","user":"tess"')),
      why: 'its seal can not be read',
    },
    'sealed by a stranger': { playbook: playbook(sealed({}, stranger.privateKey)), why: 'its seal does not verify' },
    'sealed with an unknown key': {
      playbook: playbook(sealed().replace('"key":"k"', '"key":"x"')),
      why: "it is sealed with the key 'x', which is not known",
    },
    'with another user than sealed it': {
      playbook: playbook(sealed().replace('"user":"tess"', '"user":"eve"')),
      why: 'its seal does not verify',
    },
    'with the seal of another one': {
      playbook: playbook(sealed({ playbook: 'other' })),
      why: 'the seal is for another Playbook',
    },
    'that was made anew under its name': {
      playbook: playbook(sealed(), { uid: 'new' }),
      why: 'the seal is for another Playbook',
    },
    'that changed': {
      playbook: playbook(sealed(), { spec: { ...spec, description: 'y' } }),
      why: 'it changed after it was sealed',
    },
    'whose author is not known': { playbook: playbook(sealed(), { author: '{' }), why: 'its author is not known' },
    'that its author sealed': {
      playbook: playbook(sealed(), { author: '{"user":"tess","groups":[]}' }),
      why: 'its author sealed it',
    },
    'that a program sealed': {
      playbook: playbook(sealed({ user: 'system:serviceaccount:ci:robot' })),
      why: 'a program sealed it',
    },
  };
  for (const [name, { playbook: given, why }] of Object.entries(refused)) {
    it(`is not trusted: one ${name}`, () => assert.deepEqual(trustOf(given, keys), { trusted: false, why }));
  }
});

describe('A seal', () => {
  it('holds whatever the order of the fields, and covers its own key', () => {
    const { user, ...rest } = sealRecord(base, 'k', privateKey);
    assert.equal(sealFault({ ...rest, user } as typeof rest, keys), undefined);
    const both = new Map([...keys, ['k2', publicKey]] as const);
    assert.equal(sealFault({ ...sealRecord(base, 'k', privateKey), key: 'k2' }, both), 'its seal does not verify');
  });

  const broken: Record<string, string> = { 'is empty': '', 'is too short': 'AAAA', 'is no base64': '<>' };
  for (const [name, seal] of Object.entries(broken)) {
    it(`does not hold when it ${name}`, () =>
      assert.equal(sealFault({ ...sealRecord(base, 'k', privateKey), seal }, keys), 'its seal does not verify'));
  }

  it('is checked with the keys that can be read, and with no other', () => {
    const der = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const read = readSealKeys({ good: der, bad: 'AAAA', empty: '' });
    assert.deepEqual([...read.keys()], ['good']);
    const key = readPrivateKey(privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'));
    assert.equal(sealFault(sealRecord(base, 'good', key), read), undefined);
    assert.equal(readSealKeys(undefined).size, 0);
    assert.throws(() => readPrivateKey('AAAA'));
  });
});
