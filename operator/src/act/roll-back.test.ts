import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyOf } from '@sentinel/kube';
import { action, facts, NOW, stage } from '../decide/decide.fixture.ts';
import { stateOf } from '../status/conditions.ts';
import type { ActContext, Pass } from './context.ts';
import { mergeOutcomes, rollBack } from './roll-back.ts';

type Outcome = Parameters<typeof mergeOutcomes>[0][number];
const one = (effect: number, outcome: Outcome['outcome']): Outcome => ({ effect, outcome });

describe('A second pass of a rollback', () => {
  const rows: [name: string, before: Outcome[], now: Outcome[], merged: Outcome[]][] = [
    ['keeps what the first restored', [one(0, 'Restored')], [one(0, 'Unchanged')], [one(0, 'Restored')]],
    ['says what it restored itself', [one(0, 'Failed')], [one(0, 'Restored')], [one(0, 'Restored')]],
    ['says what it found worse', [one(0, 'Restored')], [one(0, 'Failed')], [one(0, 'Failed')]],
    [
      'keeps an effect that it does not mention',
      [one(1, 'Restored')],
      [one(0, 'Restored')],
      [one(1, 'Restored'), one(0, 'Restored')],
    ],
    ['is newest first, as the first', [], [one(2, 'Restored'), one(0, 'Skipped')], [one(2, 'Restored'), one(0, 'Skipped')]],
  ];
  for (const [name, before, now, merged] of rows) it(name, () => assert.deepEqual(mergeOutcomes(before, now), merged));

  it('ends the action by what both passes did', async () => {
    const of = action('RollingBack', { stages: [stage('run', { outcome: 'Failed', message: 'm' })] });
    const draft = { ...copyOf(of.status ?? {}), rollback: [one(1, 'Restored')] };
    const pass: Pass = { facts: facts(of), action: of, draft, now: NOW, afterwards: [] };
    const gateway = { rollBack: async () => [one(1, 'Unchanged'), one(0, 'Restored')] };
    await rollBack({ gateway, settings: async () => ({ gatewayAddress: 'x' }) } as unknown as ActContext, pass);
    assert.deepEqual(pass.draft.rollback, [one(1, 'Restored'), one(0, 'Restored')]);
    assert.equal(stateOf(pass.draft), 'RolledBack');
  });
});
