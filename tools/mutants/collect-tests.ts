import { mock } from 'node:test';

type Work = (context: object) => unknown;

interface Case {
  readonly name: string;
  readonly work: Work;
}

interface Suite {
  readonly name: string;
  readonly before: Work[];
  readonly after: Work[];
  readonly beforeEach: Work[];
  readonly afterEach: Work[];
  readonly parts: (Case | Suite)[];
}

const newSuite = (name: string): Suite => ({ name, before: [], after: [], beforeEach: [], afterEach: [], parts: [] });

/** The tests of one file, collected by a stand-in of `node:test`, so that they can be run many times in one process. */
export class TestCollection {
  readonly #root = newSuite('');
  #current = this.#root;

  /** What a test file gets in place of `node:test`. It has only what the tests of the folders use. */
  readonly nodeTest = {
    mock,
    describe: (name: string, ...rest: unknown[]): void => {
      const suite = newSuite(name);
      const outer = this.#current;
      outer.parts.push(suite);
      this.#current = suite;
      lastOf(rest)({});
      this.#current = outer;
    },
    it: (name: string, ...rest: unknown[]) => void this.#current.parts.push({ name, work: lastOf(rest) }),
    before: (work: Work) => void this.#current.before.push(work),
    after: (work: Work) => void this.#current.after.push(work),
    beforeEach: (work: Work) => void this.#current.beforeEach.push(work),
    afterEach: (work: Work) => void this.#current.afterEach.push(work),
  };

  /** Runs the tests in their order, up to the first that fails. Throws its error, with the name of the test. */
  async run(): Promise<void> {
    await runSuite(this.#root, [], []);
  }
}

async function runSuite(suite: Suite, outerBefore: readonly Work[], outerAfter: readonly Work[]): Promise<void> {
  const [beforeEach, afterEach] = [
    [...outerBefore, ...suite.beforeEach],
    [...suite.afterEach, ...outerAfter],
  ];
  try {
    for (const work of suite.before) await work({});
    for (const part of suite.parts)
      if ('work' in part) await runCase(part, beforeEach, afterEach);
      else await runSuite(part, beforeEach, afterEach);
  } finally {
    for (const work of suite.after) await work({});
  }
}

async function runCase({ name, work }: Case, beforeEach: readonly Work[], afterEach: readonly Work[]): Promise<void> {
  try {
    for (const one of beforeEach) await one({});
    await work({});
  } catch (error) {
    throw new Error(name, { cause: error });
  } finally {
    for (const one of afterEach) await one({});
  }
}

function lastOf(rest: readonly unknown[]): Work {
  const last = rest.at(-1);
  if (typeof last !== 'function') throw new TypeError('a test without a function is not supported here');
  return last as Work;
}
