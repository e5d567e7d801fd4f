import type { Suite } from '../../test/suites.ts';
import type { Selection } from './run-file.ts';

/** When a test file runs: before Sentinel is installed, beside others, alone, or after everything else. */
export type Phase = 'cluster' | 'together' | 'alone' | 'last';

/** The phase of a test file, by its folder. */
export function phaseOf(file: string): Phase {
  if (file.startsWith('test/e2e/')) return 'together';
  if (file.startsWith('test/serial/')) return 'alone';
  if (file.startsWith('test/chart/')) return 'last';
  return 'cluster';
}

/** What is to run in each phase, in order. */
export type Plan = Readonly<Record<Phase, readonly Selection[]>>;

/** Sorts selections into phases. A file that is selected whole is not run by its cases as well. */
export function planPhases(selections: readonly Selection[]): Plan {
  const whole = new Set(selections.filter(({ cases }) => cases === undefined).map(({ file }) => file));
  const plan: Record<Phase, Selection[]> = { cluster: [], together: [], alone: [], last: [] };
  const seen = new Set<string>();
  for (const selection of selections) {
    const { file, cases } = selection;
    if (cases === undefined ? seen.has(file) : whole.has(file)) continue;
    if (cases === undefined) seen.add(file);
    plan[phaseOf(file)].push(selection);
  }
  return plan;
}

/** What `make test` runs. */
export const selectProof = (always: readonly string[], suites: readonly Suite[]): Selection[] => [
  ...always.map((file) => ({ file })),
  ...suites.flatMap(({ proof }) => proof),
];

/** What `make test SUITE=name` runs. Throws when the suite has no tests. */
export function selectSuite(name: string, suites: readonly Suite[], planned: readonly string[]): Selection[] {
  const suite = suites.find((one) => one.name === name);
  if (suite) return suite.files.map((file) => ({ file }));
  const exist = `suites that exist: ${suites.map((one) => one.name).join(', ')}`;
  throw new Error(
    planned.includes(name) ? `suite '${name}' has no tests yet; ${exist}` : `there is no suite '${name}'; ${exist}`,
  );
}

/** The suites that `.ci/run` runs whole: those which a changed file belongs to; all when it is not known what changed. */
export function selectChanged(changed: readonly string[] | undefined, suites: readonly Suite[]): Suite[] {
  if (changed === undefined) return [...suites];
  return suites.filter(({ files, folders }) =>
    changed.some((path) => files.includes(path) || folders.some((folder) => path.startsWith(folder))),
  );
}
