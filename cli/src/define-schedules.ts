import type { Command } from 'commander';
import type { DigestsFlags } from './commands/digests.ts';
import type { RunScheduleFlags } from './commands/schedules.ts';

import type { ApproveScheduleFlags, RevokeScheduleFlags } from './commands/standing/index.ts';
import {
  acceptAllNamespaces,
  acceptNoHeaders,
  acceptObjectOutput,
  acceptOutput,
  addCommand,
  milliseconds,
} from './global-flags.ts';
import type { Within } from './session.ts';

/** Adds `digests`. */
export function defineDigests(program: Command, within: Within): void {
  const command = addCommand(
    program,
    'digests [playbooks...]',
    'Print the digests of Playbooks, which a ClusterAgentPolicy may trust',
  );
  const outputs = 'json, yaml or jsonpath=TEMPLATE; yaml is the form of playbooks.trustedDigests';
  acceptNoHeaders(acceptAllNamespaces(acceptOutput(command, outputs)))
    .option('-f, --filename <file>', 'the digests that the Playbooks of a manifest will have; - is stdin')
    .option('--untrusted', 'only those that are not trusted everywhere; of a manifest, not by the floor')
    .action((names: string[], { filename, untrusted }: DigestsFlags, command: Command) =>
      within(async (session) => {
        const { digests } = await import('./commands/digests.ts');
        return await digests(session, names, {
          ...(filename === undefined ? {} : { filename }),
          ...(untrusted ? { untrusted } : {}),
        });
      })(command),
    );
}

/** Adds `schedules` with `run`, `approve` and `revoke`. */
export function defineSchedules(program: Command, within: Within): void {
  const schedules = program.command('schedules').description('List the schedules of Playbooks, and run one now');
  const list = addCommand(schedules, 'list', 'List the schedules of Playbooks, and what came of them', { isDefault: true });
  acceptNoHeaders(acceptAllNamespaces(acceptObjectOutput(list))).action((_, command: Command) =>
    within(async (session) => (await import('./commands/schedules.ts')).listSchedules(session))(command),
  );
  acceptObjectOutput(
    addCommand(schedules, 'run <playbook>', 'Create an action of a Playbook now, with the parameters of its schedule'),
  )
    .option('--reason <text>', 'why')
    .option('-w, --wait', 'wait until the action has ended')
    .action((name: string, { reason, wait }: RunScheduleFlags, command: Command) =>
      within(async (session) => {
        const { runSchedule } = await import('./commands/schedules.ts');
        return await runSchedule(session, name, { ...(reason === undefined ? {} : { reason }), ...(wait ? { wait } : {}) });
      })(command),
    );
  addCommand(schedules, 'approve <playbook>', 'Approve in advance what a schedule does, until a time; policy must allow it')
    .requiredOption('--until <time>', 'when it ends: 30d, or a date such as 2026-12-31', timeOrDate)
    .option('--up-to-risk <level>', 'the highest risk that it covers: Low, Medium (the default) or High')
    .option('--comment <text>', 'why; policy may require it')
    .option('--digest <digest>', 'the digest of the Playbook as you read it; required with --yes')
    .option('-y, --yes', 'do not ask')
    .action((name: string, { until, upToRisk, comment, digest, yes }: ApproveScheduleFlags, command: Command) =>
      within(async (session) => {
        const { approveSchedule } = await import('./commands/standing/index.ts');
        const given = Object.entries({ upToRisk, comment, digest, yes }).filter(([, value]) => value !== undefined);
        return await approveSchedule(session, name, { until, ...Object.fromEntries(given) });
      })(command),
    );
  addCommand(schedules, 'revoke <playbook>', 'Revoke all standing approvals of a schedule')
    .option('--comment <text>', 'why')
    .option('-y, --yes', 'do not ask')
    .action((name: string, { comment, yes }: RevokeScheduleFlags, command: Command) =>
      within(async (session) => {
        const { revokeSchedule } = await import('./commands/standing/index.ts');
        return await revokeSchedule(session, name, { ...(comment === undefined ? {} : { comment }), ...(yes ? { yes } : {}) });
      })(command),
    );
}

const timeOrDate = (text: string): number | string => (/^\d{4}-/.test(text) ? text : milliseconds('--until')(text));
