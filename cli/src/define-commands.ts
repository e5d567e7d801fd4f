import type { Command } from 'commander';
import { type AccountFlags, createAccount, listAccounts } from './commands/account.ts';
import { auditShow, auditVerify } from './commands/audit.ts';
import { auditVerifyExport } from './commands/audit-export.ts';
import { type CancelFlags, cancel } from './commands/cancel.ts';
import { type DecideFlags, decideOnPlan } from './commands/decide-on-plan.ts';
import { type DistrustFlags, distrust } from './commands/distrust.ts';
import { type LogsFlags, logs } from './commands/logs.ts';
import { plan } from './commands/plan.ts';
import { queue } from './commands/queue.ts';
import { type ReconcileFlags, reconcile } from './commands/reconcile.ts';
import { report } from './commands/report.ts';
import { type RunFlags, run, workOf } from './commands/run.ts';
import { type TrustFlags, trust } from './commands/trust.ts';
import { watch } from './commands/watch.ts';
import { type Session, type Terminal, UsageError } from './session.ts';

const repeat = (value: string, before: string[] = []) => [...before, value];

/** Adds a command with the flags that every command takes. */
export const addCommand = (parent: Command, usage: string, description: string): Command =>
  acceptCommonFlags(parent.command(usage).description(description));

/** Makes the action of a command: opens a session with the flags of the command, and works in it. */
export type Within = (work: (session: Session) => Promise<number>) => (command: Command) => Promise<void>;

/** Does the work of a command that needs no cluster. */
export type Offline = (work: (terminal: Terminal) => number) => void;

/**
 * Adds the commands of `kubectl sentinel` with their flags, except for `policy`. `own` are the words after `--` of `run`; undefined if
 * there is no `--`.
 */
