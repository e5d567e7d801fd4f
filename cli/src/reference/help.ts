import { type Command, Help, type Option } from 'commander';
import { examplesOf } from './examples.ts';

const OWN = 'Options:';
const COMMON = 'Options of every command:';
const OTHER = 'Other Commands:';

/** Commands by what a person wants to do; those that are not here are under "Other Commands". */
const groups: Readonly<Record<string, readonly string[]>> = {
  'Decide:': ['queue', 'plan', 'approve', 'reject', 'request-changes', 'revoke', 'reconcile'],
  'Act:': ['run', 'schedules', 'cancel', 'rollback'],
  'Follow:': ['get', 'status', 'watch', 'wait', 'report', 'logs', 'audit'],
  'Rules and Rights:': ['policy', 'trust', 'distrust', 'digests', 'agents', 'account'],
};

/**
 * Arranges the help of a program as kubectl's: examples, then the options of a command before those that every command takes, and the
 * commands in groups. It is loaded only when help is printed.
 */
export function arrangeHelp(program: Command): void {
  const common = new Set(program.options.map(({ flags }) => flags));
  for (const command of program.commands)
    command.helpGroup(Object.keys(groups).find((group) => groups[group]?.includes(command.name())) ?? OTHER);
  arrange(program, (option) => (common.has(option.flags) ? COMMON : OWN));
}

function arrange(command: Command, groupOf: (option: Option) => string): void {
  for (const option of command.options) option.helpGroup(groupOf(option));
  const isRoot = command.parent === null;
  command.configureHelp({
    helpWidth: 120,
    groupItems: (unsorted, visible, getGroup) =>
      ordered(new Help().groupItems(unsorted, visible, (item) => (isRoot && isHelp(item) ? OTHER : getGroup(item)))),
    // At the end, below the commands.
    ...(isRoot ? { visibleOptions: () => [] } : {}),
  });
  const examples = examplesOf(pathOf(command));
  if (examples.length > 0) command.addHelpText('after', () => `\nExamples:\n${examples.join('\n')}`);
  if (isRoot) command.addHelpText('after', () => `\n${optionList(command)}`);
  for (const inner of command.commands) arrange(inner, groupOf);
}

const isHelp = (item: Command | Option) => item.name() === 'help';

const order = [...Object.keys(groups), OTHER, OWN, COMMON];

function ordered<T>(grouped: Map<string, T[]>): Map<string, T[]> {
  return new Map([...grouped].filter(([, items]) => items.length > 0).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)));
}

function optionList({ options }: Command): string {
  const width = Math.max(...options.map(({ flags }) => flags.length));
  return [COMMON, ...options.map(({ flags, description }) => `  ${flags.padEnd(width)}  ${description}`)].join('\n');
}

const pathOf = (command: Command): string =>
  command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.parent ? command.name() : '';
