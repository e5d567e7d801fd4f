import type { Command } from 'commander';
import type { AccountFlags } from './commands/account/index.ts';
import {
  acceptAllNamespaces,
  acceptNoHeaders,
  acceptObjectOutput,
  acceptOutput,
  acceptSelector,
  acceptTableOutput,
  addCommand,
  repeat,
} from './global-flags.ts';
import { type Offline, UsageError, type Within } from './session.ts';
import { clientVersion } from './version.ts';

/** Adds the commands about agents, accounts, the audit trail and the installation. */
export function defineInstallation(program: Command, within: Within, offline: Offline): void {
  defineAgents(program, within);
  defineAccount(program, within);
  defineAudit(program, within, offline);
  acceptOutput(
    addCommand(program, 'doctor', 'Check the installation and the namespace, and say what to do about each fault'),
  ).action((_, command: Command) =>
    within(async (session) => (await import('./commands/installation/index.ts')).doctor(session))(command),
  );
  acceptOutput(addCommand(program, 'version', 'Print the versions of the plugin, of Sentinel and of Kubernetes'))
    .option('--client', 'only the version of the plugin; asks no cluster')
    .action(async ({ client, output }: { client?: boolean; output?: string }, command: Command) => {
      if (client)
        return await offline((terminal) => {
          terminal.out(clientVersion(output));
          return 0;
        });
      await within(async (session) => (await import('./commands/installation/index.ts')).version(session))(command);
    });
  addCommand(program, 'completion', 'Print the program with which kubectl completes this plugin').action(() =>
    offline(async (terminal, io) => {
      const { COMPLETION_HELP, COMPLETION_SCRIPT } = await import('./commands/completion/index.ts');
      if (io.isTTY.stdout) terminal.error(`${COMPLETION_HELP}\n`);
      terminal.out(COMPLETION_SCRIPT.trimEnd());
      return 0;
    }),
  );
}

function defineAgents(program: Command, within: Within): void {
  const load = () => import('./commands/agents/index.ts');
  const agents = program.command('agents').description('See who has asked for actions, and suspend an agent');
  acceptSelector(
    acceptAllNamespaces(acceptTableOutput(addCommand(agents, 'list', 'List agents and their last actions', { isDefault: true }))),
  ).action((_, command: Command) => within(async (session) => (await load()).listAgents(session))(command));
  addCommand(
    agents,
    'suspend <agent>',
    'Stop an agent in the namespace: NAME or NAMESPACE:NAME of a ServiceAccount, or user:NAME',
  )
    .option('-y, --yes', 'do not ask')
    .action((agent: string, { yes }: { yes?: boolean }, command: Command) =>
      within(async (session) => (await load()).suspendAgent(session, agent, { yes: yes === true }))(command),
    );
  addCommand(agents, 'resume <agent>', 'End a suspension by this command').action((agent: string, _, command: Command) =>
    within(async (session) => (await load()).resumeAgent(session, agent))(command),
  );
}

function defineAccount(program: Command, within: Within): void {
  const load = () => import('./commands/account/index.ts');
  const account = program.command('account').description('Manage the accounts that runs use');
  acceptOutput(addCommand(account, 'create <name>', 'Create an account', { own: ['--user'] }))
    .option('--role <role>', 'the role that it has in the namespace, such as edit')
    .option('--role-kind <kind>', 'kind of that role: ClusterRole (the default) or Role')
    .option('--cluster-role <role>', 'the same as --role with --role-kind ClusterRole')
    .option('--user <namespace:name>', 'a ServiceAccount that may use it; may be repeated', repeat)
    .option('--dry-run <how>', "'client' prints the objects instead")
    .action((name: string, flags: AccountFlags, command: Command) =>
      within(async (session) => (await load()).createAccount(session, name, flags))(command),
    );
  addCommand(account, 'delete <name>', 'Delete an account')
    .option('-y, --yes', 'do not ask')
    .action((name: string, { yes }: { yes?: boolean }, command: Command) =>
      within(async (session) => (await load()).deleteAccount(session, name, { yes: yes === true }))(command),
    );
  acceptNoHeaders(acceptAllNamespaces(acceptObjectOutput(addCommand(account, 'list', 'List accounts')))).action(
    (_, command: Command) => within(async (session) => (await load()).listAccounts(session))(command),
  );
}

function defineAudit(program: Command, within: Within, offline: Offline): void {
  const audit = program.command('audit').description('Verify and show the audit trail');
  acceptAllNamespaces(addCommand(audit, 'verify [action]', 'Recompute the hash chains and name every gap'))
    .option('--from <file>', 'an OTLP/JSON export of the sink, instead of the cluster')
    .option('--keys <file>', 'with --from: the public keys that seals are verified with, as ConfigMaps in JSON')
    .action(async (name: string | undefined, { from, keys }: { from?: string; keys?: string }, command: Command) => {
      if (keys !== undefined && from === undefined) throw new UsageError('FlagRequired', '--keys is only allowed with --from');
      if (from === undefined)
        return await within(async (session) => (await import('./commands/audit/index.ts')).auditVerify(session, name))(command);
      if (name !== undefined) throw new UsageError('FlagConflict', 'name an action, or an export with --from, not both');
      await offline(async (terminal) => (await import('./commands/audit/index.ts')).auditVerifyExport(terminal, from, keys));
    });
  acceptOutput(addCommand(audit, 'show <action>', 'Print the records of an action')).action((name: string, _, command: Command) =>
    within(async (session) => (await import('./commands/audit/index.ts')).auditShow(session, name))(command),
  );
}
