import { join } from 'node:path';
import { tryRun } from '../run.ts';
import { Remembered } from './remembered.ts';
import { describeSlowest, type FileResult, headOf, sum } from './tally.ts';

/** One start of the runner: its clock, what it has seen so far, and when it must stop. */
export class Session {
  readonly root = join(import.meta.dirname, '..', '..');
  readonly remembered = new Remembered();
  readonly #begun: number;
  readonly #stopAt: number;
  readonly #results: FileResult[] = [];
  readonly #checks: FileResult[] = [];
  readonly #leftOut: string[] = [];

  /** `begunMs` is the time of the clock at which the whole run began, `stopAfterSeconds` when no more test may start. */
  constructor(begunMs: number, stopAfterSeconds = Number.POSITIVE_INFINITY) {
    this.#begun = begunMs;
    this.#stopAt = begunMs + stopAfterSeconds * 1000;
  }

  /** Writes a progress line. */
  say(text: string): void {
    process.stderr.write(`==> [${((Date.now() - this.#begun) / 1000).toFixed(0)} s] ${text}\n`);
  }

  /** The seconds that are left until the run must stop. */
  secondsLeft(): number {
    return (this.#stopAt - Date.now()) / 1000;
  }

  /** Counts a check that is good or bad as a whole; tells what it printed when it failed. */
  async check(what: string, program: string, args: readonly string[], cwd = this.root): Promise<void> {
    const begun = performance.now();
    const { code, stdout, stderr } = await tryRun(program, args, { cwd }).catch((error: unknown) => ({
      code: 127,
      stdout: '',
      stderr: String(error),
    }));
    const seconds = (performance.now() - begun) / 1000;
    if (code !== 0) process.stdout.write(`${stdout}${stderr}\n`);
    const failures = code === 0 ? [] : [{ name: what, error: `ended with ${code}` }];
    this.add({ file: what, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, seconds, failures }, this.#checks);
    this.say(`${code === 0 ? '✔' : '✖ FAILED:'} ${what} (${seconds.toFixed(0)} s)`);
  }

  /** Counts the result of a file. Its failures are told at once. */
  add(result: FileResult, where: FileResult[] = this.#results): void {
    where.push(result);
    for (const { name, error } of result.failures)
      process.stdout.write(`✖ ${result.file}: ${name}\n${error.replaceAll(/^/gm, '    ')}\n`);
  }

  /** Counts something that broke the run itself as one failure. */
  fail(what: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.add({ file: what, passed: 0, failed: 1, seconds: 0, failures: [{ name: 'broke off', error: text }] });
  }

  /** Notes files that there was no time for: each counts as a failure. */
  leaveOut(files: readonly string[]): void {
    this.#leftOut.push(...files);
  }

  /** Writes the slowest files, each failure once more, and the last line; answers whether everything passed. */
  finish(): boolean {
    this.remembered.save();
    const all = [...this.#checks, ...this.#results];
    const { passed, failed } = sum(all);
    process.stdout.write(`\nThe slowest:\n${describeSlowest(this.#results).join('\n')}\n`);
    const failures = all.flatMap(({ file, failures: those }) =>
      those.map(({ name, error }) => `  ✖ ${file}: ${name}\n      ${headOf(error)}`),
    );
    if (failures.length > 0) process.stdout.write(`\nFailed:\n${failures.join('\n')}\n`);
    if (this.#leftOut.length > 0)
      process.stdout.write(
        `\nNot run, because time was up (each counts as failed):\n${this.#leftOut.map((file) => `  ✖ ${file}`).join('\n')}\n`,
      );
    this.say('done');
    process.stdout.write(`${passed} passed, ${failed + this.#leftOut.length} failed\n`);
    return failed === 0 && passed > 0 && this.#leftOut.length === 0;
  }
}
