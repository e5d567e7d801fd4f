import type { Command } from 'commander';
import type { AmendFlags } from './commands/amend/index.ts';
import type { CancelFlags } from './commands/cancel.ts';
import type { DecideFlags } from './commands/decide-on-plan.ts';
import type { DistrustFlags } from './commands/distrust.ts';
import type { FilterFlags } from './commands/get/index.ts';
import type { LogsFlags } from './commands/logs/index.ts';
import type { ReconcileFlags } from './commands/reconcile.ts';
import type { RollbackFlags } from './commands/rollback.ts';
import type { RunFlags } from './commands/run.ts';
import type { TrustFlags } from './commands/trust.ts';
import { defineInstallation } from './define-installation.ts';
import { defineDigests, defineSchedules } from './define-schedules.ts';
import {
  acceptAllNamespaces,
  acceptObjectOutput,
  acceptOutput,
  acceptSelector,
  acceptTableOutput,
  addCommand,
  milliseconds,
  repeat,
} from './global-flags.ts';
import { forEach, namesOf } from './input/index.ts';
import { type Offline, UsageError, type Within } from './session.ts';

interface Named {
  readonly filename?: string;
}
interface Timed {
  readonly timeout?: number;
}

/*
 * Each command is loaded when it runs: the plugin starts in a fraction of the time that all of them together take.
 *
 * Adds the commands of `kubectl sentinel` with their flags, except for `policy`. `own` are the words after `--` of `run`; undefined if
 * there is no `--`.
 */
export function defineCommands(program: Command, within: Within, offline: Offline, own: readonly string[] | undefined): void {
  defineLists(program, within);
  acceptObjectOutput(acceptFile(addCommand(program, 'plan [actions...]', 'Show what an action would change')))
    .option('--full', 'show every line of every change')
    .action((names: string[], { full, filename }: { full?: boolean } & Named, command: Command) =>
      within(async (session) => {
        const { plan } = await import('./commands/plan.ts');
        return await forEach(await namesOf(session, { names, filename }), (name) => plan(session, name, full === true));
      })(command),
    );
  for (const decision of ['approve', 'reject', 'revoke', 'request-changes'] as const) {
    addCommand(
      program,
      `${decision} <actions...>`,
      {
        approve: 'Approve the plan of an action',
        reject: 'Reject the plan permanently',
        revoke: 'Revoke your approval, or your request for changes',
        'request-changes': 'Ask the requester of an action to revise it',
      }[decision],
    )
      .option('--plan <digest>', 'the digest of the plan that you saw')
      .option('--comment <text>', 'your comment')
      .option('--full', 'show every line of every change')
      .option('-y, --yes', 'do not ask; approve needs --plan with it')
      .action((names: string[], flags: DecideFlags, command: Command) =>
        within(async (session) => {
          if (flags.plan !== undefined && names.length > 1)
            throw new UsageError('FlagConflict', '--plan is the digest of one plan; name one action with it');
          const { decideOnPlan } = await import('./commands/decide-on-plan.ts');
          return await forEach(names, (name) => decideOnPlan(session, name, decision, flags));
        })(command),
      );
  }
  addCommand(program, 'reconcile <action> <resolution>', 'Resolve an effect whose outcome is unknown: accept, redo or roll-back')
    .requiredOption('--effect <number>', 'the number of the effect in CHANGES of the plan')
    .option('--plan <digest>', 'the digest of the plan that you saw')
    .option('--comment <text>', 'your comment')
    .option('-y, --yes', 'do not ask; needs --plan with it')
    .action((name: string, resolution: string, flags: ReconcileFlags, command: Command) =>
      within(async (session) => (await import('./commands/reconcile.ts')).reconcile(session, name, resolution, flags))(command),
    );
  defineRun(program, within, own);
  defineRollback(program, within);
  acceptObjectOutput(
    addCommand(program, 'amend <action>', 'Propose a new plan for a blocked action, with the write that was refused'),
  )
    .option('--reason <text>', 'why')
    .option('--name <name>', 'name of the new action')
    .action((name: string, flags: AmendFlags, command: Command) =>
      within(async (session) => (await import('./commands/amend/index.ts')).amend(session, name, flags))(command),
    );
  acceptFile(addCommand(program, 'cancel [actions...]', 'Cancel an action, and show whether its changes are rolled back'))
    .option('--comment <text>', 'why; it is kept in the action and in its audit trail')
    .option('-y, --yes', 'do not ask')
    .action((names: string[], { filename, ...flags }: CancelFlags & Named, command: Command) =>
      within(async (session) => {
        const { cancel } = await import('./commands/cancel.ts');
        return await forEach(await namesOf(session, { names, filename }), (name) => cancel(session, name, flags));
      })(command),
    );
  acceptTimeout(acceptFile(addCommand(program, 'watch [actions...]', 'Follow an action until it has ended'))).action(
    (names: string[], { filename, timeout }: Named & Timed, command: Command) =>
      within(async (session) => {
        const { watch } = await import('./commands/watch.ts');
        return await forEach(await namesOf(session, { names, filename }), (name) => watch(session, name, { timeoutMs: timeout }));
      })(command),
  );
  acceptTimeout(
    acceptOutput(acceptFile(addCommand(program, 'wait [actions...]', 'Wait until actions have ended, with or without success'))),
  ).action((names: string[], { filename, timeout }: Named & Timed, command: Command) =>
    within(async (session) =>
      (await import('./commands/wait.ts')).wait(session, names, { ...withFile(filename), timeoutMs: timeout }),
    )(command),
  );
  acceptObjectOutput(acceptFile(addCommand(program, 'report [actions...]', 'Show the outcome of an action'))).action(
    (names: string[], { filename }: Named, command: Command) =>
      within(async (session) => {
        const { report } = await import('./commands/report.ts');
        return await forEach(await namesOf(session, { names, filename }), (name) => report(session, name));
      })(command),
  );
  defineLogs(program, within);
  addCommand(program, 'trust <playbook>', 'Trust the current version of a Playbook')
    .option('--digest <digest>', 'the .status.digest of the Playbook that you saw')
    .option('-y, --yes', 'do not ask; needs --digest with it')
    .action((name: string, flags: TrustFlags, command: Command) =>
      within(async (session) => (await import('./commands/trust.ts')).trust(session, name, flags))(command),
    );
  addCommand(program, 'distrust <playbook>', 'Withdraw the trust in a Playbook')
    .option('-y, --yes', 'do not ask')
    .action((name: string, flags: DistrustFlags, command: Command) =>
      within(async (session) => (await import('./commands/distrust.ts')).distrust(session, name, flags))(command),
    );
  defineDigests(program, within);
  defineSchedules(program, within);
  defineInstallation(program, within, offline);
}

