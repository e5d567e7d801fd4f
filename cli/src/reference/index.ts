import { Command, type Option } from 'commander';
import { definePolicy } from '../commands/policy/index.ts';
import { defineCommands } from '../define-commands.ts';
import { exitCodeMeanings } from '../exit-codes.ts';
import { acceptCommonFlags, acceptOutput, addCommand } from '../global-flags.ts';
import type { Io, Session, Terminal } from '../session.ts';
import { examplesOf } from './examples.ts';

/** The whole command line, for what only describes it: no command of it does anything. */
export function describedProgram(): Command {
  const program = acceptCommonFlags(new Command('kubectl sentinel'));
  const nothing = () => {};
  defineCommands(
    program,
    () => async () => {},
    async () => {},
    undefined,
  );
  definePolicy(program, {
    add: addCommand,
    printable: acceptOutput,
    io: {} as Io,
    terminal: {} as Terminal,
    open: async () => ({}) as Session,
    exit: nothing,
    failWith: nothing,
    behind: [],
  });
  return program;
}

/** The page about every command of `kubectl sentinel`, generated from the command line itself. */
export function commandReference(): string {
  const program = describedProgram();
  const common = new Set(program.options.map(({ flags }) => flags));
  const pages = leavesOf(program).map((command) => sectionOf(command, common));
  return `${INTRO}\n${codes()}\n${FOR_PROGRAMS}\n${pages.join('\n')}\n## Flags of every command\n\n${table(program.options)}`;
}

const INTRO = `# kubectl sentinel: command reference

<!-- Generated from cli/src by \`make generate\`; not edited by hand. -->

Each command takes [the flags of every command](#flags-of-every-command) as well, before or after its name. Names of actions may be written as
\`NAME\`, \`agentaction/NAME\` or the beginning of a name that fits no other action; with \`--yes\`, a decision needs the whole name. \`kubectl\`
completes commands, flags and names: [completion](#completion).

## Exit codes

Those of \`policy\` are [others](guides/policies.md#try-it-before-it-is-in-force).
`;

const codes = (): string =>
  ['| code | name | meaning |', '| --- | --- | --- |', ...exitCodeMeanings.map((row) => `| ${row.join(' | ')} |`), ''].join('\n');

const FOR_PROGRAMS = `## For programs

With \`-o json\` an error is one JSON object on stderr, and stdout is empty: \`kind: Error\`, \`code\` and \`codes\` (see [errors](errors.md)),
\`message\`, \`rules\` (the policy and the rule that refused), \`remedy\` (what to do next) and \`exitCode\`. \`wait\`, and \`run --wait\`, print the
end of an action as one object on stdout, also after a failure: \`kind: Outcome\`, \`name\`, \`state\`, \`succeeded\`, \`message\`, \`code\`, \`codes\`,
\`rules\`, \`remedy\`, \`plan\`, \`results\`, \`exitCode\`; several actions are a \`List\`. New fields may be added.

\`-o jsonpath=TEMPLATE\` takes the [templates of kubectl](https://kubernetes.io/docs/reference/kubectl/jsonpath/): text, \`{"\\n"}\`,
\`{range …}{end}\`, keys with escaped dots, indices, slices, \`*\`, \`..\`, unions of quoted keys and filters with \`?()\` that compare values.
Regular expressions in filters and several paths in one pair of braces are not supported. \`-o custom-columns=HEADING:PATH,…\` and
\`--sort-by=PATH\` take the same paths; with \`--no-headers\` a table is rows and nothing else, and what a list has nothing to show of is told on stderr. Characters that could harm a terminal are escaped in the values.
`;

// A group has no page of its own: its commands do.
const leavesOf = (command: Command): Command[] => (command.commands.length > 0 ? command.commands.flatMap(leavesOf) : [command]);

const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

function sectionOf(command: Command, common: ReadonlySet<string>): string {
  const own = command.options.filter(
    ({ flags }) => !common.has(flags) || (nameOf(command) === 'account create' && flags.startsWith('--user')),
  );
  const usage = command.usage().replace('[options] ', '').replace('[options]', '').trim();
  const head = `## ${nameOf(command)}\n\n${command.description()}.\n\n    kubectl sentinel ${nameOf(command)}${usage === '' ? '' : ` ${usage}`}\n`;
  const lines = examplesOf(nameOf(command)).map((line) => `  ${line}`);
  const shown = lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
  return own.length === 0 ? `${head}${shown}` : `${head}${shown}\n${table(own)}`;
}

const escaped = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

const table = (options: readonly Option[]): string =>
  [
    '| flag | |',
    '| --- | --- |',
    ...options.map(({ flags, description }) => `| \`${flags.replaceAll('|', '\\|')}\` | ${escaped(description)} |`),
    '',
  ].join('\n');
