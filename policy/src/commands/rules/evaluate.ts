import type { Decision } from '@sentinel/crds';
import { remedyOf } from '../../verdict/policy-errors.ts';
import type { Concern, FoundCommand } from '../analyze/finder.ts';
import { type NamedReading, type PreparedCommand, prepareArgv } from '../analyze/prepare-argv.ts';
import { baseName, isTrustedPath } from '../programs/program-names.ts';
import { showWord, unknown, type Word } from '../shell/words.ts';
import { type MatchBudget, matchBudget } from './budget.ts';
import { type CompiledCommands, type CompiledRule, candidates } from './compile.ts';
import { matchesPlainly, mayMatch, surelyMatches } from './match.ts';
import { type CommandReason, give, newReasons, type Reasons } from './reasons.ts';

/** The evaluation of a command. */
export interface CommandVerdict {
  readonly decision: Decision;
  readonly commands: readonly FoundCommand[];
  /** The first reason of each decision, which is enough as explanation. */
  readonly reasons: readonly CommandReason[];
  readonly opaque: readonly Concern[];
}

/**
 * Judges the argv of a step, with its parameters filled in. Nothing depends on the order of policies or rules: over all policies that
 * have rules about commands, all rules and all simple commands the strictest decision holds. What is left unread when the budget is spent is
 * denied. Steps of one action share a budget.
 */
export function judgeCommand(
  policies: readonly CompiledCommands[],
  argv: readonly string[],
  variables: readonly string[] = [],
  budget: MatchBudget = matchBudget(),
): CommandVerdict {
  const { commands, concerns } = prepareArgv(argv, variables);
  const reasons = newReasons();
  for (const [index, command] of commands.entries()) {
    if (budget.left < 0) break;
    judgeOne(policies, command, index, reasons, budget);
  }
  if (budget.left < 0) give(reasons, 'Deny', tooMuch);
  for (const concern of concerns) {
    if (concern.kind === 'Write' && policies.length === 0) continue;
    give(reasons, 'RequireApproval', () => reasonOf(concern));
  }
  return {
    decision: reasons.decision,
    commands: commands.map(({ found }) => found),
    reasons: reasons.kept,
    opaque: concerns,
  };
}

const tooMuch = (): CommandReason => ({
  policy: 'Sentinel',
  rule: 'commands.budget',
  decision: 'Deny',
  matched: [],
  certain: true,
  message:
    'the commands of the action take too long to compare with the rules of all policies: use fewer commands, options and unknown words',
  quote: '',
  remedy: remedyOf('CommandDenied'),
});

function reasonOf(concern: Concern): CommandReason {
  return {
    policy: 'Sentinel',
    rule: `commands.${concern.kind.toLowerCase()}`,
    decision: 'RequireApproval',
    matched: [],
    certain: true,
    message: `'${concern.subject}': ${concern.why}`,
    quote: concern.subject,
    remedy: remedies[concern.kind],
  };
}

const remedies: Readonly<Record<Concern['kind'], string>> = {
  Opaque: 'Write the command out with literal words, or let a person approve it.',
  Variable: 'Leave the variable as it is, or let a person approve it.',
  Subcommand: 'Write options after the subcommand, or let a person approve it.',
  Shadow: 'Give it a name that no program has, or let a person approve it.',
  Write: 'Let the command print instead, or let a person approve it.',
};

function judgeOne(
  policies: readonly CompiledCommands[],
  command: PreparedCommand,
  index: number,
  reasons: Reasons,
  budget: MatchBudget,
): void {
  const { found, itself, danger, name, safe } = command;
  const silent: string[] = [];
  let unmatched = 0;
  for (const policy of policies) {
    if (budget.left < 0) return;
    const before = reasons.given;
    if (itself) applyRules(policy, command, itself, { index, reasons, budget });
    else applyToUnknown(policy, found, { index, reasons, budget });
    if (reasons.given > before) continue;
    unmatched += 1;
    if (silent.length < SHOWN) silent.push(policy.name);
  }
  if (!itself) return;
  const shown = text(found.words);
  const builtIn = { policy: 'Sentinel', command: index, certain: true, quote: shown };
  if (danger)
    give(reasons, 'RequireApproval', () => ({
      ...builtIn,
      rule: `dangerous.${danger.name}`,
      decision: 'RequireApproval',
      matched: [name],
      message: `'${shown}' is dangerous: ${danger.reason}`,
      remedy: 'A person approves it; no rule allows it.',
    }));
  if (found.role !== 'Command' || unmatched === 0) return;
  const reads = danger ? undefined : safe;
  give(reasons, reads ? 'Allow' : 'RequireApproval', () => ({
    ...builtIn,
    rule: reads ? `safe.${reads.name}` : 'commands.unmatched',
    decision: reads ? 'Allow' : 'RequireApproval',
    matched: [],
    message: reads ? `'${shown}' only reads: ${reads.reason}` : `no rule of ${someOf(silent, unmatched)} matches '${shown}'`,
    remedy: reads ? '' : 'An admin may add a rule to `commands` that allows it.',
  }));
}

