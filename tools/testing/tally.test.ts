import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type TestEvent, toTestEvent } from './reporter.ts';
import { describeSlowest, headOf, resultOf, sum } from './tally.ts';

const result = (name: string, over: Partial<Extract<TestEvent, { type: 'result' }>> = {}): TestEvent => ({
  type: 'result',
  file: '/a.test.ts',
  name,
  nesting: 1,
  isSuite: false,
  passed: true,
  skipped: false,
  ms: 1000,
  ...over,
});
const end = (passed: number, failed: number): TestEvent => ({ type: 'end', passed, failed });

describe('The beginning of an error', () => {
  it('is one line without the stack', () => {
    assert.equal(headOf('Expected values:\n\n  1 !== 2\n    at a (b.ts:1)\n    at c'), 'Expected values: 1 !== 2');
  });

  it('is cut with a mark', () => {
    assert.equal(headOf('a'.repeat(400), 10), `${'a'.repeat(9)}…`);
    assert.equal(headOf('a'.repeat(10), 10), 'a'.repeat(10));
  });
});

describe('The result of a test file', () => {
  it('is what node:test counts, with the slowest case', () => {
    const events = [result('a'), result('b', { ms: 3000 }), result('suite', { isSuite: true, ms: 4000, nesting: 0 }), end(2, 0)];
    const { passed, failed, slowest, failures } = resultOf('f', events, 4, undefined);
    assert.deepEqual(
      { passed, failed, slowest, failures },
      { passed: 2, failed: 0, slowest: { name: 'b', seconds: 3 }, failures: [] },
    );
  });

  it('names each failure, not the suites around it', () => {
    const events = [
      result('a', { passed: false, error: 'wrong' }),
      result('suite', { isSuite: true, passed: false, error: '1 subtest failed' }),
      end(0, 1),
    ];
    assert.deepEqual(resultOf('f', events, 1, 'the process ended with 1').failures, [{ name: 'a', error: 'wrong' }]);
  });

  it('is a failure when a hook of a suite failed, though no case did', () => {
    const events = [result('a'), result('suite', { isSuite: true, passed: false, error: 'after hook: no' }), end(1, 0)];
    const { passed, failed } = resultOf('f', events, 1, undefined);
    assert.deepEqual([passed, failed], [1, 1]);
  });

  it('is a failure when the process broke off, with what had passed', () => {
    const { passed, failed, failures } = resultOf('f', [result('a')], 1, 'the process ended with SIGKILL');
    assert.deepEqual([passed, failed, failures], [1, 1, [{ name: 'f', error: 'the process ended with SIGKILL' }]]);
  });

  it('is a failure when the process did not tell its totals, though it ended well', () => {
    assert.equal(resultOf('f', [result('a')], 1, undefined).failed, 1);
  });

  it('is a failure when no case ran', () => {
    assert.equal(resultOf('f', [end(0, 0)], 1, undefined).failed, 1);
  });
});

describe('The totals', () => {
  const results = Array.from({ length: 12 }, (_, index) => resultOf(`f${index}`, [result('a'), end(1, 0)], index, undefined));
  it('are the sums', () => assert.deepEqual(sum(results), { passed: 12, failed: 0 }));
  it('list the ten slowest files', () => {
    assert.equal(describeSlowest(results).length, 10);
    assert.match(describeSlowest(results)[0] ?? '', /^ {3}11 s {2}f11 \(longest case: a, 1 s\)$/);
  });
});

describe('The reporter', () => {
  it('tells what a test notes from the totals of node:test', () => {
    assert.deepEqual(toTestEvent({ type: 'test:diagnostic', data: { message: 'memory 1 MiB', file: '/a' } }), {
      type: 'note',
      text: 'memory 1 MiB',
    });
    assert.equal(toTestEvent({ type: 'test:diagnostic', data: { message: 'tests 3' } }), undefined);
  });
  it('counts what was cancelled as failed', () => {
    assert.deepEqual(toTestEvent({ type: 'test:summary', data: { counts: { passed: 1, failed: 1, cancelled: 2 } } }), {
      type: 'end',
      passed: 1,
      failed: 3,
    });
  });
});
