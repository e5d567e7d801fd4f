import type { Moment, Report } from './report.ts';

/**
 * The report, small enough that `size` of it is at most `limit`. Details are left out first: evidence beyond the first two of each finding,
 * then the oldest moments of the source with the most, then the least serious findings. Counts and conclusion stay, and `omitted` counts what was left out.
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
  if (timeline.length > findings.length) return withoutMoments(report, timeline);
  const some = Math.ceil(findings.length / 10);
  if (some === 0) return undefined;
  return { ...report, findings: findings.slice(0, findings.length - some), omitted: report.omitted + some };
}

// The oldest of the source that has the most, so that many Events leave no decision out.
function withoutMoments(report: Report, timeline: readonly Moment[]): Report {
  const counts = Object.entries(Object.groupBy(timeline, ({ source }) => source)).map(
    ([source, all]) => [source, all.length] as const,
  );
  const [most] = counts.reduce((a, b) => (b[1] > a[1] ? b : a));
  const some = new Set(timeline.filter(({ source }) => source === most).slice(0, Math.ceil(timeline.length / 10)));
  return { ...report, timeline: timeline.filter((moment) => !some.has(moment)), omitted: report.omitted + some.size };
}
