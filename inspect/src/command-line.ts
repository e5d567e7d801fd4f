import { parseArgs } from 'node:util';
import { clusterHealth } from './reports/cluster-health.ts';
import { incidentReport, incidentTimeline } from './reports/incident.ts';
import { namespaceHealth } from './reports/namespace-health.ts';
import type { Content, Request } from './reports/request.ts';
import { rolloutLogs, workloadLogs } from './reports/workload-logs.ts';
import { UsageError } from './usage-error.ts';

/** The commands, each with the report that it makes. */
export const commands: Readonly<Record<string, (request: Request) => Promise<Content>>> = {
  namespace: namespaceHealth,
  cluster: clusterHealth,
  logs: workloadLogs,
  'rollout-logs': rolloutLogs,
  timeline: incidentTimeline,
  incident: incidentReport,
};

/** A command line as it was read. */
export interface CommandLine {
  readonly make: (request: Request) => Promise<Content>;
  readonly windowMs: number;
  readonly workload: string | undefined;
  readonly namespaces: readonly string[];
  /** Secrets of the type kubernetes.io/tls whose certificates are looked at. */
  readonly certificates: readonly string[];
  /** Which Playbook fixes what a check finds, as the author of this Playbook named them. */
  readonly fixes: ReadonlyMap<string, string>;
}

const usage = `usage: sentinel-inspect COMMAND [--since=1h] [--workload=deployment/NAME] [--namespaces=a,b] [--certificates=a,b] [--fix=CHECK=PLAYBOOK ...]
  commands: ${Object.keys(commands).join(', ')}`;

/** Reads a command line. Throws UsageError, with the usage, for everything that is not clear. */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const [name = '', ...rest] = argv;
  const make = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!make) throw new UsageError(`'${name}' is not a command\n${usage}`);
  const { values } = parse(rest);
  return {
    make,
    windowMs: durationOf(values.since ?? '1h'),
    workload: values.workload === undefined || values.workload === '' ? undefined : values.workload,
    namespaces: namesOf(values.namespaces),
    certificates: namesOf(values.certificates),
    fixes: new Map((values.fix ?? []).map(fixOf)),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        since: { type: 'string' },
        workload: { type: 'string' },
        namespaces: { type: 'string' },
        certificates: { type: 'string' },
        fix: { type: 'string', multiple: true },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

const namesOf = (text = ''): string[] => text.split(',').filter((one) => one !== '');

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const LONGEST = 30 * 86_400_000;

function durationOf(text: string): number {
  const [, amount = '', unit = ''] = /^([1-9][0-9]{0,6})([smhd])$/.exec(text) ?? [];
  const duration = Number(amount) * (units[unit] ?? Number.NaN);
  if (!(duration > 0 && duration <= LONGEST))
    throw new UsageError(`--since must be a duration of at most 30 days, such as 30m or 2h`);
  return duration;
}

function fixOf(text: string): [string, string] {
  const [, check = '', playbook = ''] = /^([a-z][-a-z0-9]*)=([a-z0-9][-a-z0-9.]*)$/.exec(text) ?? [];
  if (check === '') throw new UsageError(`--fix must be CHECK=PLAYBOOK, such as pod-image-pull=set-image`);
  return [check, playbook];
}
