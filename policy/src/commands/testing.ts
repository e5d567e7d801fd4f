import type { Decision } from '@sentinel/crds';
import type { HostExecutable } from './programs/program-names.ts';
import { type CommandPolicy, type CompiledCommands, compileCommands } from './rules/compile.ts';
import { type CommandVerdict, judgeCommand } from './rules/evaluate.ts';

/** A rule written short: `Deny kubectl delete`. */
export function rule(text: string) {
  const [decision, ...prefix] = text.split(' ');
  return { decision: decision as Decision, prefix };
}

/** Compiled policies out of rules written short. */
export function policy(
  rules: readonly string[],
  hostExecutables: readonly HostExecutable[] = [],
  name = 'AgentPolicy/a',
): CompiledCommands {
  return compiled({ name, commands: rules.map(rule), hostExecutables });
}

/** Compiles a policy that is known to have rules about commands. */
export function compiled(source: CommandPolicy): CompiledCommands {
  const one = compileCommands(source);
  if (!one) throw new Error('the policy says nothing of commands');
  return one;
}

/** What rules written short say of an argv, or of a script for bash. */
export function judged(rules: readonly string[] | undefined, command: string | readonly string[]): CommandVerdict {
  const argv = typeof command === 'string' ? ['bash', '-c', command] : command;
  return judgeCommand(rules === undefined ? [] : [policy(rules)], argv);
}
