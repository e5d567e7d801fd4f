import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect, PlaybookSpec } from '@sentinel/crds';
import { plan, planSpec, playbook } from './decide.fixture.ts';
import { planRollback, rollsBack } from './rollback.ts';

const [first] = planSpec.effects;
const effects = (...reversible: boolean[]) =>
  reversible.map((restorable, index) => ({ ...first, index, reversible: restorable })) as Effect[];
const named = 'patch deployments web';

describe('The rollback that a plan promises', () => {
  const rows: [name: string, wanted: PlaybookSpec['rollback'], effects: Effect[], expected: object][] = [
    ['is that of the Playbook when all can be restored', { from: 'PreImages' }, effects(true, true), { from: 'PreImages' }],
    [
      'names what cannot be restored when some can',
      { from: 'PreImages' },
      effects(true, false),
      { from: 'PreImages', irreversible: [named] },
    ],
    [
      'is none when nothing can be restored, whatever the Playbook says',
      { from: 'PreImages' },
      effects(false, false),
      { from: 'None', reason: 'no change of the plan can be restored from its pre-image', irreversible: [named, named] },
    ],
    [
      'is none with its reason when the Playbook has none',
      { from: 'None', reason: 'a restart' },
      effects(true),
      { from: 'None', reason: 'a restart' },
    ],
    ['is none when the Playbook says nothing', undefined, effects(true), { from: 'None' }],
  ];
  for (const [name, wanted, of, expected] of rows) it(name, () => assert.deepEqual(planRollback(wanted, of), expected));
});

describe('A run that fails is rolled back', () => {
  const none = { ...plan, spec: { ...planSpec, rollback: { from: 'None' as const } } };
  it('where its plan says so, whatever the Playbook says', () => {
    assert.equal(rollsBack({ plan, playbook: undefined }), true);
    assert.equal(rollsBack({ plan: none, playbook }), false);
  });
  it('where the Playbook says so when the plan is gone, and never when both are', () => {
    assert.equal(rollsBack({ plan: undefined, playbook }), true);
    assert.equal(rollsBack({ plan: undefined, playbook: undefined }), false);
  });
});
