import { Command, CommanderError } from 'commander';
import type { CliErrorCode } from './cli-errors.ts';
import { defineCommands } from './define-commands.ts';
import { exitCodeHelp, exitCodes } from './exit-codes.ts';
import { acceptCommonFlags, acceptOutput, addCommand, type GlobalFlags } from './global-flags.ts';
import { type Connect, type Io, type Offline, openSession, type Session, terminalOf } from './session.ts';
import { visible } from './terminal/visible.ts';
import { UsageError } from './usage-error.ts';

// Loaded when it is needed, because it takes longer than all the rest of a command that asks no cluster.
const connect: Connect = async (flags, io) => (await import('./connect.ts')).connect(flags, io);

/**
 * Runs `kubectl sentinel`. Returns the exit code, one of `exitCodes`; `policy` has other ones. Errors go to stderr: one sentence and its
 * code, without a stack; with `-o json` an object instead.
 */
export async function runCli(argv: readonly string[], io: Io, open: Connect = connect): Promise<number> {
  if (argv[0] === '__complete') return await runCompletion(argv.slice(1), io, open);
  let code = 0;
  let fault: number | undefined;
  let current: Command | undefined;
  const wrap = io.isTTY.stdout ? (await import('./terminal/fold.ts')).foldToWidth : undefined;
  const terminal = terminalOf(io, wrap);
  const program = new Command('kubectl sentinel').description('Decide what AI agents may change, and see what they did.');
  const session = (flags: GlobalFlags) => openSession(flags, terminal, open);
  const within = (work: (session: Session) => Promise<number>) => async (command: Command) => {
    const opened = await session(globalFlagsOf(command));
    code = await work(opened).finally(() => opened.close());
  };
  program
    .exitOverride()
    .showHelpAfterError("(see 'kubectl sentinel --help')")
    .addHelpText('after', () => `\n${exitCodeHelp()}\nThose of policy are others.`)
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => {
        if (!wantsJson(argv)) terminal.error(text.trimEnd().split('\n').map(visible).join('\n'));
      },
      outputError: (text, write) => {
        if (!wantsJson(argv)) return write(`${text.trimEnd()} ${codeSuffix(['CommandLineInvalid' satisfies CliErrorCode])}`);
      },
    });
  acceptCommonFlags(program).enablePositionalOptions();
  program.hook('preAction', (_, command) => {
    current = command;
  });
  // Commander treats the words after -- like other arguments.
  const dashes = argv[0] === 'run' ? argv.indexOf('--') : -1;
  const offline: Offline = async (work) => {
    code = await work(terminal, io);
  };
  defineCommands(program, within, offline, dashes < 0 ? undefined : argv.slice(dashes + 1));
  const before = dashes < 0 ? [...argv] : argv.slice(0, dashes);
  // Like kubectl, without words it prints its help.
  const words = before.length === 0 ? ['--help'] : before;
  const exit = (answered: number) => {
    code = answered;
  };
  const failWith = (answered: number) => {
    fault = answered;
  };
  const behind = argv.includes('--') ? argv.slice(argv.indexOf('--') + 1) : [];
  // Loaded for its own command lines alone, because it brings the whole evaluation of policies.
  if (argv.includes('policy')) {
    const { definePolicy } = await import('./commands/policy/index.ts');
    definePolicy(program, { add: addCommand, printable: acceptOutput, io, terminal, open: session, exit, failWith, behind });
  } else program.command('policy').description('Test, explain and compare policies');
  if (words.some((word) => HELP.has(word))) (await import('./reference/help.ts')).arrangeHelp(program);
  try {
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const exitCode = await report(error, { argv, terminal, command: current ?? commandIn(program, argv) });
    return fault ?? exitCode;
  }
}

// `account create --user` is not the user of the kubeconfig, as in `kubectl create rolebinding --user`.
function globalFlagsOf(command: Command): GlobalFlags {
  const { user, ...flags } = command.optsWithGlobals<GlobalFlags & { user?: unknown }>();
  return typeof user === 'string' ? { ...flags, user } : flags;
}

const HELP: ReadonlySet<string> = new Set(['help', '--help', '-h']);

const codeSuffix = (codes: readonly string[]): string => `[${codes.join(', ')}]`;

// Also of a command line that could not be parsed.
const wantsJson = (argv: readonly string[]) =>
  argv.some((word, at) => /^(-o=?|--output=)json$/.test(word) || (/^(-o|--output)$/.test(word) && argv[at + 1] === 'json'));

// kubectl asks for what completes a command line: https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/.
async function runCompletion(words: readonly string[], io: Io, open: Connect): Promise<number> {
  const terminal = { ...terminalOf(io), error: () => {} };
  const session = (flags: GlobalFlags) => openSession(flags, terminal, open);
  const { describedProgram } = await import('./reference/index.ts');
  const { complete } = await import('./commands/completion/index.ts');
  terminal.out(await complete(describedProgram(), words, session));
  return exitCodes.done;
}

interface Reported {
  readonly argv: readonly string[];
  readonly terminal: Pick<ReturnType<typeof terminalOf>, 'error'>;
  readonly command: Command | undefined;
}

async function report(error: unknown, { argv, terminal, command }: Reported): Promise<number> {
  const isParsing = error instanceof CommanderError;
  // Commander has printed its own message.
  if (isParsing && !wantsJson(argv)) return exitCodes.usage;
  const { errorReport } = await import('./explain/index.ts');
  const found = isParsing ? new UsageError('CommandLineInvalid', error.message.replace(/^error: /, '')) : error;
  const described = errorReport(found);
  if (wantsJson(argv)) {
    terminal.error((await import('./terminal/raw.ts')).raw(described, 'json'));
    return described.exitCode;
  }
  terminal.error(`error: ${described.message} ${codeSuffix(described.codes)}`);
  if (found instanceof UsageError && FLAGS.has(found.code) && command)
    terminal.error(`See '${pathOf(command)} --help' for usage.`);
  return described.exitCode;
}

// The command of a line that could not be parsed. It is only told, so a value of a flag that looks like a command does no harm.
function commandIn(program: Command, argv: readonly string[]): Command {
  let command = program;
  for (const word of argv) command = command.commands.find((one) => one.name() === word) ?? command;
  return command;
}

const FLAGS: ReadonlySet<string> = new Set(['FlagInvalid', 'FlagRequired', 'FlagConflict'] satisfies CliErrorCode[]);

const pathOf = (command: Command): string => (command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name());
