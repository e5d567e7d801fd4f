import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scaleDuration, scaleExpression, scaleRules } from './scale.ts';

describe('Rules for a test that cannot wait', () => {
  const durations: readonly [string, string][] = [
    ['5m', '5s'],
    ['1h', '1m'],
    ['2h', '2m'],
    ['1h30m', '1m30s'],
    ['30s', '500ms'],
    ['1d', '24m'],
  ];
  for (const [real, scaled] of durations)
    it(`have ${scaled} for ${real} at a sixtieth`, () => assert.equal(scaleDuration(real, 60), scaled));

  it('refuse what is not a duration', () => {
    for (const text of ['', '5', 'm', '5 m', '1ms'])
      assert.throws(() => scaleDuration(text, 60), /is not a duration of at least 60 milliseconds/);
  });

  const expressions: readonly [string, string, string][] = [
    ['range windows', 'rate(a[5m]) / rate(b{c="[5m]"}[10m]) > 0.05', 'rate(a[5s]) / rate(b{c="[5m]"}[10s]) > 0.05'],
    ['subqueries and offsets', 'max_over_time(a[1h:5m] offset 10m) > 1', 'max_over_time(a[1m:5s] offset 10s) > 1'],
    ['a limit of a metric that is a time', 'max(a_seconds) > 7200', 'max(a_seconds) > 120'],
    [
      'a limit of a quantile of times',
      'histogram_quantile(0.99, sum by (le) (rate(a_seconds_bucket[10m]))) > 30',
      'histogram_quantile(0.99, sum by (le) (rate(a_seconds_bucket[10s]))) > 0.5',
    ],
    ['no count and no ratio', 'max(a) / max(b) > 0.85 or max(c) > 100', 'max(a) / max(b) > 0.85 or max(c) > 100'],
    [
      'no count of times',
      'count(a_seconds) > 60 or rate(a_seconds_count[5m]) > 60',
      'count(a_seconds) > 60 or rate(a_seconds_count[5s]) > 60',
    ],
    ['no point in time', 'a_timestamp_seconds - time() < 4 * 86400', 'a_timestamp_seconds - time() < 4 * 86400'],
  ];
  for (const [what, real, scaled] of expressions) it(`scale ${what}`, () => assert.equal(scaleExpression(real, 60), scaled));

  it('are not made of an expression that cannot be parsed', () => {
    assert.throws(() => scaleExpression('max(a', 60), /cannot be parsed/);
  });

  it('keep everything else of a file of rules', () => {
    const alert = {
      alert: 'A',
      expr: 'rate(a[5m]) > 1',
      for: '10m',
      labels: { severity: 'info' },
      annotations: { summary: 'x' },
    };
    const { for: _, ...atOnce } = alert;
    assert.deepEqual(scaleRules({ groups: [{ name: 'g', rules: [alert, atOnce] }] }, 60), {
      groups: [
        {
          name: 'g',
          rules: [
            { ...alert, expr: 'rate(a[5s]) > 1', for: '10s' },
            { ...atOnce, expr: 'rate(a[5s]) > 1' },
          ],
        },
      ],
    });
  });
});
