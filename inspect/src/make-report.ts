import { conclude, type Finding, fitReport, type Report, renderMarkdown } from '@sentinel/findings';
import type { KubeClient } from '@sentinel/kube';
import type { CommandLine } from './command-line.ts';
import { createReader } from './read/reader.ts';

/** Results of an action may have 16 KiB together; some of it is left for masks, which can be longer than what they hide. */
const RESULT_BYTES = 15 * 1024;

/** How much of the results a report takes: it is stored as JSON and as Markdown. */
const sizeOf = (report: Report): number => Buffer.byteLength(JSON.stringify(report)) + Buffer.byteLength(renderMarkdown(report));

/** Makes the report of a command: reads, decides, and fits it into the results of an action. */
export async function makeReport(line: CommandLine, client: KubeClient, namespace: string, now: number): Promise<Report> {
  const reader = createReader(client);
  const { windowMs, workload, namespaces, certificates } = line;
  const content = await line.make({ reader, namespace, now, windowMs, workload, namespaces, certificates });
  const to = new Date(now).toISOString();
  const report = conclude({
    report: content.report,
    subject: content.subject,
    createdAt: to,
    ...(content.hasWindow && { window: { from: new Date(now - windowMs).toISOString(), to } }),
    findings: content.findings.map((finding) => withFix(finding, line.fixes)),
    ...(content.timeline && { timeline: content.timeline }),
    unread: reader.unread,
  });
  return fitReport(report, RESULT_BYTES, sizeOf);
}

/** The finding with the Playbook that fixes it, if the author of this Playbook named one for its check. */
export function withFix(finding: Finding, fixes: ReadonlyMap<string, string>): Finding {
  const playbook = fixes.get(finding.check);
  if (playbook === undefined) return finding;
  return { ...finding, suggestion: { text: finding.suggestion?.text ?? 'A Playbook fixes this.', playbook } };
}
