import { Command, CommanderError } from 'commander';
import type { CliErrorCode } from './cli-errors.ts';
import { type AccountFlags, createAccount, listAccounts } from './commands/account.ts';
import { auditShow, auditVerify } from './commands/audit.ts';
import { auditVerifyExport } from './commands/audit-export.ts';
import { type CancelFlags, cancel } from './commands/cancel.ts';
import { type DecideFlags, decide } from './commands/decide.ts';
import { type DistrustFlags, distrust } from './commands/distrust.ts';
import { type LogsFlags, logs } from './commands/logs.ts';
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
  common(program).enablePositionalOptions();
  // Commander treats the words after -- like other arguments.
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
  everywhere(printable(add(program, 'queue', 'List the actions that wait for a decision'))).action((_, command: Command) =>
    within(queue)(command),
  );
  printable(add(program, 'plan <action>', 'Show what an action would change'))
    .option('--full', 'show every line of every change')
    .action((name: string, { full }: { full?: boolean }, command: Command) =>
      within((session) => plan(session, name, full === true))(command),
    );
  for (const decision of ['approve', 'reject', 'revoke'] as const) {
    add(
      program,
      `${decision} <action>`,
      { approve: 'Approve the plan of an action', reject: 'Reject the plan permanently', revoke: 'Revoke your approval' }[
        decision
      ],
    )
      .option('--plan <digest>', 'the digest of the plan that you saw')
      .option('--comment <text>', 'your comment')
      .option('--full', 'show every line of every change')
      .option('-y, --yes', 'do not ask; approve needs --plan with it')
      .action((name: string, flags: DecideFlags, command: Command) =>
        within((session) => decide(session, name, decision, flags))(command),
      );
  }
  add(program, 'reconcile <action> <resolution>', 'Resolve an effect whose outcome is unknown: accept, redo or roll-back')
    .requiredOption('--effect <number>', 'the number of the effect in CHANGES of the plan')
    .option('--plan <digest>', 'the digest of the plan that you saw')
    .option('--comment <text>', 'your comment')
    .option('-y, --yes', 'do not ask; needs --plan with it')
    .action((name: string, resolution: string, flags: ReconcileFlags, command: Command) =>
      within((session) => reconcile(session, name, resolution, flags))(command),
    );
  printable(add(program, 'run [words...]', 'Create an action that runs a Playbook, or a command after --'))
    .usage(
      '<playbook> --summary <text> [options]\n       kubectl sentinel run --account <name> --image <image> --summary <text> [options] -- <command...>',
    )
    .requiredOption('--summary <text>', 'what is going to be done, in a sentence')
    .option('--param <name=value>', 'a parameter; may be repeated', repeat)
    .option('--reason <text>', 'why')
    .option('--prompt <text>', 'the original prompt')
    .option('--account <name>', 'the account that the command uses')
    .option('--image <image>', 'the image that the command runs in')
    .option('--on-behalf-of <user>', 'the person who prompted you; they count as requester and cannot approve')
    .option('--parent <action>', 'the parent action')
    .option('--mode <mode>', 'Apply or DryRun')
    .option('--name <name>', 'name of the action')
    .option('-w, --wait', 'wait until the action has ended')
    .action((words: string[], flags: RunFlags, command: Command) =>
      within((session) => run(session, workOf(words, own), flags))(command),
    );
  add(program, 'cancel <action>', 'Cancel an action, and show whether its changes are rolled back')
    .option('--comment <text>', 'why; it is kept in the action and in its audit trail')
    .option('-y, --yes', 'do not ask')
    .action((name: string, flags: CancelFlags, command: Command) => within((session) => cancel(session, name, flags))(command));
  add(program, 'watch <action>', 'Follow an action until it has ended').action((name: string, _, command: Command) =>
    within((session) => watch(session, name))(command),
  );
  printable(add(program, 'report <action>', 'Show the outcome of an action')).action((name: string, _, command: Command) =>
    within((session) => report(session, name))(command),
  );
  printable(add(program, 'logs <action>', 'Show the stored logs and results of a stage of an action'))
    .option('--stage <stage>', 'rehearsal, run, verification or rollback; the newest when left out')
    .option('--step <step>', 'only the log of this step')
    .action((name: string, flags: LogsFlags, command: Command) => within((session) => logs(session, name, flags))(command));
  add(program, 'trust <playbook>', 'Trust the current version of a Playbook')
    .option('--digest <digest>', 'the .status.digest of the Playbook that you saw')
    .option('-y, --yes', 'do not ask; needs --digest with it')
    .action((name: string, flags: TrustFlags, command: Command) => within((session) => trust(session, name, flags))(command));
  add(program, 'distrust <playbook>', 'Withdraw the trust in a Playbook')
    .option('-y, --yes', 'do not ask')
    .action((name: string, flags: DistrustFlags, command: Command) =>
      within((session) => distrust(session, name, flags))(command),
    );
  defineAccount(program, within);
  const audit = program.command('audit').description('Verify and show the audit trail');
  everywhere(add(audit, 'verify [action]', 'Recompute the hash chains and name every gap'))
    .option('--from <file>', 'an OTLP/JSON export of the sink, instead of the cluster')
    .option('--keys <file>', 'with --from: the public keys that seals are verified with, as ConfigMaps in JSON')
    .action(async (name: string | undefined, { from, keys }: { from?: string; keys?: string }, command: Command) => {
      if (keys !== undefined && from === undefined) throw new UsageError('FlagRequired', '--keys is only allowed with --from');
      if (from === undefined) return await within((session) => auditVerify(session, name))(command);
      if (name !== undefined) throw new UsageError('FlagConflict', 'name an action, or an export with --from, not both');
      offline((terminal) => auditVerifyExport(terminal, from, keys));
    });
  printable(add(audit, 'show <action>', 'Print the records of an action')).action((name: string, _, command: Command) =>
    within((session) => auditShow(session, name))(command),
  );
}

function defineAccount(program: Command, within: Within): void {
  const account = program.command('account').description('Manage the accounts that runs use');
  printable(add(account, 'create <name>', 'Create an account'))
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
      'print long texts without a pager; the default on a terminal is $KUBECTL_SENTINEL_PAGER, $PAGER or less',
    )
    .option('--as <user>', 'user name to impersonate')
    .option('--as-group <group>', 'group to impersonate; may be repeated', repeat);
}

// Only for commands that use them: a flag that is accepted and ignored is misleading.
const everywhere = (command: Command) => command.option('-A, --all-namespaces', 'all namespaces');
const printable = (command: Command) => command.option('-o, --output <format>', 'json or yaml');
