import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ActionPlanSpec, Effect } from '@sentinel/crds';
import { anEffect } from '../testing/effect.fixture.ts';
import { comparePlans, summarizeDifference } from './compare-plans.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const effect = (name: string, more: Partial<Effect> = {}) => anEffect({ name, changeDigest: digest('a'), ...more });
const planOf = (effects: Effect[], more: Partial<ActionPlanSpec> = {}) =>
  ({
    effects: effects.map((one, index) => ({ ...one, index })),
    risk: { level: 'Medium', score: 20, parts: [] },
    playbook: { name: 'fix', digest: digest('p') },
    account: 'remediator',
    rollback: { from: 'PreImages' },
    required: { approvals: 1, expiresAfter: '1h' },
    steps: [{ name: 'one', command: ['true'] }],
    ...more,
  }) as ActionPlanSpec;
const namesOf = (before: Effect[], after: Effect[]) => {
  const { added, removed, changed, same } = comparePlans(planOf(before), planOf(after));
  const names = (effects: readonly Effect[]) => effects.map(({ name }) => name);
  return { added: names(added), removed: names(removed), changed: names(changed.map((one) => one.after)), same };
};
const none = { added: [], removed: [], changed: [], same: 0 };
const other = { changeDigest: digest('b') };

describe('The difference between two plans', () => {
  const rows: [name: string, before: Effect[], after: Effect[], expected: Partial<typeof none>][] = [
    ['is empty for equal ones', [effect('a'), effect('b')], [effect('a'), effect('b')], { same: 2 }],
    ['is empty for another order', [effect('a'), effect('b')], [effect('b'), effect('a')], { same: 2 }],
    ['is an effect that came', [effect('a')], [effect('a'), effect('b')], { same: 1, added: ['b'] as never }],
    ['is an effect that went', [effect('a'), effect('b')], [effect('b')], { same: 1, removed: ['a'] as never }],
    ['is another change of an object', [effect('a')], [effect('a', other)], { changed: ['a'] as never }],
    ['is another verb', [effect('a')], [effect('a', { verb: 'delete' })], { changed: ['a'] as never }],
    ['is another object of one name', [effect('a', { uid: '1' })], [effect('a', { uid: '2' })], { changed: ['a'] as never }],
    [
      'is another namespace',
      [effect('a', { namespace: 'x' })],
      [effect('a', { namespace: 'y' })],
      { added: ['a'], removed: ['a'] } as never,
    ],
    [
      'is one of two writes of an object',
      [effect('a'), effect('a', other)],
      [effect('a', other)],
      { same: 1, removed: ['a'] as never },
    ],
    ['is everything', [], [effect('a')], { added: ['a'] as never }],
  ];
  for (const [name, before, after, expected] of rows)
    it(name, () => assert.deepEqual(namesOf(before, after), { ...none, ...expected }));

  it('is whatever else a person would decide by', () => {
    const before = planOf([]);
    const after = planOf([], {
      risk: { level: 'High', score: 60, parts: [] },
      playbook: { name: 'fix', digest: digest('q') },
      account: 'other',
      rollback: { from: 'None', reason: 'x' },
      required: { approvals: 2, expiresAfter: '1h' },
      steps: [{ name: 'one', command: ['false'] }],
      verify: [{ name: 'ready', command: ['true'] }],
    });
    assert.deepEqual(comparePlans(before, before).others, []);
    assert.deepEqual(comparePlans(before, after).others, [
      'risk: High instead of Medium',
      'account: other instead of remediator',
      'rollback: None instead of PreImages',
      'approvals: 2 instead of 1',
      'another version of the Playbook',
      'other steps',
      'other verification',
    ]);
  });

  it('is told in a few words', () =>
    assert.equal(
      summarizeDifference(
        comparePlans(planOf([effect('a'), effect('b')]), planOf([effect('a', other), effect('c')], { account: 'x' })),
      ),
      'effects: 1 changed, 1 added, 1 removed, 0 the same; account: x instead of remediator',
    ));
});
