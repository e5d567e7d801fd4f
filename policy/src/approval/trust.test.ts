import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { annotations, type Playbook, type PlaybookSpec } from '@sentinel/crds';
import { aPlaybook, aPlaybookSpec } from '../testing/playbook.fixture.ts';
import { readPrivateKey, readSealKeys, sealFault, sealRecord } from './seal.ts';
import { lendersOf, playbookDigest, trustOf } from './trust.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const keys = new Map([['k', publicKey]]);
const spec = aPlaybookSpec();
const base = { playbook: 'uid', digest: playbookDigest({ spec }), user: 'tess', groups: [], time: '2026-01-01T00:00:00Z' };
const sealed = (more: object = {}, key = privateKey) => JSON.stringify(sealRecord({ ...base, ...more }, 'k', key));
const { playbook: _, ...rest } = base;
const withdrawn = () => JSON.stringify(sealRecord({ withdrawal: 'uid', uid: '', ...rest }, 'k', privateKey));
const playbook = (trust: string | undefined, more: { author?: string; spec?: PlaybookSpec; uid?: string } = {}): Playbook =>
  aPlaybook(more.spec ?? spec, {
    uid: more.uid ?? 'uid',
    annotations: {
      [annotations.authors]: more.author ?? '{"user":"ada","groups":[]}',
      ...(trust === undefined ? {} : { [annotations.trust]: trust }),
    },
  });

const agents = [
  { policy: 'AgentPolicy/shop', namespace: 'shop', kind: 'User' as const, name: 'tess', subjectNamespace: undefined },
];

