import { visible } from '@sentinel/kube';
import type { Finding, Moment, Report } from './report.ts';
import { conclusionWords, countWords, omittedWords, placeOf, seenWords, timesWords, titleOf } from './words.ts';

/** Adds the colour of a severity to a text; the default adds none. */
export type PaintSeverity = (severity: Finding['severity'], text: string) => string;

/**
 * The report for a terminal. Every text from the cluster is escaped, and stands behind the words of this program in the same row, or
 * behind `  | `: it can neither control the terminal nor imitate a row.
 */
export function renderTerminal(report: Report, paint: PaintSeverity = (_, text) => text): string {
  const section = (title: string, lines: readonly string[]) => (lines.length > 0 ? [title, ...lines] : []);
  const { window } = report;
  return [
    `${titleOf(report).toUpperCase()}  ${visible(placeOf(report.subject, report))}  ${report.createdAt}`,
    ...(window ? [`  from ${window.from} to ${window.to}`] : []),
    `  ${conclusionWords(report)}`,
    `  Findings: ${countWords(report)}.`,
    ...section(
      'FINDINGS',
      report.findings.flatMap((finding) => findingLines(finding, report, paint)),
    ),
    ...section(
      'TIMELINE',
      (report.timeline ?? []).flatMap((moment) => momentLines(moment, report)),
    ),
    ...section(
      'NOT READ',
      report.unread.map(({ what, reason }) => `  ${visible(what)}: ${visible(reason)}`),
    ),
    ...(report.omitted > 0 ? [`  ${omittedWords(report)}`] : []),
  ].join('\n');
}

function findingLines(finding: Finding, report: Report, paint: PaintSeverity): string[] {
  const { check, severity, object, summary, evidence, suggestion } = finding;
  const seen = seenWords(finding);
  return [
    `  ${paint(severity, severity.padEnd(8))}  ${check}  ${visible(placeOf(object, report))}: ${visible(summary)}`,
    ...(seen === undefined ? [] : [`    seen ${seen}`]),
    ...evidence.map(
      ({ source, text, time, count }) =>
        `    ${source}${time === undefined ? '' : ` ${time}`}${timesWords({ count })}  | ${visible(text)}`,
    ),
    ...(suggestion
      ? [`    next: ${visible(suggestion.text)}${suggestion.playbook ? ` (Playbook ${visible(suggestion.playbook)})` : ''}`]
      : []),
  ];
}

const momentLines = (moment: Moment, report: Report) => [
  `  ${moment.time}  ${moment.source.padEnd(8)}  ${visible(placeOf(moment.object, report))}${timesWords(moment)}${
    moment.actor === undefined ? '' : `, by ${visible(moment.actor)}`
  }`,
  `    | ${visible(moment.text)}`,
];
