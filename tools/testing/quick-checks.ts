import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runProcess } from './run-file.ts';
import { deal } from './schedule.ts';
import type { Session } from './session.ts';
import { resultOf, secondsByFile } from './tally.ts';

const rooms = '{crds,policy,kube,findings,inspect,operator,webhook,gateway,evidence,cli,tools,cluster/src}/**/*.test.ts';

/** To load a file of tests takes about this long beside its tests. */
const SECONDS_TO_LOAD = 0.06;

/** The unit tests: those that need no cluster. */
export const unitTests = (root: string): string[] =>
  globSync(rooms, { cwd: root, exclude: (name) => name === 'node_modules' })
    .filter((file) => !file.includes('integration'))
    .sort();

/** Lint, types, generated files and unit tests, side by side: the unit tests in a few processes, as starting one for each file costs more than its tests. */
export async function quickChecks(session: Session): Promise<void> {
  await Promise.all([staticChecks(session), unitTestsInLanes(session)]);
}

async function staticChecks(session: Session): Promise<void> {
  const bin = (name: string) => join(session.root, 'node_modules', '.bin', name);
  await session.check('lint', bin('biome'), ['check', '.']);
  // With what it found the last time, it looks only at what has changed since.
  await session.check('types', bin('tsc'), ['-p', '.', '--incremental', '--tsBuildInfoFile', 'dist/check.tsbuildinfo']);
  await session.check('layout', process.execPath, ['tools/layout/check.ts']);
  await session.check('language', process.execPath, ['tools/language/check.ts']);
  await session.check('generated files are current', process.execPath, ['tools/generate.ts', '--check']);
}

async function unitTestsInLanes(session: Session): Promise<void> {
  const { root, remembered } = session;
  const files = unitTests(root);
  // Some wait for timers or for a shell, so that two lanes more than there are cores keep all of them busy.
  const lanes = deal(files, availableParallelism() + 2, (file) => SECONDS_TO_LOAD + (remembered.seconds(file) ?? 0.3)).filter(
    ({ length }) => length > 0,
  );
  session.say(`unit tests: ${files.length} files in ${lanes.length} processes`);
  await Promise.all(
    lanes.map(async (lane) => {
      const begun = performance.now();
      const { events, ended, printed } = await runProcess(lane, { root, limit: 1200 }, ['--test-timeout=300000']);
      const seconds = (performance.now() - begun) / 1000;
      for (const [file, took] of secondsByFile(events)) remembered.note(file.slice(root.length + 1), took);
      const result = resultOf(`unit tests (${lane.length} files)`, events, seconds, ended);
      if (ended !== undefined) process.stdout.write(`${printed}\n`);
      session.add(result);
      session.say(`${result.failed === 0 ? '✔' : '✖ FAILED:'} ${result.file}: ${result.passed} passed, ${result.failed} failed`);
    }),
  );
}
