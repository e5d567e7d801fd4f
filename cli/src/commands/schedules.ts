import { type Playbook, playbooks } from '@sentinel/crds';
import { readPlaybook } from '../read.ts';
import { type Session, UsageError } from '../session.ts';
import { formatOf, raw } from '../terminal/raw.ts';
import { type Cell, table, withoutHeadings } from '../terminal/table.ts';
import { visible } from '../terminal/visible.ts';
import { run } from './run.ts';
import { standingNotes } from './standing/index.ts';

/** Lists the Playbooks with a schedule: whether it runs, what came of it and was reported, and when it is due; below, why others do not run. */
export async function listSchedules({ client, namespace, flags, io }: Session): Promise<number> {
  const format = formatOf(flags.output);
  const all = flags.allNamespaces === true;
  const { items } = await client.list(playbooks, all ? {} : { namespace });
  const scheduled = items.filter(({ spec }) => spec.schedule !== undefined);
  if (format) io.out(raw({ apiVersion: 'v1', kind: 'List', items: scheduled }, format, flags));
  else if (scheduled.length === 0)
    io.error(all ? 'No Playbook has a schedule.' : `No Playbook in namespace ${namespace} has a schedule.`);
  else {
    const headings = [...(all ? ['NAMESPACE'] : []), 'NAME', 'CRON', 'RUNS', 'LAST', 'HEALTHY', 'NEXT'];
    const rows = scheduled.map((playbook) => [...(all ? [playbook.metadata.namespace] : []), ...rowOf(playbook)]);
    io.out(
      [
        withoutHeadings(table(headings, rows, ['CRON']), flags),
        ...scheduled.flatMap(standingNotes),
        ...scheduled.flatMap(troublesOf),
      ].join('\n'),
    );
  }
  return 0;
}

export interface RunScheduleFlags {
  readonly reason?: string;
  readonly wait?: boolean;
}

/** Creates the action of a schedule now, as the person, with the parameters of the schedule. */
export async function runSchedule(session: Session, name: string, flags: RunScheduleFlags): Promise<number> {
  const { metadata, spec } = await readPlaybook(session, name);
  if (!spec.schedule)
    throw new UsageError('ObjectNotFound', `Playbook '${name}' has no schedule; run it with: kubectl sentinel run ${name}`);
  return await run(
    session,
    { playbook: metadata.name },
    {
      ...flags,
      summary: `Run Playbook '${metadata.name}' now, with the parameters of its schedule`,
      param: (spec.schedule.parameters ?? []).map((parameter) => `${parameter.name}=${parameter.value}`),
    },
  );
}

const conditionOf = ({ status }: Playbook, type: string) => status?.conditions?.find((condition) => condition.type === type);

function rowOf(playbook: Playbook): Cell[] {
  const { metadata, spec, status } = playbook;
  const { cron, timeZone } = spec.schedule ?? { cron: '', timeZone: '' };
  return [
    metadata.name,
    timeZone === 'Etc/UTC' ? cron : `${cron} (${timeZone})`,
    conditionOf(playbook, 'Scheduled')?.status ?? 'Unknown',
    lastOf(status?.schedule),
    conditionOf(playbook, 'Healthy')?.status,
    status?.schedule?.nextRunTime?.replace(/:00\.000Z$/, 'Z'),
  ];
}

// How the last action ended, and what it reports: the number of its worst findings.
function lastOf(schedule: NonNullable<Playbook['status']>['schedule']): Cell {
  const { lastRun, lastReport: report } = schedule ?? {};
  if (lastRun === undefined || report?.conclusion === undefined || report.action !== lastRun.action) return lastRun?.state;
  const count = report.counts?.critical || report.counts?.warning || 0;
  return `${lastRun.state}, ${report.conclusion}${count > 0 ? ` (${count})` : ''}`;
}

// Why a schedule does not run, what failed, and how many times were missed.
function troublesOf(playbook: Playbook): string[] {
  const { metadata, status } = playbook;
  const bad = ['Scheduled', 'Healthy'].flatMap((type) => {
    const condition = conditionOf(playbook, type);
    return condition?.status === 'False' ? [condition.message] : [];
  });
  const { missed = 0, lastMissedTime } = status?.schedule ?? {};
  const times = missed === 1 ? '1 time was' : `${missed} times were`;
  const gaps = missed === 0 ? [] : [`${times} missed, the last one at ${lastMissedTime ?? 'an unknown time'}`];
  return [...bad, ...gaps].map((text) => visible(`! ${metadata.name}: ${text}`));
}
