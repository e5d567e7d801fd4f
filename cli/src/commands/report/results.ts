import type { AgentActionStatus } from '@sentinel/crds';
import { FINDINGS_MEDIA_TYPE, type Finding, parseReport, renderMarkdown, renderTerminal } from '@sentinel/findings';
import type { Paint } from '../../terminal/paint.ts';
import { visible, visibleBlock } from '../../terminal/visible.ts';

type Result = NonNullable<AgentActionStatus['results']>[number];

const colours = { Critical: 'red', Warning: 'yellow', Info: 'cyan' } as const;

/**
 * The results of an action, each as the text that a step wrote. A report of findings is printed in words, and not a second time for a result
 * that is the same report as Markdown.
 */
export function resultLines(results: readonly Result[], paint: Paint): string[] {
  const reports = results.flatMap((result) => reportOf(result) ?? []);
  const markdowns = new Set(reports.map(renderMarkdown));
  return results.flatMap((result) => {
    const report = reportOf(result);
    const heading = `${paint('bold', 'RESULT')}  ${visible(result.name)} (${visible(result.mediaType)}), text from the sandbox${result.truncated ? ', truncated' : ''}`;
    const severity = (of: Finding['severity'], text: string) => paint(colours[of], text);
    if (report)
      return [
        heading,
        ...renderTerminal(report, severity)
          .split('\n')
          .map((line) => `  ${line}`),
      ];
    if (markdowns.has(result.content)) return [`${heading}: the findings above as Markdown`];
    return [heading, visibleBlock(result.content.trimEnd(), '  | ')];
  });
}

const reportOf = ({ mediaType, content }: Result) => (mediaType === FINDINGS_MEDIA_TYPE ? parseReport(content) : undefined);
