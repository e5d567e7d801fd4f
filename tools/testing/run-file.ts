import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paths } from '@sentinel/cluster';
import { MARK, type TestEvent } from './reporter.ts';
import { type FileResult, resultOf } from './tally.ts';

/** A test file, or those of its cases that are named. */
export interface Selection {
  readonly file: string;
  /** Each case by the names that lead to it, from the outermost suite down; all of the suite when the last name is one. */
  readonly cases?: readonly (readonly string[])[];
}

export interface RunOptions {
  readonly root: string;
  /** Writes what the tests print and the name of each case that passed. */
  readonly verbose?: boolean;
  /** Seconds after which the process is stopped. */
  readonly limit: number;
  readonly env?: Readonly<Record<string, string>>;
}

const reporter = fileURLToPath(new URL('./reporter.ts', import.meta.url));

/** The option of node:test that selects these cases. */
export const namePattern = (cases: readonly (readonly string[])[]): string =>
  `--test-name-pattern=^(?:${cases.map((names) => RegExp.escape(names.join(' '))).join('|')})`;

/** Runs test files in one process of their own; answers with its events and how it ended, when not by itself. */
export function runProcess(
  files: readonly string[],
  { root, verbose = false, limit, env = {} }: RunOptions,
  extra: readonly string[] = [],
): Promise<{ events: TestEvent[]; ended: string | undefined; printed: string }> {
  return new Promise((resolve) => {
    const options = ['--test', '--test-isolation=none', `--test-reporter=${reporter}`, ...extra];
    const child = spawn(process.execPath, [...options, ...files], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // What is compiled once is kept: each test file, and each start of the plugin, is a process of its own.
      env: { ...process.env, NODE_COMPILE_CACHE: join(paths.cache, 'compiled'), ...env, KUBECONFIG: paths.kubeconfig },
    });
    const events: TestEvent[] = [];
    let printed = '';
    let rest = '';
    let ended: string | undefined;
    const print = (text: string) => {
      printed = (printed + text).slice(-20_000);
      if (verbose) process.stdout.write(text);
    };
    const readLine = (line: string) => {
      const at = line.indexOf(MARK);
      if (at < 0) return print(`${line}\n`);
      if (at > 0) print(line.slice(0, at));
      const event = JSON.parse(line.slice(at + 1)) as TestEvent;
      events.push(event);
      if (event.type === 'note') process.stdout.write(`    ${event.text}\n`);
      if (event.type === 'result' && verbose && !event.isSuite && event.passed)
        process.stdout.write(`  ✔ ${event.name} (${(event.ms / 1000).toFixed(1)} s)\n`);
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(readLine);
    });
    child.stderr.setEncoding('utf8').on('data', print);
    const timer = setTimeout(() => {
      ended = `ended by the runner: not done within ${limit.toFixed(0)} s`;
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), 5000).unref();
    }, limit * 1000);
    child.once('error', (error) => {
      ended = String(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const failed = events.some((event) => event.type === 'end' && event.failed > 0);
      if (code !== 0 && !failed) ended ??= `the process ended with ${signal ?? code}`;
      if (ended !== undefined) ended += lastOf(events);
      resolve({ events, ended, printed });
    });
  });
}

/** Where a process was that told no end: the test that it hung or died in comes after this one. */
function lastOf(events: readonly TestEvent[]): string {
  if (events.some(({ type }) => type === 'end')) return '';
  const last = events.findLast((event) => event.type === 'result');
  return last?.type === 'result' ? `; its last result was that of '${last.name}' in ${last.file}` : '; it told no result';
}

/** Runs one test file and tells its failures. */
export async function runFile({ file, cases }: Selection, options: RunOptions): Promise<FileResult> {
  const begun = performance.now();
  const { events, ended, printed } = await runProcess([file], options, cases ? [namePattern(cases)] : []);
  const result = resultOf(file, events, (performance.now() - begun) / 1000, ended);
  if (result.failed > 0 && printed.trim() !== '' && !options.verbose)
    process.stdout.write(`--- printed by ${file}:\n${printed.trim()}\n---\n`);
  return result;
}
