import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteBudget } from './byte-budget.ts';

describe('A budget of bytes', () => {
  it('bounds what one caller holds at a time, and gives it back once', () => {
    const budget = new ByteBudget(100, 10);
    const giveBack = budget.take('a', 8);
    assert.throws(() => budget.take('a', 3), /too many large requests/);
    budget.take('b', 10);
    giveBack();
    giveBack();
    budget.take('a', 10);
    assert.throws(() => budget.take('a', 1), /too many large requests/);
  });

  it('bounds what all hold together', () => {
    const budget = new ByteBudget(10, 10);
    budget.take('a', 6);
    assert.throws(() => budget.take('b', 6), /too many large requests/);
  });
});
