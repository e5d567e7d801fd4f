import { Command, CommanderError } from 'commander';
import type { CliErrorCode } from './cli-errors.ts';
import { type AccountFlags, createAccount, listAccounts } from './commands/account.ts';
import { auditShow, auditVerify } from './commands/audit.ts';
import { auditVerifyExport } from './commands/audit-export.ts';
import { type CancelFlags, cancel } from './commands/cancel.ts';
import { type DecideFlags, decide } from './commands/decide.ts';
import { type DistrustFlags, distrust } from './commands/distrust.ts';
import { plan } from './commands/plan.ts';
import { definePolicy } from './commands/policy/index.ts';
import { queue } from './commands/queue.ts';
import { type ReconcileFlags, reconcile } from './commands/reconcile.ts';
import { report } from './commands/report.ts';
import { type RunFlags, run, workOf } from './commands/run.ts';
import { type TrustFlags, trust } from './commands/trust.ts';
import { watch } from './commands/watch.ts';
import { errorCodes, explain } from './explain.ts';
import {
  type Connect,
  connect,
  type GlobalFlags,
  type Io,
  openSession,
  type Session,
  type Terminal,
  terminalOf,
  UsageError,
} from './session.ts';
import { visible } from './terminal/visible.ts';

const repeat = (value: string, before: string[] = []) => [...before, value];

