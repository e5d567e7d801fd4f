import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Decision } from '@sentinel/crds';
import { remedyOf } from '../../verdict/policy-errors.ts';
import type { HostExecutable } from '../programs/program-names.ts';
import type { Word } from '../shell/words.ts';
import { compiled, judged, policy } from '../testing.ts';
import { candidates, compileCommands } from './compile.ts';
import { judgeCommand } from './evaluate.ts';
import { mayMatch } from './match.ts';

const reads = ['Allow kubectl get|describe|logs', 'Deny kubectl delete'];

describe('A rule about commands', () => {
  const rows: Record<string, readonly [readonly string[], string, Decision]> = {
    'allows what its prefix matches': [reads, 'kubectl get pods', 'Allow'],
    'allows each alternative': [reads, 'kubectl logs web-1 -f', 'Allow'],
    'knows no patterns': [['Allow foo ge*'], 'foo get', 'RequireApproval'],
    'needs every token': [['Allow foo get pods'], 'foo get', 'RequireApproval'],
    'takes tokens whole': [['Allow foo get'], 'foo gets', 'RequireApproval'],
    'denies what its prefix matches': [reads, 'kubectl delete pod x', 'Deny'],
    'loses to a stricter one': [['Allow foo', 'Deny foo delete'], 'foo delete', 'Deny'],
    'loses to a stricter one, whichever comes first': [['Deny foo delete', 'Allow foo'], 'foo delete', 'Deny'],
    'may ask': [['RequireApproval foo'], 'foo', 'RequireApproval'],
    'does not match another program': [['Allow foo'], 'bar', 'RequireApproval'],
    'does not match a program that is quoted with its arguments': [['Allow foo get'], "'foo get'", 'RequireApproval'],
    'is not dodged by an option before the subcommand': [reads, 'kubectl -n prod delete pod x', 'Deny'],
    'is not dodged by an option with a value attached': [reads, 'kubectl -nprod --context=x delete pod x', 'Deny'],
    'is not dodged by an option that is not known': [reads, 'kubectl --what ever delete pod x', 'Deny'],
    'is not dodged by options that are not known': [reads, 'kubectl -x --y z -w delete pod x', 'Deny'],
    'is not dodged by an option that hides the subcommand as its value': [reads, 'kubectl --what delete pod x', 'Deny'],
    'is not dodged by dashes': [reads, 'kubectl -- delete pod x', 'Deny'],
    'is not dodged by an unknown subcommand': [reads, 'kubectl "$x" pod x', 'Deny'],
    'is not dodged by unknown words': [reads, 'kubectl $* pod x', 'Deny'],
    'is not dodged by an unknown program with known words': [reads, '$tool delete pod x', 'Deny'],
    'is not dodged by a part of its program': [['Deny rm'], 'rm$IFS-rf$IFS/', 'Deny'],
    'is not dodged by a part of its path': [['Deny rm'], '/bin/r"$x" y', 'Deny'],
    'does not deny every unknown program': [['Deny rm'], '"$x" y', 'RequireApproval'],
    'is not dodged by a part of a word': [reads, 'kubectl del"$x" pod x', 'Deny'],
    'is not dodged by braces': [reads, 'kubectl {delete,pod,x}', 'Deny'],
    'does not deny what an unknown word cannot become': [reads, 'kubectl get "pod/$x"', 'Allow'],
    'asks where an unknown word may be a dangerous option': [reads, 'kubectl get "$x"', 'RequireApproval'],
    'does not ask where an unknown word can be none': [reads, 'kubectl get -- "$x"', 'Allow'],
    'does not deny what an unknown word begins otherwise than': [['Allow foo', 'Deny foo delete'], 'foo get"$x"', 'Allow'],
    'is not dodged by a path': [reads, '/tmp/kubectl delete pod x', 'Deny'],
    'is not dodged by an alias of the program': [reads, 'k delete pod x', 'Deny'],
    'is not dodged by a version in its name': [reads, 'kubectl-1.31 delete pod x', 'Deny'],
    'is not dodged by a suffix': [reads, 'kubectl.exe delete pod x', 'Deny'],
    'is not dodged by the name of a plugin': [reads, 'kubectl-delete pod x', 'Deny'],
    'is not dodged by another distribution': [reads, 'k3s kubectl delete pod x', 'Deny'],
    'is not dodged by an option that takes no value': [
      ['Deny kustomize edit'],
      'kustomize --stack-trace edit set image x',
      'Deny',
    ],
    'is not given by what only follows an option': [
      ['Allow kustomize build'],
      'kustomize --stack-trace edit build',
      'RequireApproval',
    ],
    'is not dodged by case of a subcommand of another': [['Deny git push'], 'git -C /x -c a=b push', 'Deny'],
    'allows past options that are known': [reads, 'kubectl -n prod --request-timeout 5s get pods', 'Allow'],
    'allows past an option with its value attached': [reads, 'kubectl --namespace=prod -v=6 get pods', 'Allow'],
    'does not allow past an option that is not known': [reads, 'kubectl --what get pods', 'RequireApproval'],
    'does not allow past an option whose value may be several words': [reads, 'kubectl -n $ns get pods', 'RequireApproval'],
    'allows past an option whose value is one word': [reads, 'kubectl -n "$ns" get pods', 'Allow'],
    'does not allow what the value of an option says': [reads, 'kubectl -n get scale x', 'RequireApproval'],
    'allows options that it names itself': [['Allow foo -C /repo status'], 'foo -C /repo status', 'Allow'],
    'does not allow an alias of its program': [['Allow kubectl get'], 'k get pods', 'RequireApproval'],
    'says nothing of what is opaque': [['Allow bash -c'], '"$x"', 'RequireApproval'],
    'does not allow what is dangerous': [['Allow rm'], 'rm -rf x', 'RequireApproval'],
    'may deny what is dangerous': [['Deny rm'], 'rm -rf x', 'Deny'],
    'may deny what is safe': [['Deny cat'], 'cat x', 'Deny'],
    'judges each command of a pipeline': [[...reads, 'Allow foo'], 'foo | kubectl delete -f -', 'Deny'],
    'may deny a wrapper': [['Deny sudo', 'Allow foo'], 'sudo foo', 'Deny'],
    'may deny a shell': [['Deny bash', 'Allow foo'], 'foo', 'Deny'],
    'does not need to allow a wrapper': [['Allow foo'], 'timeout 5 nice foo', 'Allow'],
    'does not allow a command by its wrapper': [['Allow timeout'], 'timeout 5 foo', 'RequireApproval'],
  };
  for (const [name, [rules, command, decision]] of Object.entries(rows))
    it(name, () => assert.equal(judged(rules, command).decision, decision, JSON.stringify(judged(rules, command), null, 1)));
});