function defineLists(program: Command, within: Within): void {
  const listing = (usage: string, description: string) =>
    acceptFilters(acceptSelector(acceptAllNamespaces(acceptTableOutput(addCommand(program, usage, description)))));
  listing('queue', 'List the actions that wait for a decision').action(
    (flags: FilterFlags & { watch?: boolean }, command: Command) =>
      within(async (session) => (await import('./commands/queue.ts')).queue(session, flags))(command),
  );
  acceptFile(listing('get [names...]', 'List actions; a name may be the beginning of names'))
    .option('--sort-by <path>', 'order by a field, such as .metadata.name; the oldest first when left out')
    .action((names: string[], flags: FilterFlags & { watch?: boolean; sortBy?: string } & Named, command: Command) =>
      within(async (session) => (await import('./commands/get/index.ts')).getActions(session, names, flags))(command),
    );
  acceptSelector(
    acceptAllNamespaces(
      acceptObjectOutput(
        addCommand(program, 'status [action]', 'Show where an action is and what comes next; without a name, of all'),
      ),
    ),
  ).action((name: string | undefined, _, command: Command) =>
    within(async (session) => (await import('./commands/get/index.ts')).status(session, name))(command),
  );
}

function defineLogs(program: Command, within: Within): void {
  acceptOutput(addCommand(program, 'logs [action]', 'Show the stored logs and results of an action, also when its pods are gone'))
    .option('--stage <stage>', 'rehearsal, run, verification, rollback or results; the newest stage when left out')
    .option('--attempt <number>', 'with --stage: only this Job of the stage; the newest when left out', attempt)
    .option('--step <step>', 'only the log of this step')
    .option('--all-stages', 'every stage that is stored, and what is missing of the others')
    .option('--digest <digest>', 'the evidence with this digest, of an action that is deleted; its audit records name it')
    .action((name: string | undefined, { stage, attempt, step, allStages, digest }: LogsFlags, command: Command) =>
      within(async (session) => {
        const flags = Object.entries({ stage, attempt, step, allStages, digest }).filter(([, value]) => value !== undefined);
        return await (await import('./commands/logs/index.ts')).logs(session, name, Object.fromEntries(flags));
      })(command),
    );
}

