import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestCollection } from './collect-tests.ts';

describe('A collection of tests', () => {
  it('runs tests in their order, with the hooks before and after them', async () => {
    const collection = new TestCollection();
    const { describe: suite, it: test, before, after, beforeEach, afterEach } = collection.nodeTest;
    const steps: string[] = [];
    const step = (name: string) => () => void steps.push(name);
    suite('outer', () => {
      before(step('before'));
      after(step('after'));
      beforeEach(step('outer each'));
      afterEach(step('outer end'));
      test('one', step('one'));
      suite('inner', () => {
        beforeEach(step('inner each'));
        test('two', { timeout: 1 }, async () => steps.push('two'));
        afterEach(step('inner end'));
      });
    });
    test('three', step('three'));
    assert.deepEqual(steps, []);
    await collection.run();
    const outer = ['before', 'outer each', 'one', 'outer end'];
    const inner = ['outer each', 'inner each', 'two', 'inner end', 'outer end'];
    assert.deepEqual(steps, [...outer, ...inner, 'after', 'three']);
  });

  it('ends with the first test that fails, by its name, and cleans up after it', async () => {
    const collection = new TestCollection();
    const { it: test, afterEach, after } = collection.nodeTest;
    const steps: string[] = [];
    afterEach(() => void steps.push('cleaned'));
    after(() => void steps.push('closed'));
    const error = new Error('wrong');
    test('fails', () => Promise.reject(error));
    test('is not run', () => void steps.push('run'));
    await assert.rejects(collection.run(), { message: 'fails', cause: error });
    assert.deepEqual(steps, ['cleaned', 'closed']);
  });

  it('refuses what it would pass over: a test without a function', () =>
    assert.throws(() => new TestCollection().nodeTest.it('later'), /a test without a function is not supported here/));
});
