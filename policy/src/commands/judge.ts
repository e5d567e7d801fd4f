import type { Decision } from '@sentinel/crds';
import { stricter } from '../order.ts';
import { dangerous } from './dangerous.ts';
import { type Concern, type FoundCommand, newFinder } from './finder.ts';
import { dangerousLine, safeLine } from './lines.ts';
import { isPlain, matchesPlainly, mayMatch, surelyMatches } from './match.ts';
import { baseName, isTrustedPath, operandsWrittenOut, otherNames, withoutVersion } from './programs.ts';
import { readStarted } from './read.ts';
import { type CompiledCommands, type CompiledRule, candidates } from './rules.ts';
import { safe } from './safe.ts';
import { isSignificant } from './variables.ts';
import { showWord, unknown, type Word } from './words.ts';

/** What a rule or a built-in line said. */
export interface CommandReason {
  /** The policy, or `Sentinel` for what is built in. */
  readonly policy: string;
  /** The rule, such as `commands[3]`, or the built-in line, such as `dangerous.rm-force`. */
  readonly rule: string;
  readonly decision: Decision;
  /** Which of the commands it speaks of; undefined when it speaks of the whole. */
  readonly command?: number;
  /** The tokens that matched. */
  readonly matched: readonly string[];
  /** False when it matches only if an unresolved word, or an option, is read in one of several ways. */
  readonly certain: boolean;
  readonly message: string;
  readonly justification?: string;
  /** What would have been allowed, or who can allow it. */
  readonly remedy: string;
}

/** What the policies say of a command. */
export interface CommandVerdict {
  readonly decision: Decision;
  readonly commands: readonly FoundCommand[];
  readonly reasons: readonly CommandReason[];
  readonly opaque: readonly Concern[];
}

/** What a command line holds, whatever policies say of it. */
export interface CommandReading {
  readonly commands: readonly FoundCommand[];
  readonly concerns: readonly Concern[];
}

/** Finds every simple command that an argv runs, and what of it can't be known. `variables` are what a step sets for it. */
export function readArgv(argv: readonly string[], variables: readonly string[] = []): CommandReading {
  const finder = newFinder();
  const place = { finder, chain: [], depth: 0, guess: false, scope: undefined };
  if (argv.length === 0 || argv[0] === '') {
    finder.concerns.push({ kind: 'Opaque', subject: '', why: 'it names no program', chain: [] });
  }
  for (const name of variables) {
    if (isSignificant(name))
      finder.concerns.push({ kind: 'Variable', subject: name, why: 'it changes which programs run, or what they do', chain: [] });
  }
  try {
    readStarted(argv, place);
  } catch {
    // Whatever went wrong here, the shell would not have gone wrong with it.
    finder.concerns.push({ kind: 'Opaque', subject: argv[0] ?? '', why: 'it can not be read', chain: [] });
  }
  return finder;
}

/**
 * Judges the argv of a step, with its parameters filled in. Nothing depends on the order of policies or rules: over all policies that
 * speak of commands, all rules and all simple commands the strictest decision holds.
 */
export function judgeCommand(
  policies: readonly CompiledCommands[],
  argv: readonly string[],
  variables: readonly string[] = [],
): CommandVerdict {
  const { commands, concerns } = readArgv(argv, variables);
  const reasons: CommandReason[] = [];
  for (const [index, command] of commands.entries()) judgeOne(policies, command, index, reasons);
  for (const concern of concerns) {
    if (concern.kind === 'Write' && policies.length === 0) continue;
    reasons.push(reasonOf(concern));
  }
  const decision = reasons.reduce<Decision>((strictest, reason) => stricter(strictest, reason.decision), 'Allow');
  return { decision, commands, reasons, opaque: concerns };
}

function reasonOf(concern: Concern): CommandReason {
  return {
    policy: 'Sentinel',
    rule: `commands.${concern.kind.toLowerCase()}`,
    decision: 'RequireApproval',
    matched: [],
    certain: true,
    message: `'${concern.subject}': ${concern.why}`,
    remedy: remedies[concern.kind],
  };
}

const remedies: Readonly<Record<Concern['kind'], string>> = {
  Opaque: 'Write the command out with literal words, or let a person approve it.',
  Variable: 'Leave the variable as it is, or let a person approve it.',
  Subcommand: 'Write options behind the subcommand, or let a person approve it.',
  Shadow: 'Give it a name that no program has, or let a person approve it.',
  Write: 'Let the command print instead, or let a person approve it.',
};