/** Which command of a line is judged, and what is kept of it. */
interface Judging {
  readonly index: number;
  readonly reasons: Reasons;
  readonly budget: MatchBudget;
}

function applyToUnknown(policy: CompiledCommands, found: FoundCommand, { index, reasons, budget }: Judging): void {
  const program = found.words[0];
  if (typeof program !== 'object') return;
  budget.left -= policy.restrictive.length;
  for (const rule of policy.restrictive)
    if (namesPart(rule, found.words, program.prefix, budget))
      give(reasons, rule.decision, () => spoken(policy, rule, found, index, false));
}

function applyRules(
  policy: CompiledCommands,
  { found, others }: PreparedCommand,
  { program, words, plain }: NamedReading,
  { index, reasons, budget }: Judging,
): void {
  // Made for the few that have one: this is asked of each command by each policy.
  let spoke: Set<CompiledRule> | undefined;
  const rules = candidates(policy, program, words);
  budget.left -= rules.length;
  for (const rule of rules) {
    // Most commands have one reading, and most rules are about something else.
    if (plain && !matchesPlainly(rule.tokens, words)) continue;
    const certain = surelyMatches(program, rule.tokens, words);
    if (
      rule.decision === 'Allow' ? !certain || found.role !== 'Command' : !mayMatch(baseName(program), rule.tokens, words, budget)
    )
      continue;
    spoke ??= new Set();
    spoke.add(rule);
    give(reasons, rule.decision, () => spoken(policy, rule, found, index, certain));
  }
  for (const other of others) {
    const more = candidates(policy, other.program, other.words);
    budget.left -= more.length;
    for (const rule of more) {
      if (spoke?.has(rule) || (other.plain && !matchesPlainly(rule.tokens, other.words))) continue;
      const certain = surelyMatches(other.program, rule.tokens, other.words);
      if (rule.decision === 'Allow') {
        // Only the path is taken off for a rule that allows, and only where it can be trusted.
        const samePath =
          other.program === baseName(program) && program.includes('/') && isTrustedPath(program, policy.hostExecutables);
        if (found.role !== 'Command' || !samePath || !certain) continue;
      } else if (!mayMatch(other.program, rule.tokens, other.words, budget)) continue;
      spoke ??= new Set();
      spoke.add(rule);
      give(reasons, rule.decision, () => spoken(policy, rule, found, index, certain));
    }
  }
}

// An unknown program of which a rule names the beginning, or the words behind it: `rm$IFS-rf`, `$tool delete pod x`.
function namesPart(rule: CompiledRule, words: readonly Word[], prefix: string, budget: MatchBudget): boolean {
  if (baseName(prefix) !== '')
    return mayMatch('', rule.tokens, [{ ...unknown('', baseName(prefix)), many: true }, ...words.slice(1)], budget);
  if (rule.tokens.length === 1) return false;
  const rest = words.slice(1);
  if (rest.length === 0 || typeof rest[0] !== 'string') return false;
  return (rule.tokens[0] ?? []).some((program) => mayMatch(program, rule.tokens, [program, ...rest], budget));
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
  const quote = text(command.words);
  return {
    policy: policy.name,
    rule: `commands[${rule.index}]`,
    decision: rule.decision,
    command: index,
    matched,
    certain,
    quote,
    message: `'${quote}' ${saying} by '${matched.join(' ')}'${may}`,
    ...(rule.justification === undefined ? {} : { justification: rule.justification }),
    remedy:
      rule.decision === 'Allow' ? '' : rule.decision === 'RequireApproval' ? 'A person approves it.' : remedyOf('CommandDenied'),
  };
}

const SHOWN = 3;
const someOf = (names: readonly string[], count: number): string =>
  names.length === count ? names.join(', ') : `${names.join(', ')} and ${count - names.length} more`;

function text(words: readonly Word[]): string {
  const whole = words.slice(0, 40).map(showWord).join(' ');
  if (whole.length <= 160) return whole;
  // Not inside a word, because half of a secret is not recognized as a secret.
  const end = whole.lastIndexOf(' ', 158);
  return `${whole.slice(0, end < 0 ? 159 : end + 1)}…`;
}
