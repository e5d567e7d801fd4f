import { parse } from 'unbash';
import { readArgv } from '../analyze/read-argv.ts';
import { operandsWrittenOut, otherNames } from '../programs/program-names.ts';
import { showWord, type Word } from '../shell/words.ts';
import { type CommandRule, tokensOfRule } from './compile.ts';
import { mayMatch, surelyMatches } from './match.ts';

/** Faults in rules about commands, each with its path, such as `commands[3].match[0]`. */
export function commandRuleFaults(rules: readonly CommandRule[]): string[] {
  return rules.flatMap((rule, index) => faultsOf(rule, `commands[${index}]`));
}

function faultsOf(rule: CommandRule, path: string): string[] {
  const faults: string[] = [];
  if (rule.prefix.length === 0) faults.push(`\`${path}.prefix\` must name a program`);
  rule.prefix.forEach((position, index) => {
    const at = `\`${path}.prefix[${index}]\``;
    if (position.split('|').some((token) => token.trim() === ''))
      faults.push(`${at} must not have an empty alternative: '${position}'`);
    else if (/[\u0000-\u001f]/.test(position)) faults.push(`${at} must not hold control characters`);
    else if (index === 0 && /\s/.test(position))
      faults.push(`${at} must be the name of a program, not '${position}': give each word a position of its own`);
  });
  if (rule.justification !== undefined && rule.justification.trim() === '')
    faults.push(`\`${path}.justification\` must not be blank`);
  if (faults.length > 0) return faults;
  faults.push(
    ...exampleFaults(rule, rule.match ?? [], `${path}.match`, true),
    ...exampleFaults(rule, rule.notMatch ?? [], `${path}.notMatch`, false),
  );
  return faults;
}

function exampleFaults(rule: CommandRule, examples: readonly string[], path: string, expected: boolean): string[] {
  return examples.flatMap((example, index) => {
    const at = `\`${path}[${index}]\``;
    const syntax = syntaxFault(example);
    if (syntax) return [`${at} '${example}' is no command: ${syntax}`];
    const { commands } = readArgv(['bash', '-c', example]);
    const found = commands.slice(1);
    if (found.length === 0) return [`${at} '${example}' holds no command`];
    if (found.some(({ words }) => matchesRule(rule, words)) === expected) return [];
    const prefix = rule.prefix.join(' ');
    return [
      expected ? `${at} '${example}' does not match '${prefix}'` : `${at} '${example}' matches '${prefix}', which it must not`,
    ];
  });
}

function syntaxFault(example: string): string | undefined {
  try {
    return parse(example).errors?.[0]?.message;
  } catch {
    return 'it cannot be parsed';
  }
}

/** Whether a command falls under a rule, as an allowance or as a stop, whichever the rule is. */
export function matchesRule(rule: CommandRule, words: readonly Word[]): boolean {
  const tokens = tokensOfRule(rule);
  const matches = rule.decision === 'Allow' ? surelyMatches : mayMatch;
  const others = otherNames(words);
  const names = rule.decision === 'Allow' ? [words] : [words, ...others, ...operandsWrittenOut(words, others)];
  return names.some((line) => line[0] !== undefined && typeof line[0] === 'string' && matches(showWord(line[0]), tokens, line));
}
