import type { AgentPolicySpec, Decision } from '@sentinel/crds';
import { withAliases } from './aliases.ts';
import type { Tokens } from './match.ts';
import type { HostExecutable } from './programs.ts';
import type { Word } from './words.ts';

/** A rule about command lines, as an AgentPolicy has it. */
export type CommandRule = NonNullable<AgentPolicySpec['commands']>[number];

/** What a policy says of commands. `commands` is undefined when it says nothing. */
export interface CommandPolicy {
  readonly name: string;
  readonly commands?: readonly CommandRule[] | undefined;
  readonly hostExecutables?: readonly HostExecutable[] | undefined;
}

export interface CompiledRule {
  readonly index: number;
  /** As it is written, for people. */
  readonly prefix: readonly string[];
  /** What is compared: of a rule that stops, with every other name of the same subcommand or resource. */
  readonly tokens: Tokens;
  readonly decision: Decision;
  readonly justification: string | undefined;
}

/** The rules for one program. */
export interface ProgramRules {
  readonly all: readonly CompiledRule[];
  /** Rules that name the program alone. */
  readonly bare: readonly CompiledRule[];
  /** The others, by what they name next. */
  readonly byNext: ReadonlyMap<string, readonly CompiledRule[]>;
}

/** A policy's rules, ready to be asked. It holds only as long as the policy does not change. */
export interface CompiledCommands {
  readonly name: string;
  readonly hostExecutables: readonly HostExecutable[];
  /** Rules by the program that they name first. */
  readonly byProgram: ReadonlyMap<string, ProgramRules>;
  /** Rules that stop something, for programs that are unknown. */
  readonly restrictive: readonly CompiledRule[];
}

/** The alternatives that each position of a prefix offers. */
export const tokensOf = (prefix: readonly string[]): Tokens => prefix.map((position) => position.split('|'));

/** The tokens that a command is compared with for a rule. */
export function tokensOfRule({ prefix, decision }: Pick<CommandRule, 'prefix' | 'decision'>): Tokens {
  const tokens = tokensOf(prefix);
  return decision === 'Allow' ? tokens : withAliases(tokens[0] ?? [], tokens);
}

/** Compiles the rules of a policy, once per change of it; undefined when the policy says nothing of commands. */
export function compileCommands(policy: CommandPolicy): CompiledCommands | undefined {
  if (policy.commands === undefined) return undefined;
  const byProgram = new Map<string, { all: CompiledRule[]; bare: CompiledRule[]; byNext: Map<string, CompiledRule[]> }>();
  const restrictive: CompiledRule[] = [];
  policy.commands.forEach((rule, index) => {
    const { prefix, decision, justification } = rule;
    const compiled = { index, prefix, tokens: tokensOfRule(rule), decision, justification };
    if (rule.decision !== 'Allow') restrictive.push(compiled);
    for (const program of new Set(compiled.tokens[0])) {
      const rules = byProgram.get(program) ?? { all: [], bare: [], byNext: new Map<string, CompiledRule[]>() };
      byProgram.set(program, rules);
      rules.all.push(compiled);
      if (compiled.tokens.length === 1) rules.bare.push(compiled);
      for (const next of new Set(compiled.tokens[1])) rules.byNext.set(next, [...(rules.byNext.get(next) ?? []), compiled]);
    }
  });
  return { name: policy.name, hostExecutables: policy.hostExecutables ?? [], byProgram, restrictive };
}

/** The rules that may match words which begin with the program of `rules`: few, where the next word is literal and no option. */
export function candidates(rules: ProgramRules, next: Word | undefined): readonly CompiledRule[] {
  // An empty word is passed over as an option is.
  if (typeof next !== 'string' || next === '' || next.startsWith('-')) return next === undefined ? rules.bare : rules.all;
  const named = rules.byNext.get(next);
  if (!named) return rules.bare;
  return rules.bare.length === 0 ? named : [...rules.bare, ...named];
}
