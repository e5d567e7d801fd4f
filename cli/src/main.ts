import { Command, CommanderError } from 'commander';
import type { CliErrorCode } from './cli-errors.ts';
import { definePolicy } from './commands/policy/index.ts';
import { acceptCommonFlags, acceptOutput, addCommand, defineCommands, type Offline } from './define-commands.ts';
import { errorCodes, explain } from './explain.ts';
import { type Connect, connect, type GlobalFlags, type Io, openSession, type Session, terminalOf } from './session.ts';
import { visible } from './terminal/visible.ts';

/**
 * Runs `kubectl sentinel`. Returns the exit code: 0 for success, 1 for everything else; `policy` has other ones. Errors go to stderr: one
 * sentence and its code, without a stack.
 */
export async function runCli(argv: readonly string[], io: Io, open: Connect = connect): Promise<number> {
  let code = 0;
  let fault = 1;
  const terminal = terminalOf(io);
  const program = new Command('kubectl sentinel').description('Decide what AI agents may change, and see what they did.');
  const within = (work: (session: Session) => Promise<number>) => async (command: Command) => {
    const session = openSession(command.optsWithGlobals<GlobalFlags>(), terminal, open);
    code = await work(session).finally(() => session.close());
  };
  program
    .exitOverride()
    .showHelpAfterError("(see 'kubectl sentinel --help')")
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.error(text.trimEnd().split('\n').map(visible).join('\n')),
      outputError: (text, write) => write(`${text.trimEnd()} ${codeSuffix(['CommandLineInvalid' satisfies CliErrorCode])}`),
    });
  acceptCommonFlags(program).enablePositionalOptions();
  // Commander treats the words after -- like other arguments.
  const dashes = argv[0] === 'run' ? argv.indexOf('--') : -1;
  const offline: Offline = (work) => {
    code = work(terminal);
  };
  defineCommands(program, within, offline, dashes < 0 ? undefined : argv.slice(dashes + 1));
  const exit = (answered: number) => {
    code = answered;
  };
  const failWith = (answered: number) => {
    fault = answered;
  };
  const behind = argv.includes('--') ? argv.slice(argv.indexOf('--') + 1) : [];
  const session = (flags: GlobalFlags) => openSession(flags, terminal, open);
  definePolicy(program, { add: addCommand, printable: acceptOutput, io, terminal, open: session, exit, failWith, behind });
  try {
    await program.parseAsync(dashes < 0 ? [...argv] : argv.slice(0, dashes), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : fault;
    terminal.error(`error: ${explain(error)} ${codeSuffix(errorCodes(error))}`);
    return fault;
  }
}

const codeSuffix = (codes: readonly string[]): string => `[${codes.join(', ')}]`;
