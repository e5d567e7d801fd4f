import type { TestEvent } from './reporter.ts';

/** How a test file ended. */
export interface FileResult {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** One entry for each failure: the names from the outermost suite down, and the error. */
  readonly failures: readonly { readonly name: string; readonly error: string }[];
  readonly slowest?: { readonly name: string; readonly seconds: number };
}

type Result = Extract<TestEvent, { type: 'result' }>;

/** The result of one test process: what its events say, and that it ended as it should. */
export function resultOf(file: string, events: readonly TestEvent[], seconds: number, ended: string | undefined): FileResult {
  const results = events.filter((event): event is Result => event.type === 'result');
  const end = events.find((event) => event.type === 'end');
  const failures = results
    .filter(({ passed, isSuite, error }) => !passed && !(isSuite && /subtests? failed/.test(error ?? '')))
    .map(({ name, error = '' }) => ({ name, error }));
  const cases = results.filter(({ isSuite, skipped }) => !isSuite && !skipped);
  const passed = end?.passed ?? cases.filter((one) => one.passed).length;
  const failed = end?.failed ?? cases.filter((one) => !one.passed).length;
  const silent = end === undefined ? 'the process ended without its totals' : undefined;
  const problem = ended ?? silent ?? (passed + failed === 0 ? 'no case of it ran' : undefined);
  const slowest = cases.reduce<Result | undefined>((most, one) => (most && most.ms >= one.ms ? most : one), undefined);
  return {
    file,
    passed,
    // A failed hook of a suite fails no case of it; a process that broke off has not told all.
    failed: failed === 0 && (problem !== undefined || failures.length > 0) ? 1 : failed,
    seconds,
    failures: problem === undefined || failed > 0 ? failures : [...failures, { name: file, error: problem }],
    ...(slowest && { slowest: { name: slowest.name, seconds: slowest.ms / 1000 } }),
  };
}

/** The seconds of each file of a process that runs many, from its outermost tests and suites. */
export function secondsByFile(events: readonly TestEvent[]): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const event of events)
    if (event.type === 'result' && event.nesting === 0) seconds.set(event.file, (seconds.get(event.file) ?? 0) + event.ms / 1000);
  return seconds;
}

/** The files that took longest, a line each. */
export const describeSlowest = (results: readonly FileResult[], count = 10): string[] =>
  results
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, count)
    .map(({ file, seconds, slowest }) => {
      const what = slowest ? ` (longest case: ${slowest.name}, ${slowest.seconds.toFixed(0)} s)` : '';
      return `${seconds.toFixed(0).padStart(5)} s  ${file}${what}`;
    });

/** The beginning of an error in one line of at most `length` characters, for a list of failures; the whole error is told where it occurs. */
export function headOf(error: string, length = 300): string {
  const words = error
    .split('\n')
    .filter((line) => !/^\s+at /.test(line))
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return words.length > length ? `${words.slice(0, length - 1)}…` : words;
}

/** How many cases passed and failed in all. */
export const sum = (results: readonly Pick<FileResult, 'passed' | 'failed'>[]): { passed: number; failed: number } => ({
  passed: results.reduce((all, { passed }) => all + passed, 0),
  failed: results.reduce((all, { failed }) => all + failed, 0),
});