function attempt(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new UsageError('FlagInvalid', `--attempt must be a number from 1, not '${text}'`);
  return Number(text);
}

function defineRun(program: Command, within: Within, own: readonly string[] | undefined): void {
  acceptTimeout(
    acceptObjectOutput(addCommand(program, 'run [words...]', 'Create an action that runs a Playbook, or a command after --')),
  )
    .usage(
      '<playbook> --summary <text> [options]\n       kubectl sentinel run --account <name> --image <image> --summary <text> [options] -- <command...>\n       kubectl sentinel run -f <file> [--wait]',
    )
    .option('--summary <text>', 'what is going to be done, in a sentence')
    .option('-f, --filename <file>', 'a manifest with AgentActions; - is stdin')
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
    .action((words: string[], { timeout, ...given }: RunFlags & Timed, command: Command) =>
      within(async (session) => {
        const { run, runManifest, workOf } = await import('./commands/run.ts');
        if (timeout !== undefined && !given.wait) throw new UsageError('FlagRequired', '--timeout is only allowed with --wait');
        const flags = { ...withoutCommon(given), timeoutMs: timeout };
        if (flags.filename === undefined) return await run(session, workOf(words, own), flags);
        if (words.length > 0 || own !== undefined)
          throw new UsageError('FlagConflict', 'name a Playbook, give a command after --, or pass -f');
        return await runManifest(session, flags.filename, flags);
      })(command),
    );
}

function defineRollback(program: Command, within: Within): void {
  acceptTimeout(
    acceptObjectOutput(addCommand(program, 'rollback <action>', 'Create an action that undoes what an ended action changed')),
  )
    .option('--reason <text>', 'why')
    .option('--summary <text>', 'what is going to be done, in a sentence; made from the action when left out')
    .option('--on-behalf-of <user>', 'the person who prompted you; they count as requester and cannot approve')
    .option('--mode <mode>', 'Apply or DryRun')
    .option('--name <name>', 'name of the new action')
    .option('-w, --wait', 'wait until the new action has ended')
    .action((name: string, { timeout, ...flags }: RollbackFlags & Timed, command: Command) =>
      within(async (session) => {
        const { rollback } = await import('./commands/rollback.ts');
        if (timeout !== undefined && !flags.wait) throw new UsageError('FlagRequired', '--timeout is only allowed with --wait');
        return await rollback(session, name, { ...flags, timeoutMs: timeout });
      })(command),
    );
}

// Commander gives a command its own flags and those that every command takes in one object.
function withoutCommon(flags: RunFlags): RunFlags {
  const { filename, wait, summary, reason, prompt, param, account, image, onBehalfOf, parent, mode, name } = flags;
  return Object.fromEntries(
    Object.entries({ filename, wait, summary, reason, prompt, param, account, image, onBehalfOf, parent, mode, name }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

const withFile = (filename: string | undefined) => (filename === undefined ? {} : { filename });
const acceptFile = (command: Command) =>
  command.option('-f, --filename <file>', 'a manifest whose AgentActions are meant; - is stdin');
const acceptTimeout = (command: Command) =>
  command.option(
    '--timeout <time>',
    'give up waiting after this time: 30s, 5m, 1h; the action goes on',
    milliseconds('--timeout'),
  );
const acceptFilters = (command: Command) =>
  command
    .option('--state <states>', 'only actions in these states: AwaitingApproval,Running')
    .option('--risk <levels>', 'only plans of these risks: High,Critical, or High+ for that and above')
    .option('-w, --watch', 'go on, and show what changes');
