import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ActionPlanSpec } from '@sentinel/crds';
import { aPlan } from '../../test/fixtures.ts';
import { painter } from '../terminal/paint.ts';
import { rollbackLine } from './rollback.ts';

const [first] = aPlan().spec.effects;
const effects = (...reversible: boolean[]) =>
  reversible.map((restorable, index) => ({ ...first, index, reversible: restorable })) as ActionPlanSpec['effects'];
const line = (rollback: ActionPlanSpec['rollback'], of: ActionPlanSpec['effects']) =>
  rollbackLine({ rollback, effects: of }, painter(false));

describe('The rollback of a plan', () => {
  const from = 'PreImages' as const;
  it('is available when every change can be restored', () =>
    assert.equal(line({ from }, effects(true, true)), 'ROLLBACK  from the pre-images, when the run or its verification fails'));
  it('is partly available when some can, and names those that cannot', () => {
    assert.equal(
      line({ from }, effects(true, false)),
      'ROLLBACK partly: 1 of 2 changes can be restored; not: 2. patch Deployment.apps shop/web',
    );
    assert.match(
      line({ from }, effects(true, ...Array<boolean>(11).fill(false))),
      /partly: 1 of 12 .*9\. patch [^,]*, and 3 more$/,
    );
  });
  it('is not available when none can, whatever the plan says', () =>
    assert.equal(line({ from }, effects(false)), 'ROLLBACK not available: no change of the plan can be restored'));
  it('is not available when the plan says so, with its reason', () =>
    assert.equal(line({ from: 'None', reason: 'a restart\n' }, effects(true)), 'ROLLBACK not available: a restart\\u000a'));
});