/**
 * Runs `kubectl sentinel`. Answers with the exit code: 0 done, 1 anything else; for `policy` see there. Errors go to stderr, one sentence
 * and their codes, without a stack.
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
  common(program).enablePositionalOptions();
  // Commander takes what stands behind -- for arguments as any others.
  const dashes = argv[0] === 'run' ? argv.indexOf('--') : -1;
  const offline: Offline = (work) => {
    code = work(terminal);
  };
  define(program, within, offline, dashes < 0 ? undefined : argv.slice(dashes + 1));
  const exit = (answered: number) => {
    code = answered;
  };
  const failWith = (answered: number) => {
    fault = answered;
  };
  const behind = argv.includes('--') ? argv.slice(argv.indexOf('--') + 1) : [];
  const session = (flags: GlobalFlags) => openSession(flags, terminal, open);
  definePolicy(program, { add, printable, io, terminal, open: session, exit, failWith, behind });
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

const add = (parent: Command, usage: string, description: string) => common(parent.command(usage).description(description));

type Within = (work: (session: Session) => Promise<number>) => (command: Command) => Promise<void>;

type Offline = (work: (terminal: Terminal) => number) => void;

function define(program: Command, within: Within, offline: Offline, own: readonly string[] | undefined): void {
  everywhere(printable(add(program, 'queue', 'List what waits for a decision'))).action((_, command: Command) =>
    within(queue)(command),
  );
  printable(add(program, 'plan <action>', 'Show what an action would change'))
    .option('--full', 'every line of every change')
    .action((name: string, { full }: { full?: boolean }, command: Command) =>
      within((session) => plan(session, name, full === true))(command),
    );
  for (const decision of ['approve', 'reject', 'revoke'] as const) {
    add(
      program,
      `${decision} <action>`,
      { approve: 'Approve the plan of an action', reject: 'Reject it for good', revoke: 'Take your approval back' }[decision],
    )
      .option('--plan <digest>', 'the plan that you saw')
      .option('--comment <text>', 'what you have to say')
      .option('--full', 'show every line of every change')
      .option('-y, --yes', 'do not ask; approve needs --plan with it')
      .action((name: string, flags: DecideFlags, command: Command) =>
        within((session) => decide(session, name, decision, flags))(command),
      );
  }
  add(program, 'reconcile <action> <resolution>', 'Resolve an effect whose outcome is unknown: accept, redo or roll-back')
    .requiredOption('--effect <number>', 'the effect, as CHANGES of the plan numbers it')
    .option('--plan <digest>', 'the plan that you saw')
    .option('--comment <text>', 'what you have to say')
    .option('-y, --yes', 'do not ask; needs --plan with it')
    .action((name: string, resolution: string, flags: ReconcileFlags, command: Command) =>
      within((session) => reconcile(session, name, resolution, flags))(command),
    );
  printable(add(program, 'run [words...]', 'File an action: for a Playbook by its name, or for a command of its own behind --'))
    .usage(
      '<playbook> --summary <text> [options]\n       kubectl sentinel run --account <name> --image <image> --summary <text> [options] -- <command...>',
    )
    .requiredOption('--summary <text>', 'what is going to be done, in a sentence')
    .option('--param <name=value>', 'a parameter; may be repeated', repeat)
    .option('--reason <text>', 'why')
    .option('--prompt <text>', 'the original prompt')
    .option('--account <name>', 'the account that a command of its own runs as')
    .option('--image <image>', 'the image that it runs in')
    .option('--on-behalf-of <user>', 'the person who prompted you; they count as requester and cannot approve')
    .option('--parent <action>', 'the action that this one is a part of')
    .option('--mode <mode>', 'Apply or DryRun')
    .option('--name <name>', 'name of the action')
    .option('-w, --wait', 'follow it to its end')
    .action((words: string[], flags: RunFlags, command: Command) =>
      within((session) => run(session, workOf(words, own), flags))(command),
    );
  add(program, 'cancel <action>', 'End an action, and say whether what it changed is rolled back')
    .option('--comment <text>', 'why; it is kept in the action and in its audit trail')
    .option('-y, --yes', 'do not ask')
    .action((name: string, flags: CancelFlags, command: Command) => within((session) => cancel(session, name, flags))(command));
  add(program, 'watch <action>', 'Follow an action to its end').action((name: string, _, command: Command) =>
    within((session) => watch(session, name))(command),
  );
  printable(add(program, 'report <action>', 'Show what became of an action')).action((name: string, _, command: Command) =>
    within((session) => report(session, name))(command),
  );
  add(program, 'trust <playbook>', 'Trust a Playbook as it stands')
    .option('--digest <digest>', 'the Playbook that you saw, by its .status.digest')
    .option('-y, --yes', 'do not ask; needs --digest with it')
    .action((name: string, flags: TrustFlags, command: Command) => within((session) => trust(session, name, flags))(command));
  add(program, 'distrust <playbook>', 'Withdraw the trust in a Playbook')
    .option('-y, --yes', 'do not ask')
    .action((name: string, flags: DistrustFlags, command: Command) =>
      within((session) => distrust(session, name, flags))(command),
    );
  defineAccount(program, within);
  const audit = program.command('audit').description('The audit trail');
  everywhere(add(audit, 'verify [action]', 'Recompute the hash chains and name every gap'))
    .option('--from <file>', 'an OTLP/JSON export of the sink, instead of the cluster')
    .option('--keys <file>', 'with --from: the public keys that seals are verified with, as ConfigMaps in JSON')
    .action(async (name: string | undefined, { from, keys }: { from?: string; keys?: string }, command: Command) => {
      if (keys !== undefined && from === undefined)
        throw new UsageError('FlagRequired', '--keys is for an export: pass --from, too');
      if (from === undefined) return await within((session) => auditVerify(session, name))(command);
      if (name !== undefined) throw new UsageError('FlagConflict', 'name an action, or an export with --from, not both');
      offline((terminal) => auditVerifyExport(terminal, from, keys));
    });
  printable(add(audit, 'show <action>', 'Print the records of an action')).action((name: string, _, command: Command) =>
    within((session) => auditShow(session, name))(command),
  );
}

function defineAccount(program: Command, within: Within): void {
  const account = program.command('account').description('Accounts that runs are made as');
  printable(add(account, 'create <name>', 'Make an account'))
    .option('--role <role>', 'the role that it has in the namespace, such as edit')
    .option('--role-kind <kind>', 'kind of that role: ClusterRole (the default) or Role')
    .option('--cluster-role <role>', 'the same as --role with --role-kind ClusterRole')
    .option('--user <namespace:name>', 'a ServiceAccount that may use it; may be repeated', repeat)
    .option('--dry-run <how>', "'client' prints the objects instead")
    .action((name: string, flags: AccountFlags, command: Command) =>
      within((session) => createAccount(session, name, flags))(command),
    );
  everywhere(printable(add(account, 'list', 'List accounts'))).action((_, command: Command) => within(listAccounts)(command));
}

/** Flags that every command takes, before or after its name. */
function common(command: Command): Command {
  return command
    .option('-n, --namespace <namespace>', 'namespace; that of the context when left out')
    .option('--context <context>', 'context of the kubeconfig')
    .option('--kubeconfig <file>', 'kubeconfig')
    .option(
      '--no-pager',
      'print long texts at once; else they are shown in $KUBECTL_SENTINEL_PAGER, $PAGER or less on a terminal',
    )
    .option('--as <user>', 'act as somebody else')
    .option('--as-group <group>', 'act as a member of a group; may be repeated', repeat);
}

// Only where they mean something: a flag that is taken and not obeyed misleads.
const everywhere = (command: Command) => command.option('-A, --all-namespaces', 'all namespaces');
const printable = (command: Command) => command.option('-o, --output <format>', 'json or yaml');
