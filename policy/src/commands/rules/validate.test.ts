import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommandRule } from './compile.ts';
import { commandRuleFaults } from './validate.ts';

const base: CommandRule = { prefix: ['kubectl', 'delete'], decision: 'Deny' };

describe('The faults of rules about commands', () => {
  const rows: Record<string, readonly [Partial<CommandRule>, readonly string[]]> = {
    'are empty for a rule that keeps its examples': [
      {
        match: ['kubectl delete pod x', "kubectl -n 'a' delete pod x", 'sudo kubectl delete x', 'echo a && kubectl delete x'],
        notMatch: ['kubectl get pods'],
      },
      [],
    ],
    'name an example that does not match': [
      { match: ['kubectl delete x', 'kubectl get pods'] },
      ["`commands[1].match[1]` 'kubectl get pods' does not match 'kubectl delete'"],
    ],
    'name an example that matches': [
      { notMatch: ['kubectl -n x delete pod y'] },
      ["`commands[1].notMatch[0]` 'kubectl -n x delete pod y' matches 'kubectl delete', which it must not"],
    ],
    'name bad syntax': [
      { match: ["kubectl delete 'x"] },
      ["`commands[1].match[0]` 'kubectl delete 'x' is no command: unterminated single quote"],
    ],
    'name an example without a command': [{ match: ['  '] }, ["`commands[1].match[0]` '  ' holds no command"]],
    'name an empty alternative': [
      { prefix: ['kubectl', 'get||x'] },
      ["`commands[1].prefix[1]` must not have an empty alternative: 'get||x'"],
    ],
    'name a bar alone': [{ prefix: ['|'] }, ["`commands[1].prefix[0]` must not have an empty alternative: '|'"]],
    'name a program with spaces': [
      { prefix: ['kubectl delete'] },
      ["`commands[1].prefix[0]` must be the name of a program, not 'kubectl delete': give each word a position of its own"],
    ],
    'name a blank justification': [{ justification: '  ' }, ['`commands[1].justification` must not be blank']],
    'name an empty prefix': [{ prefix: [] }, ['`commands[1].prefix` must name a program']],
    'hold an allowance to certain matches': [
      { decision: 'Allow', match: ['kubectl --what delete x'] },
      ["`commands[1].match[0]` 'kubectl --what delete x' does not match 'kubectl delete'"],
    ],
  };
  for (const [name, [change, faults]] of Object.entries(rows))
    it(name, () => assert.deepEqual(commandRuleFaults([base, { ...base, ...change }]), faults));

  it('look at each rule by itself', () => {
    const rules: CommandRule[] = [{ prefix: ['git'], decision: 'Allow', notMatch: ['kubectl delete x'] }, base];
    assert.deepEqual(commandRuleFaults(rules), []);
  });
});

it('The examples of rules about commands are not read beyond a bound: each reader of the policy would take its time for them', () => {
  const match = Array.from({ length: 16 }, () => `kubectl delete ${'x'.repeat(1_009)}`);
  const of = (rules: number) => commandRuleFaults(Array.from({ length: rules }, () => ({ ...base, match })));
  assert.deepEqual(of(4), []);
  assert.deepEqual(of(5), ['`commands`: the examples have 81920 characters together; at most 65536 are read, so remove some']);
});
