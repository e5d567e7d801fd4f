import { createHash } from 'node:crypto';
import type { AgentAction, ScheduleStatus } from '@sentinel/crds';
import { FINDINGS_MEDIA_TYPE, parseReport, placeOf, type Report } from '@sentinel/findings';
import { visibleLine } from '@sentinel/kube';

/** The report of the latest action that ended with results, or what was known before if no action has ended with results since. */
export function lastReport(actions: readonly AgentAction[], before: ScheduleStatus['lastReport']): ScheduleStatus['lastReport'] {
  const [latest] = actions
    .filter(({ status }) => status?.finishedAt !== undefined && (status.results ?? []).length > 0)
    .sort((a, b) => (endOf(a) < endOf(b) ? 1 : -1));
  return latest && endOf(latest) > (before?.time ?? '') ? reportOf(latest) : before;
}

const endOf = ({ status }: AgentAction): string => status?.finishedAt ?? '';

// The result is text from a sandbox: what does not fit the schema is only named.
function reportOf(action: AgentAction): ScheduleStatus['lastReport'] {
  const { results = [], stages = [] } = action.status ?? {};
  const result = results.find(({ mediaType }) => mediaType === FINDINGS_MEDIA_TYPE) ?? results[0];
  if (!result) return undefined;
  const report = result.mediaType === FINDINGS_MEDIA_TYPE ? parseReport(result.content) : undefined;
  const evidence = stages.findLast((stage) => stage.stage !== 'verification' && stage.evidence !== undefined)?.evidence;
  return {
    action: action.metadata.name,
    time: endOf(action),
    result: result.name,
    digest: `sha256:${createHash('sha256').update(result.content).digest('hex')}`,
    ...(evidence === undefined ? {} : { evidence }),
    ...(report ? found(report) : {}),
  };
}

function found(report: Report): Pick<NonNullable<ScheduleStatus['lastReport']>, 'conclusion' | 'counts' | 'finding'> {
  const { conclusion, counts, findings } = report;
  const [first] = findings;
  const { Critical: critical, Warning: warning, Info: info } = counts;
  const bounded = (count: number) => Math.min(count, COUNT_MAX);
  return {
    conclusion,
    counts: { critical: bounded(critical), warning: bounded(warning), info: bounded(info) },
    ...(first
      ? {
          finding: visibleLine(`${placeOf(first.object, report)}: ${first.summary}`)
            .slice(0, 512)
            .toWellFormed(),
        }
      : {}),
  };
}

const COUNT_MAX = 2_147_483_647;
