import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { annotations, type Playbook } from '@sentinel/crds';
import { agentRules, playbookDigest, sealRecord, trustOf } from '@sentinel/policy';
import { aPlaybookSpec } from '@sentinel/policy/testing';
import { playbookStatus } from './playbooks.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const keys = new Map([['k', publicKey]]);
const spec = aPlaybookSpec();
const record = {
  playbook: 'uid',
  digest: playbookDigest({ spec }),
  user: 'tess',
  uid: '',
  groups: [],
  time: '2026-01-01T00:00:00Z',
};
const sealed = JSON.stringify(sealRecord(record, 'k', privateKey));
const playbook = (trust?: string): Playbook => ({
  apiVersion: 'sentinel.dev/v1alpha1',
  kind: 'Playbook',
  metadata: {
    name: 'fix',
    namespace: 'shop',
    uid: 'uid',
    generation: 1,
    annotations: { [annotations.authors]: '{"user":"ada","groups":[]}', ...(trust ? { [annotations.trust]: trust } : {}) },
  },
  spec,
});
const namingTess = agentRules([
  {
    kind: 'AgentPolicy',
    metadata: { name: 'shop', namespace: 'shop' },
    spec: { subjects: [{ kind: 'User', name: 'tess' }] },
  },
]);
const now = new Date('2026-01-01T00:00:00Z');
const conditionOf = (given: Playbook, agents = namingTess.slice(1)) =>
  playbookStatus(given, trustOf(given, keys, { agents }), now).conditions?.find(({ type }) => type === 'Trusted');

describe('The condition Trusted of a Playbook', () => {
  it('is what a start judges, agents included', () => {
    assert.equal(conditionOf(playbook(sealed))?.status, 'True');
    assert.equal(trustOf(playbook(sealed), keys, { agents: namingTess }).trusted, false);
    const { status, reason, message } = conditionOf(playbook(sealed), namingTess) ?? {};
    assert.deepEqual([status, reason], ['False', 'NotTrusted']);
    assert.match(message ?? '', /^The Playbook is not trusted: an agent sealed it\. .* kubectl sentinel trust fix -n shop$/);
  });

  it('says where a seal proves nothing', () => {
    const { status, reason, message } = conditionOf(playbook(sealed.replace('tess', 'eve'))) ?? {};
    assert.deepEqual([status, reason], ['False', 'SealInvalid']);
    assert.match(message ?? '', /is not valid: its seal does not verify\. .*security team.* kubectl sentinel trust fix -n shop$/);
  });

  it('names the policies of the cluster that trust the digest', () => {
    const trust = trustOf(playbook(), keys, {
      trustedDigests: new Map([[record.digest, { policies: ['library', 'floor'], name: undefined }]]),
    });
    const status = playbookStatus(playbook(), trust, now);
    assert.deepEqual([status.trustedBy, status.trustedByPolicies], [undefined, ['library', 'floor']]);
    const condition = status.conditions?.find(({ type }) => type === 'Trusted');
    assert.equal(condition?.message, 'trusted by ClusterAgentPolicy/library, ClusterAgentPolicy/floor');
  });

  it('says what to do if there is no seal', () => {
    const { reason, message } = conditionOf(playbook()) ?? {};
    assert.equal(reason, 'NotTrusted');
    assert.match(message ?? '', /nobody has sealed its digest\. .* kubectl sentinel trust fix -n shop$/);
  });
});
