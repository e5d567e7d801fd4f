import type { Report } from './report.ts';

/**
 * The report, small enough that `size` of it is at most `limit`. Details are left out first: evidence beyond the first two of each finding,
 * then the oldest moments, then the least serious findings. Counts and conclusion stay, and `omitted` counts what was left out.
 */
export function fitReport(report: Report, limit: number, size: (report: Report) => number): Report {
  const reductions = [withEvidence(2), withEvidence(1)];
  let fitted = report;
  for (const reduce of reductions) {
    if (size(fitted) <= limit) return fitted;
    fitted = reduce(fitted);
  }
  while (size(fitted) > limit) {
    const next = withoutSome(fitted);
    if (next === undefined) return fitted;
    fitted = next;
  }
  return fitted;
}

const withEvidence =
  (most: number) =>
  (report: Report): Report => ({
    ...report,
    findings: report.findings.map((finding) => ({ ...finding, evidence: finding.evidence.slice(0, most) })),
  });

// A tenth at a time, so that a report of thousands of objects is fitted in a few dozen rounds.
function withoutSome(report: Report): Report | undefined {
  const { findings, timeline = [] } = report;
  const moments = Math.ceil(timeline.length / 10);
  if (timeline.length > findings.length) {
    return { ...report, timeline: timeline.slice(moments), omitted: report.omitted + moments };
  }
  const some = Math.ceil(findings.length / 10);
  if (some === 0) return undefined;
  return { ...report, findings: findings.slice(0, findings.length - some), omitted: report.omitted + some };
}
