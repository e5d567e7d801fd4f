import { visible } from '@sentinel/kube';
import type { Evidence, Finding, Moment, Report } from './report.ts';
import { conclusionWords, countWords, omittedWords, placeOf, seenWords, timesWords, titleOf } from './words.ts';

/**
 * The report as Markdown. Every text from the cluster is in a code span, with its control characters and line breaks escaped: it cannot
 * begin a heading, a list, a link, an image or HTML.
 */
export function renderMarkdown(report: Report): string {
  const section = (title: string, lines: readonly string[]) => (lines.length > 0 ? [`## ${title}`, '', ...lines, ''] : []);
  const { window } = report;
  return [
    `# ${titleOf(report)}`,
    '',
    `${conclusionWords(report)} ${code(placeOf(report.subject, report))}, ${report.createdAt}.`,
    ...(window ? ['', `From ${window.from} to ${window.to}.`] : []),
    '',
    `Findings: ${countWords(report)}.`,
    '',
    ...section(
      'Findings',
      report.findings.flatMap((finding) => findingLines(finding, report)),
    ),
    ...section(
      'Timeline',
      (report.timeline ?? []).map((moment) => momentLine(moment, report)),
    ),
    ...section(
      'Not read',
      report.unread.map(({ what, reason }) => `- ${code(what)}: ${code(reason)}`),
    ),
    ...(report.omitted > 0 ? [omittedWords(report), ''] : []),
  ].join('\n');
}

function findingLines(finding: Finding, report: Report): string[] {
  const seen = seenWords(finding);
  const { suggestion } = finding;
  return [
    `- **${finding.severity}** ${code(placeOf(finding.object, report))} (${finding.check}): ${code(finding.summary)}`,
    ...(seen === undefined ? [] : [`  - Seen: ${seen}`]),
    ...finding.evidence.map((evidence) => `  - ${evidenceWords(evidence)}`),
    ...(suggestion ? [`  - Next: ${code(suggestion.text)}${playbookWords(suggestion.playbook)}`] : []),
  ];
}

const playbookWords = (playbook: string | undefined) => (playbook === undefined ? '' : ` Playbook: ${code(playbook)}`);

const evidenceWords = ({ source, text, time, count }: Evidence) =>
  `${source}${time === undefined ? '' : ` ${time}`}${timesWords({ count })}: ${code(text)}`;

const momentLine = (moment: Moment, report: Report) =>
  `- ${moment.time} ${moment.source} ${code(placeOf(moment.object, report))}${timesWords(moment)}: ${code(moment.text)}${
    moment.actor === undefined ? '' : ` by ${code(moment.actor)}`
  }`;

/** A code span (CommonMark 6.1): its fence is longer than any run of backticks inside, and a blank keeps them apart from it. */
export function code(text: string): string {
  const shown = visible(text).trim();
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return shown === '' ? '``(empty)``' : `${fence}${pad}${shown}${pad}${fence}`;
}
