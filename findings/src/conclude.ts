import type { Conclusion, Evidence, Finding, Moment, Report, Severity } from './report.ts';
import { severities } from './report.ts';

/** What was found, before it is concluded from. */
export interface Found extends Pick<Report, 'report' | 'subject' | 'createdAt' | 'window' | 'unread'> {
  readonly findings: readonly Finding[];
  readonly timeline?: readonly Moment[];
}

const MOST_FINDINGS = 200;
const MOST_MOMENTS = 500;
const MOST_UNREAD = 64;

/**
 * Makes the report: the most serious findings first, counted, with a conclusion. Only the severity of the findings and what could not be
 * read decide the conclusion; no text does.
 */
export function conclude({ findings, timeline, ...found }: Found): Report {
  const sorted = [...findings].sort(bySeverity).map(shortenFinding);
  const moments = timeline && [...timeline].sort((a, b) => Date.parse(a.time) - Date.parse(b.time)).map(shortenMoment);
  const counts = { Critical: 0, Warning: 0, Info: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  const left = (many: readonly unknown[] | undefined, most: number) => Math.max(0, (many?.length ?? 0) - most);
  const unread = found.unread.map(({ what, reason }) => ({ what: shorten(what, 253), reason: shorten(reason, 300) }));
  return {
    schema: 'sentinel.dev/findings/v1',
    report: found.report,
    subject: found.subject,
    createdAt: found.createdAt,
    ...(found.window && { window: found.window }),
    conclusion: conclusionOf(counts, unread.length),
    counts,
    findings: sorted.slice(0, MOST_FINDINGS),
    // The newest moments are kept: an incident is read from its end.
    ...(moments && { timeline: moments.slice(-MOST_MOMENTS) }),
    unread: unread.slice(0, MOST_UNREAD),
    omitted: left(findings, MOST_FINDINGS) + left(moments, MOST_MOMENTS),
  };
}

function conclusionOf({ Critical, Warning }: Report['counts'], unread: number): Conclusion {
  if (Critical > 0) return 'Critical';
  if (Warning > 0) return 'Degraded';
  return unread > 0 ? 'Incomplete' : 'Healthy';
}

/** The order of findings: severity, check, object. The same findings are always in the same order. */
function bySeverity(a: Finding, b: Finding): number {
  const rank = ({ severity }: { severity: Severity }) => severities.indexOf(severity);
  return rank(b) - rank(a) || (b.count ?? 0) - (a.count ?? 0) || keyOf(a).localeCompare(keyOf(b), 'en');
}

const keyOf = ({ check, object }: Finding) => `${check} ${object.kind} ${object.namespace ?? ''} ${object.name}`;

const shortenEvidence = (evidence: Evidence): Evidence => ({ ...evidence, text: shorten(evidence.text, 400) });

const shortenFinding = (finding: Finding): Finding => ({
  ...finding,
  summary: shorten(finding.summary, 400),
  evidence: finding.evidence.slice(0, 8).map(shortenEvidence),
});

const shortenMoment = (moment: Moment): Moment => ({
  ...moment,
  text: shorten(moment.text, 400),
  ...(moment.actor !== undefined && { actor: shorten(moment.actor, 512) }),
});

/** A text with at most `max` UTF-16 units; `…` stands for what was cut. Never ends within a surrogate pair. */
export function shorten(text: string, max: number): string {
  return text.length <= max
    ? text.toWellFormed()
    : `${text
        .slice(0, max - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`;
}
