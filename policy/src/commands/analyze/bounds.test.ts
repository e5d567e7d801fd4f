import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchBudget } from '../rules/budget.ts';
import { judgeCommand } from '../rules/evaluate.ts';
import { policy } from '../testing.ts';
import { bounds } from './bounds.ts';
import { readArgv } from './read-argv.ts';

const allow = policy(['Allow foo|echo|ls|kubectl', 'Deny kubectl delete']);
const times = (text: string, count: number) => text.repeat(count);
const nest = (open: string, inner: string, close: string, depth: number) => times(open, depth) + inner + times(close, depth);

describe('A script of many commands under many rules', () => {
  const many = policy([...Array.from({ length: 255 }, () => 'Allow a'), 'Deny a b']);
  const judged = judgeCommand([many], ['sh', '-c', `${times('a;', 900)}a b`]);

  it('is decided by all that is said', () => assert.equal(judged.decision, 'Deny'));
  it('is explained by a part of it, and by the rule that decides', () => {
    assert.ok(judged.reasons.length <= 300, `${judged.reasons.length} reasons`);
    assert.deepEqual(
      judged.reasons.filter(({ decision }) => decision === 'Deny').map(({ rule, command }) => [rule, command]),
      [['commands[255]', 901]],
    );
  });
  it('does not come to say of a command that no rule matches it, for lack of room', () =>
    assert.deepEqual(
      judged.reasons.filter(({ rule }) => rule === 'commands.unmatched'),
      [],
    ));
});

describe('A script that takes long to compare with the rules', () => {
  // Each option may or may not have a value, and each rule has 32 positions: so many ways to read it, 256 times.
  const rules = Array.from({ length: 256 }, (_, index) => `Allow ${times('a ', 31)}z${index}`);
  const slow = policy(rules.map((rule) => rule.replace('Allow a', 'RequireApproval kubectl')));
  const judged = judgeCommand([slow], ['sh', '-c', times(`kubectl ${times('-x a ', 200)};`, 4)]);

  it('is denied, and not allowed by what was left unread', () => {
    assert.equal(judged.decision, 'Deny');
    assert.deepEqual(
      judged.reasons.filter(({ decision }) => decision === 'Deny').map(({ rule }) => rule),
      ['commands.budget'],
    );
  });
  it('takes what it takes for all steps of an action together', () => {
    const budget = matchBudget();
    const step = (index: number) => ['sh', '-c', `kubectl ${times('-x a ', 40)}${index}`];
    const decisions = Array.from({ length: 24 }, (_, index) => judgeCommand([slow], step(index), [], budget).decision);
    assert.deepEqual([decisions[0], decisions.at(-1)], ['RequireApproval', 'Deny']);
  });
});

describe('A command beyond a bound', () => {
  const rows: Record<string, string> = {
    'is opaque with a long script': `foo ${times('a', bounds.script)}`,
    'is opaque with many nodes': times('foo a b c d e f\n', bounds.nodes / 8),
    'is opaque with deep groups': nest('{ ', 'foo', '; }', 300),
    'is opaque with deep subshells': nest('( ', 'foo', ' )', 300),
    'is opaque with deep substitutions': nest('foo $( ', 'foo', ' )', 100),
    'is opaque with deep quotes and substitutions': nest('"$(foo ', 'a', ')"', 60),
    'is opaque with deep branches': nest('if foo; then ', 'foo', '; fi', 200),
    'is opaque with deep defaults': nest('${x:-', 'a', '}', 300),
    'is opaque with deep arithmetic': `foo $((${nest('(', '1', ')', 400)}))`,
    'is opaque with many words': `foo ${times('a ', bounds.words + 1)}`,
    'is opaque with many commands': times('a;', bounds.commands + 10),
    'is opaque with many wrappers': `${times('env ', 100)}foo`,
    'is opaque with open brackets': times('(', 2_000),
    'is opaque with backticks': times('`', 4_001),
  };
  for (const [name, script] of Object.entries(rows))
    it(name, () => assert.equal(judgeCommand([allow], ['bash', '-c', script]).decision, 'RequireApproval'));

  const fast: Record<string, [script: string, decision: string]> = {
    'does not expand braces': [`foo ${times('{a,b}', 60)}`, 'Allow'],
    'reads open braces': [`foo ${times('{a,', 2_000)}`, 'Allow'],
    'does not expand ranges': ['foo {1..999999999}', 'Allow'],
    'does not go through loops': ['for ((i=0;i<999999999;i++)); do foo; done', 'RequireApproval'],
    'does not try every reading': [`kubectl ${times('-x ', 900)}get`, 'RequireApproval'],
    'does not try every reading of unknown words': [`kubectl ${times('"$x" ', 900)}get`, 'Deny'],
    'does not look again and again at nested loops': [nest('while a; do x=1; ', 'foo', '; done', 24), 'RequireApproval'],
    'reads a here-document of any length': [`foo <<E\n${times('$(foo)\n', 900)}E\n`, 'Allow'],
    'reads many redirections': [`foo ${times('> a ', 900)}`, 'RequireApproval'],
    'reads many assignments': [`${times('a=b ', 900)} foo`, 'Allow'],
    'reads many functions': [times('f() { a; }; f;', 150), 'RequireApproval'],
  };
  for (const [name, [script, decision]] of Object.entries(fast))
    it(name, () => assert.equal(judgeCommand([allow], ['bash', '-c', script]).decision, decision));

  it('can still be denied by what was read before', () =>
    assert.equal(judgeCommand([allow], ['bash', '-c', `kubectl delete x;${times('a;', bounds.commands)}`]).decision, 'Deny'));
  it('keeps what it says short', () => {
    const { opaque } = judgeCommand([allow], ['bash', '-c', times('$x a;', 900)]);
    assert.ok(opaque.length <= bounds.concerns);
    assert.ok(opaque.every(({ subject }) => subject.length <= 120));
  });
  it('is opaque without words', () => {
    assert.equal(judgeCommand([], []).decision, 'RequireApproval');
    assert.equal(judgeCommand([], ['']).decision, 'RequireApproval');
  });
  it('is opaque with a NUL', () => {
    assert.equal(judgeCommand([], ['foo', 'a\u0000b']).decision, 'RequireApproval');
    assert.equal(judgeCommand([], ['bash', '-c', 'foo\u0000']).decision, 'RequireApproval');
  });
  it('knows no properties that every object has', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      assert.doesNotThrow(() => readArgv([name, '-x', name]));
      assert.equal(
        judgeCommand([allow], ['bash', '-c', `${name}() { foo; }; kubectl ${name} delete`]).decision,
        'RequireApproval',
      );
    }
  });
});
