import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PolicySet } from '@sentinel/policy';
import { foldNotes, NOTES_OF_NAMESPACE, notesPatch, type SuspensionNotes } from './fold-suspensions.ts';
import { liftedAt, nextNotes, noteKey } from './suspensions.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const iso = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

describe('Notes of suspensions, folded', () => {
  const existing = new Set(['AgentPolicy.shop.a', 'AgentPolicy.shop.b', 'ClusterAgentPolicy.floor']);
  const rows: readonly (readonly [string, SuspensionNotes, SuspensionNotes])[] = [
    ['keep those of policies that there are', { 'AgentPolicy.shop.a': iso(-1) }, { 'AgentPolicy.shop.a': iso(-1) }],
    [
      'have one for all policies of a namespace that are gone: when the last was lifted',
      { 'AgentPolicy.shop.x': iso(-5), 'AgentPolicy.shop.y': iso(-2), 'AgentPolicy.shop.z': iso(-9) },
      { 'AgentPolicy.shop._others': iso(-2) },
    ],
    [
      'keep namespaces apart',
      { 'AgentPolicy.shop.x': iso(-5), 'AgentPolicy.bank.x': iso(-2), 'AgentPolicy.shop.a': 'suspended' },
      { 'AgentPolicy.shop.a': 'suspended', 'AgentPolicy.shop._others': iso(-5), 'AgentPolicy.bank._others': iso(-2) },
    ],
    [
      'add to what was folded, and never go back',
      { 'AgentPolicy.shop._others': iso(-3), 'AgentPolicy.shop.x': iso(-5) },
      { 'AgentPolicy.shop._others': iso(-3) },
    ],
    ['fold policies of the cluster', { 'ClusterAgentPolicy.gone.one': iso(-3) }, { 'ClusterAgentPolicy._others': iso(-3) }],
    [
      'keep a time that cannot be read',
      { 'AgentPolicy.shop.x': 'x', 'AgentPolicy.shop.y': iso(-1) },
      { 'AgentPolicy.shop._others': 'x' },
    ],
    [
      'say that one is suspended, whatever else cannot be read',
      { 'AgentPolicy.shop.x': 'x', 'AgentPolicy.shop.y': 'suspended', 'AgentPolicy.shop.z': iso(-1) },
      { 'AgentPolicy.shop._others': 'suspended' },
    ],
    ['keep what they do not know', { other: 'x', 'My.AgentPolicy.shop.x': 'y' }, { other: 'x', 'My.AgentPolicy.shop.x': 'y' }],
  ];
  for (const [name, notes, expected] of rows) it(name, () => assert.deepEqual(foldNotes(notes, existing), expected));

  it('have room for each namespace, however many policies one has, and forget none of them', () => {
    const mine = Array.from({ length: 5000 }, (_, at) => noteKey('AgentPolicy', `${at}`.padStart(200, 'p'), 'evil'));
    const notes = Object.fromEntries([...mine.map((one) => [one, 'suspended']), ['AgentPolicy.shop.a', 'suspended']]);
    const folded = foldNotes(notes, new Set([...mine, 'AgentPolicy.shop.a']));
    assert.equal(Object.keys(folded).length, NOTES_OF_NAMESPACE + 2);
    assert.equal(folded['AgentPolicy.evil._others'], 'suspended');
    assert.equal(folded['AgentPolicy.shop.a'], 'suspended');
    assert.deepEqual(foldNotes(folded, new Set([...mine, 'AgentPolicy.shop.a'])), folded);
  });

  it('have the same room whatever the order of the notes is', () => {
    const keys = Array.from({ length: NOTES_OF_NAMESPACE + 2 }, (_, at) =>
      noteKey('AgentPolicy', `p${String(at).padStart(2, '0')}`, 'shop'),
    );
    for (const order of [keys, keys.toReversed()]) {
      const folded = foldNotes(Object.fromEntries(order.map((one) => [one, iso(-1)])), new Set(keys));
      assert.deepEqual(Object.keys(folded).sort(), ['AgentPolicy.shop._others', ...keys.slice(0, NOTES_OF_NAMESPACE)].sort());
    }
  });

  it('have more room for policies of the cluster', () => {
    const keys = Array.from({ length: 256 }, (_, at) => noteKey('ClusterAgentPolicy', `p${at}`, undefined));
    const notes = Object.fromEntries(keys.map((one) => [one, iso(-1)]));
    assert.deepEqual(foldNotes(notes, new Set(keys)), notes);
    const more = foldNotes({ ...notes, 'ClusterAgentPolicy.q': iso(-1) }, new Set([...keys, 'ClusterAgentPolicy.q']));
    assert.equal(Object.keys(more).length, 257);
    assert.ok('ClusterAgentPolicy._others' in more);
  });

  it('hold everyone in the namespace, as the note of a policy that is gone did', () => {
    const set = { policies: [{ kind: 'AgentPolicy', name: 'a' }], refusals: [] } as unknown as PolicySet;
    const at = (notes: SuspensionNotes, namespace: string) => liftedAt(notes, set, namespace, [...existing], NOW);
    const notes = { 'AgentPolicy.shop.gone': iso(-3) };
    assert.equal(at(foldNotes(notes, existing), 'shop'), at(notes, 'shop'));
    assert.equal(at(foldNotes(notes, existing), 'bank'), undefined);
  });

  it('are not written again for a policy that is gone and was folded', () => {
    const gone = new Map([['AgentPolicy.shop.x', { suspended: false, liftedAt: NOW - 60_000, generation: 0 }]]);
    const note = (stored: SuspensionNotes) => foldNotes({ ...stored, ...nextNotes(stored, gone, NOW) }, existing);
    const first = note({ 'AgentPolicy.shop.x': 'suspended' });
    assert.deepEqual(first, { 'AgentPolicy.shop._others': iso(0) });
    assert.equal(notesPatch(first, note(first)), undefined);
  });

  it('say when the last of those without room was lifted', () => {
    const stored = { 'AgentPolicy.shop._others': 'suspended' };
    const after = foldNotes({ ...stored, ...nextNotes(stored, new Map(), NOW) }, existing);
    assert.deepEqual(after, { 'AgentPolicy.shop._others': iso(0) });
  });

  it('are patched where they differ, and not at all where they do not', () => {
    assert.equal(notesPatch({ a: '1' }, { a: '1' }), undefined);
    assert.deepEqual(notesPatch({ b: '2' }, { a: '1' }), { a: '1', b: null });
    assert.deepEqual(notesPatch({ a: '1', b: '2' }, { a: '3', c: '4' }), { a: '3', c: '4', b: null });
  });
});
