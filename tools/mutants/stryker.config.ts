import { join } from 'node:path';
import { selectRoom } from './rooms.ts';

const { mutate, testFiles, packages } = selectRoom(process.env.ROOM ?? '');

/** The configuration of StrykerJS, for the folder or file that ROOM names. */
export default {
  mutate,
  plugins: [join(import.meta.dirname, 'in-process-runner.ts')],
  testRunner: 'node-test',
  nodeTest: { testFiles },
  ignorePatterns: ['**', ...packages.map((name) => `!/${name}/**`), '!/package.json'],
  tsconfigFile: 'none',
  concurrency: 1,
  timeoutMS: 30_000,
  dryRunTimeoutMinutes: 30,
  tempDirName: 'dist/mutants/tmp',
  reporters: ['progress-append-only', 'clear-text', 'html', 'json'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: 'dist/mutants/report.html' },
  jsonReporter: { fileName: 'dist/mutants/report.json' },
};