describe('A Playbook', () => {
  it('is not trusted by its author under another name, nor by an agent', () => {
    const why = (...asked: Parameters<typeof trustOf>) => {
      const trust = trustOf(...asked);
      return trust.trusted ? undefined : trust.why;
    };
    const author = '{"user":"ada","uid":"7","groups":[]}';
    assert.equal(why(playbook(sealed({ uid: '7' }), { author }), keys, {}), 'one of its authors sealed it');
    assert.equal(why(playbook(sealed({ uid: '8' }), { author }), keys, {}), undefined);
    const both = `${author}\n{"user":"bob","groups":[]}`;
    assert.equal(why(playbook(sealed({ uid: '7' }), { author: both }), keys, {}), 'one of its authors sealed it');
    assert.equal(why(playbook(sealed(), { author: `${both}\nnonsense` }), keys, {}), 'its author is not known');
    assert.equal(why(playbook(sealed(), { author: '' }), keys, {}), 'its author is not known');
    assert.equal(why(playbook(sealed()), keys, { agents }), 'an agent sealed it');
  });

  it('is trusted when somebody who is not one of its authors sealed it as it stands', () => {
    assert.equal(trustOf(playbook(sealed()), keys, {}).trusted, true);
  });

  const refused: Record<string, { playbook: Playbook | undefined; why: string }> = {
    'that does not exist': { playbook: undefined, why: 'the Playbook does not exist' },
    'that nobody sealed': { playbook: playbook(undefined), why: 'nobody has sealed its digest' },
    'whose seal is only asked for': { playbook: playbook(base.digest), why: 'its seal cannot be parsed' },
    'whose seal says one thing twice': {
      playbook: playbook(sealed().replace('"user":"tess"', '"user":"eve","user":"tess"')),
      why: 'its seal cannot be parsed',
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
    'whose trust was withdrawn': {
      playbook: playbook(withdrawn()),
      why: 'tess withdrew the trust at 2026-01-01T00:00:00Z',
    },
    'whose trust was withdrawn by a record without a true seal': {
      playbook: playbook(withdrawn().replace('"user":"tess"', '"user":"eve"')),
      why: 'the trust was withdrawn',
    },
    'that was made again under its name': {
      playbook: playbook(sealed(), { uid: 'new' }),
      why: 'the seal is for another Playbook',
    },
    'that somebody has deleted, and a finalizer keeps': {
      playbook: {
        ...playbook(sealed()),
        metadata: { ...playbook(sealed()).metadata, deletionTimestamp: '2026-01-02T00:00:00Z' },
      },
      why: 'it is being deleted',
    },
    'that changed': {
      playbook: playbook(sealed(), { spec: { ...spec, description: 'y' } }),
      why: 'it changed after it was sealed',
    },
    'whose author is not known': { playbook: playbook(sealed(), { author: '{' }), why: 'its author is not known' },
    'that its author sealed': {
      playbook: playbook(sealed(), { author: '{"user":"tess","groups":[]}' }),
      why: 'one of its authors sealed it',
    },
    'that a program sealed': {
      playbook: playbook(sealed({ user: 'system:serviceaccount:ci:robot' })),
      why: 'a program sealed it',
    },
  };
  const invalid = new Set([
    'its seal cannot be parsed',
    'its seal does not verify',
    "it is sealed with the key 'x', which is not known",
    'the seal is for another Playbook',
    'the trust was withdrawn',
  ]);
  for (const [name, { playbook: given, why }] of Object.entries(refused)) {
    it(`is not trusted: one ${name}`, () => {
      const expected = { trusted: false, why, ...(invalid.has(why) ? { sealInvalid: true } : {}) };
      assert.deepEqual(trustOf(given, keys, {}), expected);
    });
  }
});

describe('A Playbook that the floor trusts', () => {
  const rules = { trustedDigests: new Map([[base.digest, { policies: ['floor'], name: 'fix' }]]) };
  const ada = { user: 'ada', uid: undefined, groups: [] };

  it('is trusted by its content in every namespace, with its authors as lenders', () => {
    for (const namespace of ['shop', 'billing']) {
      const there = playbook(undefined, { uid: namespace });
      const trust = trustOf({ ...there, metadata: { ...there.metadata, namespace } }, keys, rules);
      assert.deepEqual(trust, { trusted: true, digest: base.digest, policies: ['floor'], authors: [ada] });
      assert.ok(trust.trusted);
      assert.deepEqual(lendersOf(trust), [ada]);
    }
  });

  it('belongs to the person who sealed it as well', () => {
    const trust = trustOf(playbook(sealed()), keys, rules);
    assert.ok(trust.trusted);
    assert.deepEqual(
      lendersOf(trust).map(({ user }) => user),
      ['tess'],
    );
  });

  it('needs no valid seal', () => {
    assert.equal(trustOf(playbook(sealed({}, stranger.privateKey)), keys, rules).trusted, true);
  });

  const refused: Record<string, [Playbook, string, typeof agents?]> = {
    'that changed by a character': [playbook(undefined, { spec: { ...spec, description: 'y' } }), 'nobody has sealed its digest'],
    'whose trust was withdrawn': [playbook(withdrawn()), 'tess withdrew the trust at 2026-01-01T00:00:00Z'],
    'whose withdrawal has no true seal': [playbook(withdrawn().replace('tess', 'eve')), 'the trust was withdrawn'],
    'whose author is not known': [playbook(undefined, { author: '' }), 'the floor trusts it, but its author is not known'],
    'under another name': [
      { ...playbook(undefined), metadata: { ...playbook(undefined).metadata, name: 'copy' } },
      "the floor trusts it only under the name 'fix'",
    ],
    'that an agent wrote': [
      playbook(undefined, { author: '{"user":"ada","groups":[]}\n{"user":"tess","groups":[]}' }),
      'the floor trusts it, but an agent wrote it',
      agents,
    ],
  };
  for (const [what, [given, why, named]] of Object.entries(refused))
    it(`is not trusted: one ${what}`, () => {
      const trust = trustOf(given, keys, { ...rules, ...(named ? { agents: named } : {}) });
      assert.equal(trust.trusted ? undefined : trust.why, why);
    });
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
