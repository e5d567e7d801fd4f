import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Decision } from '@sentinel/crds';
import { stricter } from '../../verdict/order.ts';
import { sampleOf } from '../fuzz/grammar.ts';
import { type Random, randomOf } from '../fuzz/random.ts';
import { compiled } from '../testing.ts';
import type { CommandRule } from './compile.ts';
import { judgeCommand } from './evaluate.ts';
import { commandRuleFaults } from './validate.ts';

const words = ['kubectl', 'rm', 'git', 'ls', 'foo', 'get', 'delete', '-n', 'a|b', 'rm|ls', 'prod', '-rf', 'bash', 'env', '-c'];
const decisions: readonly Decision[] = ['Allow', 'RequireApproval', 'Deny'];

function randomPolicy(random: Random, name: string) {
  const commands: CommandRule[] = Array.from({ length: random.below(6) }, () => ({
    prefix: Array.from({ length: 1 + random.below(3) }, () => random.of(words)),
    decision: random.of(decisions),
  }));
  return { name, commands };
}

const pieces = [
  ...words,
  ' ',
  '\n',
  ';',
  '|',
  '&',
  '<',
  '>',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '`',
  '$',
  '${',
  '$(',
  '$((',
  '))',
  '\\',
  '*',
  '?',
  '~',
  '!',
  '=',
  ':-',
  '@',
  '#',
  '<<E',
  'E',
  'if',
  'then',
  'fi',
  'for',
  'in',
  'do',
  'done',
  'case',
  'esac',
  'eval',
  'sh',
  'xargs',
  'find',
  '-exec',
  'exec',
  'trap',
  '\u0000',
  '\ud800',
  'é',
  '\r',
  '\t',
  'function',
  'time',
  'coproc',
  '[[',
  ']]',
  "$'",
  '&>',
  '{a,b}',
  '-S',
  '--',
];

describe('The verdict on a command', () => {
  it('is never looser with one more policy', () => {
    for (let seed = 0; seed < 1_500; seed++) {
      const random = randomOf(seed);
      const { shell, script } = sampleOf(seed);
      const argv = [shell, '-c', script];
      const policies = Array.from({ length: random.below(3) }, (_, index) => compiled(randomPolicy(random, `p${index}`)));
      const before = judgeCommand(policies, argv).decision;
      const after = judgeCommand([...policies, compiled(randomPolicy(random, 'more'))], argv).decision;
      assert.equal(stricter(before, after), after, `seed ${seed}: ${before} became ${after}`);
    }
  });
  it('is never looser with one more rule that does not allow', () => {
    for (let seed = 0; seed < 1_500; seed++) {
      const random = randomOf(seed);
      const { shell, script } = sampleOf(seed);
      const source = randomPolicy(random, 'a');
      const more: CommandRule = { prefix: [random.of(words)], decision: random.of(['Deny', 'RequireApproval'] as const) };
      const before = judgeCommand([compiled(source)], [shell, '-c', script]).decision;
      const after = judgeCommand([compiled({ ...source, commands: [...source.commands, more] })], [shell, '-c', script]).decision;
      assert.equal(stricter(before, after), after, `seed ${seed}: ${before} became ${after}`);
    }
  });
  it('does not depend on any order', () => {
    for (let seed = 0; seed < 800; seed++) {
      const random = randomOf(seed);
      const { shell, script } = sampleOf(seed);
      const sources = Array.from({ length: 3 }, (_, index) => randomPolicy(random, `p${index}`));
      const there = judgeCommand(sources.map(compiled), [shell, '-c', script]).decision;
      const turned = sources.map((source) => compiled({ ...source, commands: source.commands.toReversed() })).toReversed();
      assert.equal(judgeCommand(turned, [shell, '-c', script]).decision, there);
    }
  });
  it('is never an error, whatever the text', () => {
    for (let seed = 0; seed < 4_000; seed++) {
      const random = randomOf(seed);
      const text = Array.from({ length: random.below(24) }, () => random.of(pieces) + (random.chance(0.4) ? ' ' : '')).join('');
      const argv = Array.from({ length: random.below(6) }, () => random.of([...pieces, text]));
      assert.doesNotThrow(() => judgeCommand([], argv), `seed ${seed}`);
      assert.doesNotThrow(() => judgeCommand([compiled(randomPolicy(random, 'a'))], ['bash', '-c', text]), `seed ${seed}`);
      assert.doesNotThrow(
        () => commandRuleFaults([{ prefix: [text || 'a'], decision: 'Deny', match: [text || 'a'] }]),
        `seed ${seed}`,
      );
    }
  });
});