describe('A program with a path', () => {
  const host = [{ name: 'git', paths: ['/opt/homebrew/bin/git'] }];
  const rows: Record<string, readonly [readonly string[], readonly HostExecutable[], string, Decision]> = {
    'falls under a rule for exactly this path': [['Allow /opt/x/git status'], [], '/opt/x/git', 'Allow'],
    'falls under a rule for its name in a standard folder': [['Allow git status'], [], '/usr/bin/git', 'Allow'],
    'does not fall under an allowance in another folder': [['Allow git status'], [], '/tmp/git', 'RequireApproval'],
    'does not fall under an allowance below here': [['Allow git status'], [], './git', 'RequireApproval'],
    'falls under an allowance where the policy says that it lies': [['Allow git status'], host, '/opt/homebrew/bin/git', 'Allow'],
    'falls under none where the policy says that it does not': [['Allow git status'], host, '/usr/bin/git', 'RequireApproval'],
    'falls under a denial wherever it lies': [['Deny git status'], host, '/tmp/git', 'Deny'],
    'falls under a denial of its name beside an allowance of its path': [
      ['Allow /tmp/git status', 'Deny git status'],
      [],
      '/tmp/git',
      'Deny',
    ],
    'is named alone as it always was': [['Allow git status'], host, 'git', 'Allow'],
  };
  for (const [name, [rules, executables, program, decision]] of Object.entries(rows))
    it(name, () => assert.equal(judgeCommand([policy(rules, executables)], [program, 'status']).decision, decision));
});

