import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PolicySet } from '@sentinel/policy';
import { liftedAt, look, nextNotes, noteKey } from './suspensions.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const iso = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

describe('What is seen of a policy', () => {
  const at = (suspended: boolean, generation: number) => ({ suspended, generation });
  type Look = Parameters<typeof look>[1];
  const rows: readonly (readonly [string, readonly Look[], Partial<ReturnType<typeof look>>])[] = [
    ['is nothing where it never was suspended', [at(false, 1), at(false, 2)], { suspended: false }],
    ['is that it is suspended', [at(false, 1), at(true, 2)], { suspended: true }],
    ['is when it was lifted', [at(true, 1), at(false, 2)], { suspended: false, liftedAt: 1 }],
    ['is when it was lifted last', [at(true, 1), at(false, 2), at(true, 3), at(false, 4)], { suspended: false, liftedAt: 3 }],
    ['is when it was lifted, whatever is edited later', [at(true, 1), at(false, 2), at(false, 3)], { liftedAt: 1 }],
    ['is that it was lifted when it was deleted', [at(true, 1), undefined], { suspended: false, liftedAt: 1 }],
    ['is that it is suspended when it was made again', [at(true, 1), undefined, at(true, 1)], { suspended: true }],
    ['may be a suspension where versions were missed', [at(false, 1), at(false, 3)], { suspended: false, liftedAt: 1 }],
    ['is no suspension where it was made again', [at(false, 1), undefined, at(false, 5)], { suspended: false }],
  ];
  for (const [name, looks, expected] of rows)
    it(name, () => {
      let seen: ReturnType<typeof look> | undefined;
      for (const [now, policy] of looks.entries()) seen = look(seen, policy, now);
      assert.deepEqual(
        { suspended: seen?.suspended, liftedAt: seen?.liftedAt },
        { suspended: false, liftedAt: undefined, ...expected },
      );
    });
});

describe('The notes of suspensions', () => {
  const A = 'AgentPolicy.shop.a';
  const B = 'ClusterAgentPolicy.floor';
  type Seen = Record<string, { suspended: boolean; liftedAt?: number }>;
  const lifted = (minutes: number) => ({ suspended: false, liftedAt: NOW + minutes * 60_000 });
  const rows: readonly (readonly [string, Record<string, string>, Seen, Record<string, string> | undefined])[] = [
    ['stay if nothing was suspended', {}, { [A]: { suspended: false } }, undefined],
    ['stay if nothing changes', { [A]: iso(-5) }, { [A]: lifted(-5) }, undefined],
    ['say who is suspended', {}, { [A]: { suspended: true } }, { [A]: 'suspended' }],
    ['say when it was lifted', { [A]: 'suspended' }, { [A]: lifted(0) }, { [A]: iso(0) }],
    ['say that it was lifted if nobody saw it', { [A]: 'suspended' }, { [A]: { suspended: false } }, { [A]: iso(0) }],
    ['say that it was lifted where the policy is gone', { [A]: 'suspended' }, {}, { [A]: iso(0) }],
    ['stay while it lasts', { [A]: 'suspended' }, { [A]: { suspended: true } }, undefined],
    ['begin again', { [A]: iso(-5) }, { [A]: { suspended: true } }, { [A]: 'suspended' }],
    ['report a suspension that was over before it was noted', {}, { [A]: lifted(-1) }, { [A]: iso(-1) }],
    ['report a second one that was over before it was noted', { [A]: iso(-5) }, { [A]: lifted(-1) }, { [A]: iso(-1) }],
    ['keep the later time of another replica', { [A]: iso(-1) }, { [A]: lifted(-5) }, undefined],
    ['take a time that cannot be read for none', { [A]: 'x' }, { [A]: lifted(-5) }, { [A]: iso(-5) }],
    [
      'keep two policies apart',
      { [B]: 'suspended' },
      { [A]: { suspended: true }, [B]: { suspended: true } },
      { [A]: 'suspended' },
    ],
    ['lift one of two', { [A]: 'suspended', [B]: 'suspended' }, { [A]: lifted(0), [B]: { suspended: true } }, { [A]: iso(0) }],
  ];
  for (const [name, notes, seen, expected] of rows)
    it(name, () => {
      const looks = new Map(Object.entries(seen).map(([one, more]) => [one, { generation: 1, ...more }]));
      assert.deepEqual(nextNotes(notes, looks, NOW), expected);
    });
});

describe('The key of a note', () => {
  it('is the name of the policy where that is short', () => {
    assert.equal(noteKey('AgentPolicy', 'a', 'shop'), 'AgentPolicy.shop.a');
    assert.equal(noteKey('ClusterAgentPolicy', 'floor', undefined), 'ClusterAgentPolicy.floor');
  });
  it('is a valid key of a ConfigMap for the longest names, and another one for each', () => {
    const keys = ['x', 'y'].flatMap((last) => [
      noteKey('AgentPolicy', 'a'.repeat(252) + last, 'n'.repeat(63)),
      noteKey('ClusterAgentPolicy', 'a'.repeat(252) + last, undefined),
    ]);
    for (const one of keys) assert.match(one, /^[-._a-zA-Z0-9]{1,253}$/);
    assert.equal(new Set(keys).size, 4);
  });
});

describe('A suspension', () => {
  const set = {
    policies: [{ kind: 'AgentPolicy', name: 'a' }],
    auditOnly: [{ kind: 'ClusterAgentPolicy', name: 'floor' }],
    refusals: [],
  } as unknown as PolicySet;
  const all = ['AgentPolicy.shop.a', 'AgentPolicy.shop.other', 'ClusterAgentPolicy.floor'];
  const at = (notes: Record<string, string>) => liftedAt(notes, set, 'shop', all, NOW);
  it('of other policies is undefined', () => {
    assert.equal(at({}), undefined);
    assert.equal(
      at({ 'AgentPolicy.shop.other': iso(-1), 'AgentPolicy.bank.a': iso(-1), 'AgentPolicy.bank.gone': iso(-1) }),
      undefined,
    );
  });
  it('of a policy of the action was lifted when the last of them was', () =>
    assert.equal(at({ 'AgentPolicy.shop.a': iso(-5), 'ClusterAgentPolicy.floor': iso(-2) }), NOW - 120_000));
  it('of a policy that is gone held everyone', () => {
    assert.equal(at({ 'AgentPolicy.shop.gone': iso(-3) }), NOW - 180_000);
    assert.equal(at({ 'ClusterAgentPolicy.gone': iso(-3) }), NOW - 180_000);
  });
  it('that the notes still have is lifted just now', () => assert.equal(at({ 'AgentPolicy.shop.a': 'suspended' }), NOW));
});
