import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterAgentPolicy } from '@sentinel/crds';
import { readPolicy } from './compile.ts';
import { trustedDigests } from './trusted-digests.ts';

const [a, b] = ['a', 'b'].map((letter) => `sha256:${letter.repeat(64)}`);
const policy = (name: string, digests: readonly (string | undefined)[] | undefined, spec: object = {}, metadata: object = {}) =>
  ({
    kind: 'ClusterAgentPolicy',
    metadata: { name, ...metadata },
    spec: { ...spec, playbooks: digests && { trustedDigests: digests.map((digest) => ({ digest })) } },
  }) as unknown as ClusterAgentPolicy;
const trusted = (...policies: readonly ClusterAgentPolicy[]) =>
  Object.fromEntries([...trustedDigests(policies)].map(([digest, found]) => [digest, found.policies]));

describe('The digests that the floor trusts', () => {
  it('are those that every list names, in any order', () => {
    const policies = [policy('floor', [a, b]), policy('library', [b])];
    assert.deepEqual(trusted(...policies), { [b as string]: ['floor', 'library'] });
    assert.deepEqual(trusted(...policies.toReversed()), { [b as string]: ['floor', 'library'] });
    assert.deepEqual(trusted(...policies, policy('other', undefined)), { [b as string]: ['floor', 'library'] });
  });

  it('are bound to the name that any list sets', () => {
    const bound = (name: string, to: string) =>
      ({ ...policy(name, [a]), spec: { playbooks: { trustedDigests: [{ digest: a, name: to }] } } }) as ClusterAgentPolicy;
    assert.equal(trustedDigests([policy('floor', [a]), bound('library', 'fix')]).get(a as string)?.name, 'fix');
    assert.equal(trustedDigests([policy('floor', [a])]).get(a as string)?.name, undefined);
    assert.deepEqual(trusted(bound('floor', 'fix'), bound('library', 'other')), {});
  });

  it('are empty without a list, with an empty one, or while a policy is invalid', () => {
    assert.deepEqual(trusted(), {});
    assert.deepEqual(trusted(policy('floor', undefined)), {});
    assert.deepEqual(trusted(policy('floor', []), policy('library', [a])), {});
    assert.deepEqual(trusted(policy('floor', [a]), policy('broken', undefined, { modes: 'all' })), {});
    assert.deepEqual(trusted(policy('floor', ['sha256:short'])), {});
  });

  it('are not those of a policy that only audits, nor only those of one that is being deleted', () => {
    const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    assert.deepEqual(trusted(policy('floor', [a], { auditOnly: true })), {});
    assert.deepEqual(trusted(policy('floor', [a], {}, deleted)), {});
    assert.deepEqual(trusted(policy('floor', [a], {}, deleted), policy('library', [a, b])), { [a as string]: ['library'] });
  });

  it('are refused where they would count for some requesters, or in a namespace', () => {
    const faults = (kind: 'AgentPolicy' | 'ClusterAgentPolicy', spec: object) =>
      readPolicy({ kind, metadata: { name: 'x' }, spec: { ...policy('x', [a]).spec, ...spec } }).faults;
    assert.deepEqual(faults('ClusterAgentPolicy', {}), []);
    assert.deepEqual(faults('AgentPolicy', {}), ['`playbooks.trustedDigests`: may only be set in a ClusterAgentPolicy']);
    assert.deepEqual(faults('ClusterAgentPolicy', { subjects: [{ kind: 'Group', name: 'agents' }] }), [
      '`playbooks.trustedDigests`: may only be set in a policy without `subjects`',
    ]);
  });
});
