import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ObservedEffect } from '@sentinel/crds';
import { changesBetween } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import { request } from '../effect/request.fixture.ts';
import { withInverseRights } from './inverse-rights.ts';

const effect = (verb: string, more: Partial<ObservedEffect> = {}): ObservedEffect => ({
  ...describeEffect(request({ verb }), { name: 'web', uid: 'u', changes: changesBetween({ a: 1 }, { a: 2 }) }),
  ...more,
});

const judged = async (rights: readonly string[], one: ObservedEffect) => {
  const asked: string[] = [];
  const [found] = await withInverseRights(
    async ({ verb, resource, subresource, name }) => {
      const right = [verb, resource, subresource, name].filter((part) => part !== undefined).join(' ');
      asked.push(right);
      return rights.includes(right);
    },
    [one],
  );
  return { reversible: found?.reversible, note: found?.notes?.[0], asked };
};

const { uid: _, ...made } = effect('patch');
const rows: readonly [name: string, one: ObservedEffect, rights: readonly string[], missing: string | undefined][] = [
  ['a patch is patched back', effect('patch'), ['get deployments', 'patch deployments'], undefined],
  ['an update is updated back', effect('update'), ['get deployments', 'update deployments'], undefined],
  [
    'a scale is another right',
    effect('patch', { resource: 'deployments/scale' }),
    ['get deployments', 'patch deployments'],
    'get',
  ],
  ['of what is created the delete counts', effect('create'), ['get deployments', 'create deployments'], 'delete'],
  ['also where an apply creates it', made, ['get deployments', 'patch deployments'], 'delete'],
  ['and that it can be read', effect('create'), ['delete deployments'], 'get'],
  ['the right to this name is enough', effect('create'), ['get deployments', 'delete deployments web'], undefined],
];
for (const [name, one, rights, missing] of rows)
  it(name, async () => {
    const { reversible, note } = await judged(rights, one);
    assert.equal(reversible, missing === undefined);
    if (missing !== undefined)
      assert.equal(
        note,
        `It cannot be rolled back: the account of the run (accounts.sentinel.dev) has no right to ${missing} ${one.resource} 'web'.`,
      );
  });

it('nothing is asked about what cannot be rolled back anyway', async () => {
  assert.deepEqual((await judged([], effect('delete'))).asked, []);
});

it('one question answers for all objects of a kind', async () => {
  let asked = 0;
  const effects = ['a', 'b', 'c'].map((name) => effect('create', { name }));
  await withInverseRights(async () => ++asked > 0, effects);
  assert.equal(asked, 2);
});
