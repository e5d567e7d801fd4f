import { judgeCommand, readArgv } from '@sentinel/policy';
import { type AnyPolicy, type Finding, nameOf } from './finding.ts';
import { isStricter } from './policy.ts';

/** Findings about the command rules of a policy: rules that never decide anything. */
export function lintCommands(policy: AnyPolicy): Finding[] {
  const found: Finding[] = [];
  const rules = policy.spec.commands ?? [];
  for (const [index, rule] of rules.entries()) {
    const path = `commands[${index}]`;
    const add = (message: string) => found.push({ level: 'warning', policy: nameOf(policy), path, message });
    const by = rules.findIndex(
      (other, at) => at !== index && isStricter(other.decision, rule.decision, at < index) && covers(other.prefix, rule.prefix),
    );
    if (by >= 0) add(`is shadowed: commands[${by}] matches all of it and is at least as strict`);
    if (rule.decision === 'Deny' && rule.justification === undefined)
      add('denies without a justification: the agent is not told what to do instead');
    if (rule.notMatch !== undefined && rule.notMatch.length > 0 && !rule.match?.length)
      add('has only examples that must not match: a rule that matches nothing would pass them; add `match`');
    if (rule.decision === 'Allow') for (const message of uselessAllowance(rule.prefix)) add(message);
  }
  return found;
}

function covers(wide: readonly string[], narrow: readonly string[]): boolean {
  if (wide.length > narrow.length) return false;
  return wide.every((position, index) => {
    const alternatives = new Set(position.split('|'));
    return (narrow[index] ?? '').split('|').every((token) => alternatives.has(token));
  });
}

const MAX = 200;

// Commands that need a person even if a rule allows them: each alternative is evaluated separately.
function uselessAllowance(prefix: readonly string[]): string[] {
  const commands = prefix.reduce<string[][]>(
    (lines, position) => lines.flatMap((line) => position.split('|').map((token) => [...line, token])).slice(0, MAX),
    [[]],
  );
  const messages = commands.flatMap((argv) => {
    const [program = ''] = argv;
    if (argv.length === 1 && isWrapper(program)) return [`'${program}' only starts other commands: allowing it allows nothing`];
    const asked = askedAnyway(argv);
    return asked === undefined ? [] : [`'${argv.join(' ')}' needs a person all the same (${asked}): no rule lifts it`];
  });
  return [...new Set(messages)].slice(0, 3);
}

// `python3` without arguments reads its input; with a file it is a program like any other. Only commands that need a person in both forms are reported.
function askedAnyway(argv: readonly string[]): string | undefined {
  const ruleOf = (line: readonly string[]) =>
    judgeCommand([], line).reasons.find(({ rule }) => rule.startsWith('dangerous.') || rule === 'commands.opaque')?.rule;
  const alone = ruleOf(argv);
  return alone === undefined ? undefined : ruleOf([...argv, 'x.txt']);
}

const isWrapper = (program: string) =>
  readArgv([program, '-c', 'true']).commands[0]?.role === 'Wrapper' ||
  readArgv([program, 'true']).commands[0]?.role === 'Wrapper';