function judgeOne(policies: readonly CompiledCommands[], command: FoundCommand, index: number, reasons: CommandReason[]): void {
  const { words, role } = command;
  const others = otherNames(words);
  const readings = [...others, ...operandsWrittenOut(words, others)];
  const unmatched: string[] = [];
  for (const policy of policies) {
    const before = reasons.length;
    applyRules(policy, command, readings, index, reasons);
    if (reasons.length === before) unmatched.push(policy.name);
  }
  const program = words[0];
  if (typeof program !== 'string') return;
  const base = baseName(program);
  const name = safe.has(base) || dangerous.has(base) ? base : withoutVersion(base);
  const danger = builtIn(dangerousLine(dangerous, name, words), others);
  if (danger) {
    reasons.push({
      policy: 'Sentinel',
      rule: `dangerous.${danger.name}`,
      decision: 'RequireApproval',
      command: index,
      matched: [name],
      certain: true,
      message: `'${text(words)}' is dangerous: ${danger.reason}`,
      remedy: 'A person approves it; no rule allows it.',
    });
  }
  if (role !== 'Command' || unmatched.length === 0) return;
  const line = isTrustedPath(program) ? safeLine(safe, base, words) : undefined;
  reasons.push({
    policy: 'Sentinel',
    rule: line && !danger ? `safe.${line.name}` : 'commands.unmatched',
    decision: line && !danger ? 'Allow' : 'RequireApproval',
    command: index,
    matched: [],
    certain: true,
    message:
      line && !danger
        ? `'${text(words)}' only reads: ${line.reason}`
        : `no rule of ${someOf(unmatched)} matches '${text(words)}'`,
    remedy: line && !danger ? '' : 'An admin may add a rule to `commands` that allows it.',
  });

  function builtIn(found: ReturnType<typeof dangerousLine>, names: readonly (readonly Word[])[]) {
    if (found) return found;
    for (const other of names) {
      const first = other[0];
      const line = typeof first === 'string' ? dangerousLine(dangerous, first, other) : undefined;
      if (line) return line;
    }
    return undefined;
  }
}

const none: readonly CompiledRule[] = [];

function applyRules(
  policy: CompiledCommands,
  command: FoundCommand,
  others: readonly (readonly Word[])[],
  index: number,
  reasons: CommandReason[],
): void {
  const { words, role } = command;
  const program = words[0];
  if (program === undefined) return;
  const spoke: CompiledRule[] = [];
  const say = (rule: CompiledRule, certain: boolean) => {
    spoke.push(rule);
    reasons.push(spoken(policy, rule, command, index, certain));
  };
  if (typeof program !== 'string') {
    for (const rule of policy.restrictive) if (namesPart(rule, words, program.prefix)) say(rule, false);
    return;
  }
  const named = policy.byProgram.get(program);
  const rules = named ? candidates(named, words[1]) : none;
  const base = rules.length > 0 ? baseName(program) : program;
  const plain = isPlain(words);
  for (const rule of rules) {
    // Most commands have one reading, and most rules are about something else.
    if (plain && !matchesPlainly(rule.tokens, words)) continue;
    if (rule.decision === 'Allow') {
      if (role === 'Command' && surelyMatches(program, rule.tokens, words)) say(rule, true);
    } else if (mayMatch(base, rule.tokens, words)) {
      say(rule, surelyMatches(program, rule.tokens, words));
    }
  }
  for (const other of others) {
    const name = other[0];
    if (typeof name !== 'string') continue;
    const alike = policy.byProgram.get(name);
    for (const rule of alike ? candidates(alike, other[1]) : none) {
      if (spoke.includes(rule)) continue;
      if (rule.decision === 'Allow') {
        // Only the path is taken off for a rule that allows, and only where it can be trusted.
        const samePath = name === baseName(program) && program.includes('/') && isTrustedPath(program, policy.hostExecutables);
        if (role === 'Command' && samePath && surelyMatches(name, rule.tokens, other)) say(rule, true);
      } else if (mayMatch(name, rule.tokens, other)) {
        say(rule, surelyMatches(name, rule.tokens, other));
      }
    }
  }
}

// An unknown program of which a rule names the beginning, or the words behind it: `rm$IFS-rf`, `$tool delete pod x`.
function namesPart(rule: CompiledRule, words: readonly Word[], prefix: string): boolean {
  if (baseName(prefix) !== '')
    return mayMatch('', rule.tokens, [{ ...unknown('', baseName(prefix)), many: true }, ...words.slice(1)]);
  if (rule.tokens.length === 1) return false;
  const rest = words.slice(1);
  if (rest.length === 0 || typeof rest[0] !== 'string') return false;
  return (rule.tokens[0] ?? []).some((program) => mayMatch(program, rule.tokens, [program, ...rest]));
}

function spoken(
  policy: CompiledCommands,
  rule: CompiledRule,
  command: FoundCommand,
  index: number,
  certain: boolean,
): CommandReason {
  const matched = rule.prefix;
  const saying = { Allow: 'is allowed', RequireApproval: 'needs approval', Deny: 'is denied' }[rule.decision];
  const may = certain ? '' : ', as it may be read';
  return {
    policy: policy.name,
    rule: `commands[${rule.index}]`,
    decision: rule.decision,
    command: index,
    matched,
    certain,
    message: `'${text(command.words)}' ${saying} by '${matched.join(' ')}'${may}`,
    ...(rule.justification === undefined ? {} : { justification: rule.justification }),
    remedy:
      rule.decision === 'Allow'
        ? ''
        : rule.decision === 'RequireApproval'
          ? 'A person approves it.'
          : certain
            ? 'Do without it, or ask an admin to change the rule.'
            : 'Write the command out with literal words, options last.',
  };
}

const someOf = (names: readonly string[]): string =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;

function text(words: readonly Word[]): string {
  const whole = words.slice(0, 40).map(showWord).join(' ');
  return whole.length <= 160 ? whole : `${whole.slice(0, 159)}…`;
}
