import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FairBudget } from './fair-budget.ts';

// How it is shared: policy/src/limits/fair-share.test.ts.
describe('A budget that tenants share', () => {
  it('refuses what does not fit, so that it is sent again', () => {
    const budget = new FairBudget(16, 'large requests');
    const giveBack = budget.take('a', 7);
    assert.throws(() => budget.take('a', 1), { status: 429, message: /too many large requests at a time/ });
    giveBack();
    giveBack();
    assert.equal(budget.used, 0);
    budget.take('a', 7);
  });
});