export function defineCommands(program: Command, within: Within, offline: Offline, own: readonly string[] | undefined): void {
  acceptAllNamespaces(acceptOutput(addCommand(program, 'queue', 'List the actions that wait for a decision'))).action(
    (_, command: Command) => within(queue)(command),
  );
  acceptOutput(addCommand(program, 'plan <action>', 'Show what an action would change'))
    .option('--full', 'show every line of every change')
    .action((name: string, { full }: { full?: boolean }, command: Command) =>
      within((session) => plan(session, name, full === true))(command),
    );
  for (const decision of ['approve', 'reject', 'revoke'] as const) {
    addCommand(
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
        within((session) => decideOnPlan(session, name, decision, flags))(command),
      );
  }
  addCommand(program, 'reconcile <action> <resolution>', 'Resolve an effect whose outcome is unknown: accept, redo or roll-back')
    .requiredOption('--effect <number>', 'the number of the effect in CHANGES of the plan')
    .option('--plan <digest>', 'the digest of the plan that you saw')
    .option('--comment <text>', 'your comment')
    .option('-y, --yes', 'do not ask; needs --plan with it')
    .action((name: string, resolution: string, flags: ReconcileFlags, command: Command) =>
      within((session) => reconcile(session, name, resolution, flags))(command),
    );
  acceptOutput(addCommand(program, 'run [words...]', 'Create an action that runs a Playbook, or a command after --'))
    .usage(
      '<playbook> --summary <text> [options]\n       kubectl sentinel run --account <name> --image <image> --summary <text> [options] -- <command...>',
    )
    .requiredOption('--summary <text>', 'what is going to be done, in a sentence')
    .option('--param <name=value>', 'a parameter; may be repeated', repeat)
    .option('--reason <text>', 'why')
    .option('--prompt <text>', 'the original prompt')
    .option('--account <name>', 'the account (accounts.sentinel.dev) that the command uses')
    .option('--image <image>', 'the image that the command runs in')
    .option('--on-behalf-of <user>', 'the person who prompted you; they count as requester and cannot approve')
    .option('--parent <action>', 'the parent action')
    .option('--mode <mode>', 'Apply or DryRun')
    .option('--name <name>', 'name of the action')
    .option('-w, --wait', 'wait until the action has ended')
    .action((words: string[], flags: RunFlags, command: Command) =>
      within((session) => run(session, workOf(words, own), flags))(command),
    );
  addCommand(program, 'cancel <action>', 'Cancel an action, and show whether its changes are rolled back')
    .option('--comment <text>', 'why; it is kept in the action and in its audit trail')
    .option('-y, --yes', 'do not ask')
    .action((name: string, flags: CancelFlags, command: Command) => within((session) => cancel(session, name, flags))(command));
  addCommand(program, 'watch <action>', 'Follow an action until it has ended').action((name: string, _, command: Command) =>
    within((session) => watch(session, name))(command),
  );
  acceptOutput(addCommand(program, 'report <action>', 'Show the outcome of an action')).action(
    (name: string, _, command: Command) => within((session) => report(session, name))(command),
  );
  acceptOutput(addCommand(program, 'logs <action>', 'Show the stored logs and results of a stage of an action'))
    .option('--stage <stage>', 'rehearsal, run, verification or rollback; the newest when left out')
    .option('--step <step>', 'only the log of this step')
    .action((name: string, flags: LogsFlags, command: Command) => within((session) => logs(session, name, flags))(command));
  addCommand(program, 'trust <playbook>', 'Trust the current version of a Playbook')
    .option('--digest <digest>', 'the .status.digest of the Playbook that you saw')
    .option('-y, --yes', 'do not ask; needs --digest with it')
    .action((name: string, flags: TrustFlags, command: Command) => within((session) => trust(session, name, flags))(command));
  addCommand(program, 'distrust <playbook>', 'Withdraw the trust in a Playbook')
    .option('-y, --yes', 'do not ask')
    .action((name: string, flags: DistrustFlags, command: Command) =>
      within((session) => distrust(session, name, flags))(command),
    );
  defineAccount(program, within);
  const audit = program.command('audit').description('Verify and show the audit trail');
  acceptAllNamespaces(addCommand(audit, 'verify [action]', 'Recompute the hash chains and name every gap'))
    .option('--from <file>', 'an OTLP/JSON export of the sink, instead of the cluster')
    .option('--keys <file>', 'with --from: the public keys that seals are verified with, as ConfigMaps in JSON')
    .action(async (name: string | undefined, { from, keys }: { from?: string; keys?: string }, command: Command) => {
      if (keys !== undefined && from === undefined) throw new UsageError('FlagRequired', '--keys is only allowed with --from');
      if (from === undefined) return await within((session) => auditVerify(session, name))(command);
      if (name !== undefined) throw new UsageError('FlagConflict', 'name an action, or an export with --from, not both');
      offline((terminal) => auditVerifyExport(terminal, from, keys));
    });
  acceptOutput(addCommand(audit, 'show <action>', 'Print the records of an action')).action((name: string, _, command: Command) =>
    within((session) => auditShow(session, name))(command),
  );
}

function defineAccount(program: Command, within: Within): void {
  const account = program.command('account').description('Manage the accounts that runs use');
  acceptOutput(addCommand(account, 'create <name>', 'Create an account'))
    .option('--role <role>', 'the role that it has in the namespace, such as edit')
    .option('--role-kind <kind>', 'kind of that role: ClusterRole (the default) or Role')
    .option('--cluster-role <role>', 'the same as --role with --role-kind ClusterRole')
    .option('--user <namespace:name>', 'a ServiceAccount that may use it; may be repeated', repeat)
    .option('--dry-run <how>', "'client' prints the objects instead")
    .action((name: string, flags: AccountFlags, command: Command) =>
      within((session) => createAccount(session, name, flags))(command),
    );
  acceptAllNamespaces(acceptOutput(addCommand(account, 'list', 'List accounts'))).action((_, command: Command) =>
    within(listAccounts)(command),
  );
}

/** Flags that every command takes, before or after its name. */
export function acceptCommonFlags(command: Command): Command {
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

// Only for commands that use it: a flag that is accepted and ignored is misleading.
const acceptAllNamespaces = (command: Command) => command.option('-A, --all-namespaces', 'all namespaces');
/** The flag `--output`, only for commands that use it. */
export const acceptOutput = (command: Command) => command.option('-o, --output <format>', 'json or yaml');
