import type { Finding, Moment, ObjectReference, Report } from './report.ts';

const titles: Readonly<Record<Report['report'], string>> = {
  NamespaceHealth: 'Health of a namespace',
  ClusterHealth: 'Health of the cluster',
  LogAnalysis: 'Log analysis',
  RolloutLogs: 'Logs before and after a rollout',
  IncidentTimeline: 'Timeline of an incident',
  IncidentReport: 'Report after an incident',
};

/** The heading of a report. */
export const titleOf = ({ report }: Report): string => titles[report];

/** An object as kubectl names it, with its namespace if it is another one than that of the report. */
export function placeOf({ kind, namespace, name }: ObjectReference, report: Report): string {
  const home = report.subject.kind === 'Namespace' ? report.subject.name : report.subject.namespace;
  return namespace === undefined || namespace === home ? `${kind}/${name}` : `${namespace} ${kind}/${name}`;
}

const conclusions: Readonly<Record<Report['conclusion'], string>> = {
  Healthy: 'Healthy: no check found a problem.',
  Incomplete: 'Incomplete: no check found a problem, but not everything could be read.',
  Degraded: 'Degraded: there are warnings.',
  Critical: 'Critical: there are critical findings.',
};

/** The conclusion as a sentence. */
export const conclusionWords = ({ conclusion }: Report): string => conclusions[conclusion];

/** How many findings there are, of each severity. */
export const countWords = ({ counts }: Report): string =>
  `${counts.Critical} critical, ${counts.Warning} ${counts.Warning === 1 ? 'warning' : 'warnings'}, ${counts.Info} info`;

/** How often and when a finding was seen; undefined if that is unknown. */
export function seenWords({ count, firstSeen, lastSeen }: Finding): string | undefined {
  const parts = [
    count !== undefined && `${count} ${count === 1 ? 'time' : 'times'}`,
    firstSeen !== undefined && `first ${firstSeen}`,
    lastSeen !== undefined && `last ${lastSeen}`,
  ].filter((part) => typeof part === 'string');
  return parts.length > 0 ? parts.join(', ') : undefined;
}

/** What a reader is told if something was left out. */
export const omittedWords = ({ omitted }: Report): string =>
  `${omitted} more ${omitted === 1 ? 'entry was' : 'entries were'} left out, because the report would be too large.`;

/** How often a moment was seen. */
export const timesWords = ({ count }: Pick<Moment, 'count'>): string =>
  count === undefined || count === 1 ? '' : ` (${count} times)`;
