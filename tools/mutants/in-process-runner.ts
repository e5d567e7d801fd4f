import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, resolve } from 'node:path';
import { compileFunction } from 'node:vm';
import { buildSync } from 'esbuild';
import { TestCollection } from './collect-tests.ts';

/** The global object through which StrykerJS switches a mutant on and counts what is executed (its instrumenter, `syntax-helpers`). */
interface Namespace {
  activeMutant?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> } | undefined;
}

interface Options {
  readonly nodeTest: { readonly testFiles: readonly string[] };
}

interface MutantRun {
  readonly activeMutant: { readonly id: string };
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
}

interface TestFile {
  readonly path: string;
  readonly load: (require: (name: string) => unknown, module: object, exports: object) => void;
}

/**
 * Runs the tests of node:test for each mutant in one process. A test file is bundled once with the sources of its package, and evaluated
 * again for each mutant, so that what a module computes when it is loaded is computed with the mutant as well. Other packages are loaded
 * once. A process for each file and mutant, as the runner for TAP starts it, costs a second of loading each time.
 */
class InProcessRunner {
  static readonly inject = ['options'] as const;
  readonly #patterns: readonly string[];
  #files: readonly TestFile[] = [];
  #stray: unknown;

  constructor({ nodeTest }: Options) {
    this.#patterns = nodeTest.testFiles;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  init(): void {
    const paths = this.#patterns.flatMap((pattern) => globSync(pattern)).sort();
    this.#files = paths.map((path) => ({ path, load: bundle(path) }));
    // What a mutant leaves behind must not end the process.
    for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, (error) => (this.#stray ??= error));
  }

  async dryRun() {
    const perTest: Record<string, Record<string, number>> = {};
    const tests: object[] = [];
    for (const file of this.#files) {
      const coverage = { static: {}, perTest: {} };
      Object.assign(namespace(), { activeMutant: undefined, hitCount: undefined, mutantCoverage: coverage });
      const begun = performance.now();
      const failure = await this.#run(file);
      const timeSpentMs = performance.now() - begun;
      const test = { id: file.path, name: file.path, fileName: file.path, timeSpentMs };
      tests.push(failure === undefined ? { ...test, status: SUCCESS } : { ...test, status: FAILED, failureMessage: failure });
      perTest[file.path] = coverage.static;
    }
    return { status: 'complete', tests, mutantCoverage: { static: {}, perTest } };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }: MutantRun) {
    const files = this.#files.filter(({ path }) => testFilter?.includes(path) ?? true);
    for (const [index, file] of files.entries()) {
      Object.assign(namespace(), { activeMutant: activeMutant.id, hitCount: 0, hitLimit, mutantCoverage: undefined });
      const failureMessage = await this.#run(file);
      const { hitCount = 0 } = namespace();
      if (hitLimit !== undefined && hitCount > hitLimit) return { status: 'timeout', reason: `executed ${hitCount} times` };
      if (failureMessage !== undefined) return { status: 'killed', failureMessage, killedBy: [file.path], nrOfTests: index + 1 };
    }
    return { status: 'survived', nrOfTests: files.length };
  }

  /** Why the tests of a file fail; undefined if they do not. */
  async #run({ path, load }: TestFile): Promise<string | undefined> {
    const collection = new TestCollection();
    const require = createRequire(resolve(path));
    this.#stray = undefined;
    try {
      load((name) => (name === 'node:test' ? collection.nodeTest : require(name)), { exports: {} }, {});
      await collection.run();
      if (this.#stray !== undefined) throw this.#stray;
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }
}

const SUCCESS = 0;
const FAILED = 1;

const namespace = (): Namespace => {
  const holder = globalThis as { __stryker__?: Namespace };
  holder.__stryker__ ??= {};
  return holder.__stryker__;
};

function bundle(path: string): TestFile['load'] {
  const { outputFiles } = buildSync({
    // esbuild keeps the folder that it was loaded in, and StrykerJS goes to its copy of the sources later.
    absWorkingDir: process.cwd(),
    entryPoints: [path],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    packages: 'external',
    keepNames: true,
    logLevel: 'error',
  });
  const [{ text } = { text: '' }] = outputFiles;
  return compileFunction(text, ['require', 'module', 'exports'], { filename: basename(path) }) as TestFile['load'];
}

const messageOf = (error: unknown): string =>
  error instanceof Error
    ? [error.message, ...(error.cause === undefined ? [] : [messageOf(error.cause)])].join(': ')
    : String(error);

/** What StrykerJS loads from here. */
export const strykerPlugins = [{ kind: 'TestRunner', name: 'node-test', injectableClass: InProcessRunner }];
