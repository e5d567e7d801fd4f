import { always, suiteNames, suites } from '../test/suites.ts';
import { changedFiles } from './testing/changed.ts';
import { runOnFreshCluster, runWhereverPossible } from './testing/cluster-tests.ts';
import { readTask, type Task } from './testing/options.ts';
import { planPhases, selectChanged, selectProof, selectSuite } from './testing/plan.ts';
import { quickChecks, unitTests } from './testing/quick-checks.ts';
import { runFile } from './testing/run-file.ts';
import { Session } from './testing/session.ts';

/**
 * Runs tests and ends with a line `N passed, N failed`. Without an option: what proves a clone. `--fast` needs no cluster,
 * `--suite=NAME` runs a suite whole, `--file=FILE` one file, `--ci` all that CI runs, within its time.
 */
const CI_STOPS_AFTER_SECONDS = 80 * 60;

async function run(task: Task, session: Session): Promise<void> {
  const { root } = session;
  switch (task.kind) {
    case 'check':
      return quickChecks(session);
    case 'test':
      await quickChecks(session);
      return runOnFreshCluster(session, planPhases(selectProof(always, suites)));
    case 'ci': {
      const whole = selectChanged(await changedFiles(root), suites);
      session.say(`suites that run whole: ${whole.map(({ name }) => name).join(', ') || 'none'}`);
      await quickChecks(session);
      const selections = [...selectProof(always, suites), ...whole.flatMap(({ files }) => files.map((file) => ({ file })))];
      return runOnFreshCluster(session, planPhases(selections));
    }
    case 'suite':
      return runOnFreshCluster(session, planPhases(selectSuite(task.suite, suites, suiteNames)));
    case 'file':
      if (unitTests(root).includes(task.file))
        session.add(await runFile({ file: task.file }, { root, verbose: true, limit: 600 }));
      else await runWhereverPossible(session, planPhases([{ file: task.file }]));
  }
}

let session: Session | undefined;
try {
  const task = readTask(process.argv.slice(2));
  if (task.kind === 'suite') selectSuite(task.suite, suites, suiteNames);
  // What was installed before this program counts as well, where the caller says when it began.
  const begun = Number(process.env.SENTINEL_TEST_BEGAN ?? Number.NaN) * 1000 || Date.now();
  session = new Session(begun, task.kind === 'ci' ? CI_STOPS_AFTER_SECONDS : undefined);
  await run(task, session);
} catch (error) {
  if (session) session.fail('the run', error);
  else {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.stdout.write('0 passed, 1 failed\n');
  }
}
process.exitCode = session?.finish() === true ? 0 : 1;
