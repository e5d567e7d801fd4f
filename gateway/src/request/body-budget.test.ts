import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REQUEST_BUDGET, requireWithin } from './body-budget.ts';
import { parseText } from './parse-text.ts';
import { Refused } from './refused.ts';

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const refusedWith = (status: number, message: RegExp) => (error: unknown) =>
  error instanceof Refused && error.status === status && message.test(error.message);

describe('A body that costs the gateway too much is refused', () => {
  const rows: Record<string, { text: string; isYaml?: boolean; status?: number; message: RegExp }> = {
    'with too many values in a list': { text: JSON.stringify(range(50_001)), message: /more than 50000 values/ },
    'with too many values in many lists': {
      text: JSON.stringify(range(400).map(() => range(300))),
      message: /more than 50000 values/,
    },
    'that is nested too deeply': { text: nested(101), message: /nested more than 100 levels/ },
    'that is nested as deeply as its bytes allow': { text: nested(400_000), message: /nested more than 100 levels/ },
    'with long keys above many fields': {
      text: JSON.stringify({ ['k'.repeat(100_000)]: Object.fromEntries(range(1000).map((at) => [`f${at}`, 1])) }),
      message: /too many fields under long names/,
    },
    'in YAML that is nested too deeply': {
      text: `${'['.repeat(200)}${']'.repeat(200)}`,
      isYaml: true,
      status: 400,
      message: /cannot be parsed/,
    },
    'in YAML with an alias': { text: 'a: &a [1]\nb: *a', isYaml: true, status: 400, message: /cannot be parsed/ },
    'in YAML with an alias as a key': {
      text: '? &a [1, 2]\n: 1\n? *a\n: 2',
      isYaml: true,
      status: 400,
      message: /cannot be parsed/,
    },
    'in YAML with a key that stands twice': { text: 'a: 1\na: 2', isYaml: true, status: 400, message: /cannot be parsed/ },
    'in YAML with a number that JSON does not have': { text: 'a: .inf', isYaml: true, status: 400, message: /cannot be parsed/ },
    'in YAML of two documents': { text: 'a: 1\n---\nb: 2', isYaml: true, status: 400, message: /cannot be parsed/ },
  };
  for (const [name, { text, isYaml = false, status = 413, message }] of Object.entries(rows))
    it(name, () => assert.throws(() => parseText(text, isYaml), refusedWith(status, message)));

  it('and one within the budget is not', () => {
    parseText(nested(100), false);
    parseText(JSON.stringify(Object.fromEntries(range(20_000).map((at) => [`key-${at}`, 'v']))), false);
    requireWithin(REQUEST_BUDGET, undefined, 'the body');
  });
});

describe('YAML', () => {
  const rows: Record<string, { text: string; value: unknown }> = {
    'is JSON as well': { text: '{"a": [1, true, null, "x"]}', value: { a: [1, true, null, 'x'] } },
    'may stand in braces': { text: '{a: 1}', value: { a: 1 } },
    'has texts where version 1.1 has switches': { text: 'a: yes\nb: off', value: { a: 'yes', b: 'off' } },
    'has no merge keys': { text: 'a:\n  <<: {b: 1}', value: { a: { '<<': { b: 1 } } } },
    'has no dates': { text: 'a: 2026-01-01', value: { a: '2026-01-01' } },
    'keeps keys of a prototype': { text: '__proto__: 1\nconstructor: 2', value: JSON.parse('{"__proto__":1,"constructor":2}') },
  };
  for (const [name, { text, value }] of Object.entries(rows)) it(name, () => assert.deepEqual(parseText(text, true), value));
});
