import type { Command, Option } from 'commander';
import type { GlobalFlags, Session } from '../../session.ts';
import { visible } from '../../terminal/visible.ts';
import { argumentsOf, type Candidate, valuesOfFlag } from './candidates.ts';

/** What kubectl does with candidates: https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective. */
const directives = { files: 0, nothingElse: 4 } as const;

/** The script that kubectl looks for on the PATH to complete a plugin: `kubectl_complete-sentinel`. */
export const COMPLETION_SCRIPT = `#!/bin/sh
# kubectl runs this to complete 'kubectl sentinel'. It belongs on the PATH, beside kubectl-sentinel.
exec kubectl-sentinel __complete "$@"
`;

/** How to use the script. */
export const COMPLETION_HELP = `kubectl completes 'kubectl sentinel' with a program named kubectl_complete-sentinel on the PATH:

    kubectl sentinel completion > ~/.local/bin/kubectl_complete-sentinel
    chmod +x ~/.local/bin/kubectl_complete-sentinel

It needs the completion of kubectl itself: kubectl completion --help`;

/**
 * Answers kubectl: the candidates for the last of the words, one a line with its description, then the directive. Names of objects are read
 * from the cluster that the words before choose. What cannot be read is left out: a person who types is shown no errors.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  open: (flags: GlobalFlags) => Promise<Session>,
): Promise<string> {
  const typed = words.at(-1) ?? '';
  const { command, flags, pending, given } = parse(program, words.slice(0, -1));
  const [, long = '', value] = /^(--[a-z-]+)=(.*)$/s.exec(typed) ?? [];
  const assigned = long === '' ? undefined : optionOf(command, long);
  const wanted = assigned ?? pending;
  const from = async (): Promise<readonly Candidate[] | undefined> => {
    if (wanted) return await valuesOfFlag(wanted, () => open(flags));
    if (typed.startsWith('-')) return optionsOf(command).flatMap(flagCandidates);
    if (command.commands.length > 0) return command.commands.map((one) => ({ value: one.name(), about: one.description() }));
    return await argumentsOf(pathOf(command), given, () => open(flags));
  };
  const found = await from().catch(() => []);
  if (found === undefined) return `:${directives.files}`;
  const prefix = assigned ? `${long}=` : '';
  const beginning = assigned ? (value ?? '') : typed;
  const lines = found
    .filter((candidate) => candidate.value.startsWith(beginning))
    .map(({ value: one, about }) => visible(`${prefix}${one}`) + (about ? `\t${visible(about)}` : ''));
  return [...lines, `:${directives.nothingElse}`].join('\n');
}

const flagCandidates = ({ long, description }: Option): Candidate[] => (long ? [{ value: long, about: description }] : []);
const optionsOf = (command: Command): readonly Option[] => command.options;
const optionOf = (command: Command, flag: string) =>
  optionsOf(command).find(({ long, short, required }) => required && (long === flag || short === flag));
const pathOf = (command: Command): string =>
  command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();

interface Parsed {
  readonly command: Command;
  readonly flags: GlobalFlags;
  /** The flag whose value comes next. */
  readonly pending: Option | undefined;
  /** The arguments of the command so far. */
  readonly given: readonly string[];
}

function parse(program: Command, words: readonly string[]): Parsed {
  let command = program;
  let pending: Option | undefined;
  const flags: Record<string, unknown> = {};
  const given: string[] = [];
  const set = (option: Option, value: string) => {
    const name = option.attributeName();
    flags[name] = name === 'asGroup' ? [...((flags[name] as string[] | undefined) ?? []), value] : value;
  };
  for (const word of words) {
    if (pending) {
      set(pending, word);
      pending = undefined;
    } else if (word.startsWith('-')) {
      const [, flag = word, value] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
      const option = optionOf(command, flag);
      if (option && value !== undefined) set(option, value);
      else pending = option;
      if (!option && ['-A', '--all-namespaces'].includes(word)) flags.allNamespaces = true;
    } else {
      const inner = given.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (inner) command = inner;
      else given.push(word);
    }
  }
  // A person who types does not wait for long.
  return { command, flags: { ...flags, requestTimeout: 5_000, v: 0 } as GlobalFlags, pending, given };
}
