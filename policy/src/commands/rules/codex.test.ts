import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Decision } from '@sentinel/crds';
import { policy } from '../testing.ts';
import { judgeCommand } from './evaluate.ts';

const both = (rules: readonly string[], argv: readonly string[]) => judgeCommand([policy(rules)], argv).decision;

// The behaviour of Codex's execution policy as its own tests state it, in this vocabulary: allow, prompt and forbidden are Allow,
// RequireApproval and Deny; a prompt by heuristics is RequireApproval as well.
describe('As Codex does, a command', () => {
  const rows: Record<string, readonly [readonly string[], readonly string[], Decision]> = {
    'falls under a prefix': [['Allow git status'], ['git', 'status'], 'Allow'],
    'falls under the strictest of two prefixes': [
      ['RequireApproval git', 'Deny git commit'],
      ['git', 'commit', '-m', 'x'],
      'Deny',
    ],
    'falls under the shorter prefix elsewhere': [
      ['RequireApproval git', 'Deny git commit'],
      ['git', 'status'],
      'RequireApproval',
    ],
    'falls under alternatives of a later token': [['Allow foo i|install --a|--b'], ['foo', 'install', '--b', 'x'], 'Allow'],
    'falls under each alternative of the first token': [['Deny foo|bar -x'], ['bar', '-x', 'y'], 'Deny'],
    'falls under none of an alternative that is missing': [
      ['Allow foo i|install --a|--b'],
      ['foo', 'install', '--c'],
      'RequireApproval',
    ],
    'is not safe as git': [[], ['git', 'status'], 'RequireApproval'],
    'is safe in a shell': [[], ['bash', '-lc', 'ls && pwd; echo "hi there" | wc -l'], 'Allow'],
    'is safe in zsh': [[], ['zsh', '-lc', 'ls'], 'Allow'],
    'is not safe beside another that is not': [[], ['bash', '-lc', 'ls && foo'], 'RequireApproval'],
    'is not safe with its script quoted twice': [[], ['bash', '-lc', "'ls -l'"], 'RequireApproval'],
    'is not safe with a redirection': [[], ['bash', '-lc', 'ls > out.txt'], 'RequireApproval'],
    'is not safe before an operator': [[], ['bash', '-lc', 'ls &&'], 'RequireApproval'],
    'is not safe after an operator': [[], ['bash', '-lc', '&& ls'], 'RequireApproval'],
    'is not safe around an empty one': [[], ['bash', '-lc', 'ls | | wc'], 'RequireApproval'],
    'is not safe around two semicolons': [[], ['bash', '-lc', 'ls ;; pwd'], 'RequireApproval'],
    'is not safe after a variable that changes programs': [[], ['bash', '-lc', 'PATH=. ls'], 'RequireApproval'],
    'is joined of quoted parts': [['Deny foo /usr/local'], ['bash', '-lc', `foo "/usr"'/'"local"`], 'Deny'],
    'is joined of an option and a quoted value': [['Deny rg -g*.py'], ['bash', '-lc', 'rg -g"*.py"'], 'Deny'],
  };
  for (const [name, [rules, argv, decision]] of Object.entries(rows)) it(name, () => assert.equal(both(rules, argv), decision));
});

describe('Other than Codex does, a command', () => {
  const rows: Record<string, readonly [readonly string[], readonly string[], Decision]> = {
    'falls under a denial past its options': [['Deny git status'], ['git', '--config', 'color.status=always', 'status'], 'Deny'],
    'is read in a subshell': [[], ['bash', '-lc', 'ls || (pwd && echo hi)'], 'Allow'],
    'is read in a loop': [[], ['bash', '-lc', 'for f in a b; do cat "$f"; done'], 'Allow'],
    'is read beside an assignment': [['Allow foo'], ['bash', '-lc', 'A=b foo'], 'Allow'],
    'is read with arguments for its script': [[], ['bash', '-lc', 'ls', 'x'], 'Allow'],
    'is read through a shell that a rule allows': [['Allow bash -lc'], ['bash', '-lc', 'foo $(bar)'], 'RequireApproval'],
    'is dangerous when it is recursive': [['Allow rm'], ['rm', '-r', 'x'], 'RequireApproval'],
    'is dangerous through a variable': [['Allow rm'], ['bash', '-lc', 'cmd=rm; $cmd -rf x'], 'RequireApproval'],
    'is dangerous in a script with faults': [['Deny rm'], ['bash', '-lc', 'if then rm -rf x'], 'Deny'],
  };
  for (const [name, [rules, argv, decision]] of Object.entries(rows)) it(name, () => assert.equal(both(rules, argv), decision));
});