describe('Policies about commands', () => {
  const allow = compiled({ name: 'a', commands: [{ prefix: ['foo'], decision: 'Allow' }] });
  const none = compiled({ name: 'b', commands: [] });

  it('say nothing without rules', () => {
    assert.equal(compileCommands({ name: 'a' }), undefined);
    assert.equal(judgeCommand([], ['foo']).decision, 'Allow');
  });
  it('ask for what no rule of an empty list matches', () =>
    assert.equal(judgeCommand([none], ['foo']).decision, 'RequireApproval'));
  it('hold together, in any order', () => {
    assert.equal(judgeCommand([allow, none], ['foo']).decision, 'RequireApproval');
    assert.equal(judgeCommand([none, allow], ['foo']).decision, 'RequireApproval');
  });
  it('do not have to exist for what is dangerous', () =>
    assert.equal(judgeCommand([], ['rm', '-rf', 'x']).decision, 'RequireApproval'));
  it('do not have to exist for what is opaque', () => assert.equal(judged(undefined, '$x').decision, 'RequireApproval'));
  it('do have to exist for a write', () => {
    assert.equal(judged(undefined, 'ls > a').decision, 'Allow');
    assert.equal(judged([], 'ls > a').decision, 'RequireApproval');
  });
  it('say which rule spoke, and why', () => {
    const one = compiled({
      name: 'AgentPolicy/shop',
      commands: [
        { prefix: ['foo'], decision: 'Allow' },
        { prefix: ['kubectl', 'delete|drain'], decision: 'Deny', justification: 'Through Git.' },
      ],
    });
    const { reasons, commands } = judgeCommand([one], ['bash', '-c', 'sudo kubectl -n x delete pod y']);
    const denial = reasons.find(({ decision }) => decision === 'Deny');
    assert.deepEqual(denial, {
      policy: 'AgentPolicy/shop',
      rule: 'commands[1]',
      decision: 'Deny',
      command: 2,
      matched: ['kubectl', 'delete|drain'],
      certain: true,
      message: "'kubectl -n x delete pod y' is denied by 'kubectl delete|drain'",
      quote: 'kubectl -n x delete pod y',
      justification: 'Through Git.',
      remedy: remedyOf('CommandDenied'),
    });
    assert.deepEqual(commands[2]?.chain, ['bash -c', 'sudo']);
  });
  it('see the variables of a step', () =>
    assert.equal(judgeCommand([allow], ['foo'], ['LD_PRELOAD']).decision, 'RequireApproval'));
  it('do not mind other variables of a step', () => assert.equal(judgeCommand([allow], ['foo'], ['REGION']).decision, 'Allow'));
});

describe('The index of rules', () => {
  const tokens = ['a', 'b', 'c', 'a|b', 'b|c', '-x'];
  const words = [
    'a',
    'b',
    'c',
    '-x',
    '',
    'z',
    { source: '$x', prefix: '', many: true },
    { source: '"$x"', prefix: 'b', many: false },
  ];
  const every = <T>(list: readonly T[], length: number): T[][] =>
    length === 0 ? [[]] : every(list, length - 1).flatMap((rest) => list.map((one) => [one, ...rest]));

  it('leaves out no rule that matches, in any shape of rule and command', () => {
    const prefixes = [1, 2, 3, 4].flatMap((length) => every(length > 3 ? ['a', 'b|c'] : tokens, length));
    const own = compiled({ name: 'p', commands: prefixes.map((prefix) => ({ prefix, decision: 'Deny' as const })) });
    let matched = 0;
    for (const rest of [0, 1, 2, 3].flatMap((length) => every<Word>(words, length))) {
      const line: Word[] = ['a', ...rest];
      const found = new Set(candidates(own, 'a', line));
      for (const rule of own.restrictive) {
        if (!mayMatch('a', rule.tokens, line)) continue;
        matched += 1;
        assert.ok(found.has(rule), `${rule.prefix.join(' ')} is not asked of ${JSON.stringify(line)}`);
      }
    }
    assert.ok(matched > 5_000, String(matched));
  });

  it('takes no more room for rules with very many alternatives', () => {
    const many = Array.from({ length: 80 }, (_, index) => `t${index}`).join('|');
    const own = compiled({ name: 'p', commands: [{ prefix: [many, many, many, many], decision: 'Deny' }] });
    assert.equal(candidates(own, 't3', ['t3', 't4', 't5', 't6']).length, 1);
    assert.equal(own.tree.next?.get('t3')?.next, undefined);
  });
});

describe('A policy whose rules have as many alternatives as there may be', () => {
  const position = (rule: number, at: number) => Array.from({ length: 10 }, (_, index) => `p${index}-${rule}-${at}`).join('|');
  const prefix = (rule: number) => [position(rule, 0), position(rule, 1), position(rule, 2)];
  const commands = Array.from({ length: 256 }, (_, rule) => ({ prefix: prefix(rule), decision: 'Deny' as const }));
  const compiled = compileCommands({ name: 'p', commands });

  it('takes a megabyte of memory and no more: each program keeps what it has read', () =>
    assert.ok((compiled?.treeBytes ?? 0) <= 1.1 * 1024 * 1024, `${compiled?.treeBytes} bytes`));
  it('is obeyed all the same, from its first rule to its last', () => {
    for (const rule of [0, 1, 128, 255]) {
      const argv = [`p3-${rule}-0`, `p9-${rule}-1`, `p0-${rule}-2`, 'x'];
      assert.equal(judgeCommand(compiled ? [compiled] : [], argv).decision, 'Deny', `rule ${rule}`);
      assert.equal(judgeCommand(compiled ? [compiled] : [], argv.slice(0, 2)).decision, 'RequireApproval', `rule ${rule}`);
    }
  });
});
