import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect, PlaybookSpec } from '@sentinel/crds';
import { aScaling as effect } from '../testing/effect.fixture.ts';
import { planRollback } from './plan-rollback.ts';

const effects = (...reversible: boolean[]) => reversible.map((restorable, index) => effect({ index, reversible: restorable }));
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
      'is not available if nothing can be restored, for any Playbook',
      { from: 'PreImages' },
      effects(false, false),
      { from: 'None', reason: 'no change of the plan can be restored from its pre-image', irreversible: [named, named] },
    ],
    [
      'is not available, with the reason, if the Playbook has none',
      { from: 'None', reason: 'a restart' },
      effects(true),
      { from: 'None', reason: 'a restart' },
    ],
    ['is not available if the Playbook does not set it', undefined, effects(true), { from: 'None' }],
  ];
  for (const [name, wanted, of, expected] of rows) it(name, () => assert.deepEqual(planRollback(wanted, of), expected));
});
