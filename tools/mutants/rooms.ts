/** A folder whose code is changed, and the tests that are run for it. */
interface Room {
  readonly folder: string;
  readonly tests: string;
}

const policyTests = 'policy/src/{approval,verdict}/*.test.ts';
/** The interleavings of two replicas take many seconds for each mutant: what they alone notice counts as not noticed. */
const enforceTests = 'gateway/src/{enforce,ledger}/!(interleavings).test.ts';

/** The folders of `make mutants`: those that decide on approvals, and those that hold a run to its plan. */
export const rooms: readonly Room[] = [
  { folder: 'policy/src/approval', tests: policyTests },
  { folder: 'policy/src/verdict', tests: policyTests },
  { folder: 'gateway/src/ledger', tests: 'gateway/src/ledger/*.test.ts' },
  { folder: 'gateway/src/enforce', tests: enforceTests },
];

/** What is changed, which tests run for it, and the packages that both need. */
export interface Selection {
  readonly mutate: string[];
  readonly testFiles: string[];
  readonly packages: string[];
}

/** Selects all folders, one of them, or one of their files. Throws if there is no such folder. */
export function selectRoom(wanted: string): Selection {
  const chosen = rooms.filter(({ folder }) => wanted === '' || wanted === folder || wanted.startsWith(`${folder}/`));
  if (chosen.length === 0) {
    const folders = rooms.map(({ folder }) => `'${folder}'`).join(', ');
    throw new Error(`no mutants are made in '${wanted}'; set ROOM to one of ${folders}, or to a file in one of them`);
  }
  const sources = chosen.map(({ folder }) => `${folder}/!(*.test|*.fixture).ts`);
  const packages = chosen.map(({ folder }) => folder.split('/', 1)[0] ?? '');
  return {
    mutate: wanted.endsWith('.ts') ? [wanted] : sources,
    testFiles: [...new Set(chosen.map(({ tests }) => tests))],
    packages: [...new Set(['crds', ...packages])],
  };
}
