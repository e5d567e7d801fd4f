import type { Outcome, TestOutcome } from './report.ts';

/** What was judged, and on what. */
export interface Run {
  readonly kubernetes: string;
  readonly kernel: string;
  readonly outcomes: readonly TestOutcome[];
}

const INTRODUCTION = `# NetworkPolicy in the embedded cluster

The embedded cluster enforces NetworkPolicy with an engine of its own, \`cluster/programs/netpol\`. Kubernetes' own end-to-end tests of NetworkPolicy (\`k8s.io/kubernetes/test/e2e/network/netpol\`, unchanged) judge it: \`make netpol\` builds them, runs them on the running embedded cluster and writes this page. It is not a part of \`make test\`.
`;

/** The page \`docs/development/network-policies.md\`; without a run, it says that there was none. */
export function page(run: Run | undefined): string {
  if (run === undefined) return `${INTRODUCTION}\nNo result is recorded yet: run \`make netpol\`.\n`;
  const { kubernetes, kernel, outcomes } = run;
  const count = (outcome: Outcome) => outcomes.filter((one) => one.outcome === outcome).length;
  const rows = outcomes.map(({ name, outcome }) => `| ${cell(name)} | ${outcome === 'failed' ? '**failed**' : outcome} |`);
  return `${INTRODUCTION}
Last result: **${count('passed')} passed, ${count('failed')} failed, ${count('not run')} not run**, with the tests of Kubernetes ${kubernetes} on Linux ${kernel}.
${section('What fails', reasons(outcomes, 'failed'))}${section('What was not run', reasons(outcomes, 'not run'))}
## Each test

| test | result |
| --- | --- |
${rows.join('\n')}
`;
}

const section = (heading: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `\n## ${heading}\n\n${lines.join('\n')}\n`;

const reasons = (outcomes: readonly TestOutcome[], wanted: Outcome): string[] =>
  outcomes.filter(({ outcome }) => outcome === wanted).map(({ name, reason = '' }) => `- ${plain(name)}: ${plain(reason)}`);

const plain = (text: string): string => text.replaceAll(/[<>*_`[\]]/g, (character) => `\\${character}`).slice(0, 400);
const cell = (text: string): string => plain(text).replaceAll('|', '\\|');
