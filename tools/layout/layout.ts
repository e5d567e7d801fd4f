/**
 * The layout of the repository, which `make check` holds: who may import whom, how large a folder may be, and how long a file.
 * The rules and their reasons: docs/decisions/0035-rooms.md.
 */
export interface Layout {
  /** Most sources that a folder may hold, tests and fixtures apart. */
  readonly folderLimit: number;
  /** Each package, with those that it may import, by what they export. No package may import a program. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
  /** Folders that belong to the repository as a whole: they may import every package, and each other by path. */
  readonly workshop: readonly string[];
  /** Most lines that a file may have, tests included. */
  readonly lineLimit: number;
  /** Files that may be longer, because they are a table of data or are generated from one. */
  readonly longTables: readonly string[];
}

export const layout: Layout = {
  folderLimit: 15,
  packages: {
    crds: [],
    kube: [],
    findings: ['kube'],
    inspect: ['crds', 'kube', 'findings'],
    policy: ['crds'],
    operator: ['crds', 'policy', 'kube', 'findings'],
    webhook: ['crds', 'policy', 'kube'],
    gateway: ['crds', 'policy', 'kube'],
    evidence: ['crds', 'policy', 'kube'],
    cli: ['crds', 'policy', 'kube', 'findings'],
    cluster: ['kube'],
  },
  workshop: ['bench', 'test', 'tools'],
  lineLimit: 300,
  longTables: [
    'operator/src/generated/guards.ts',
    'policy/src/commands/programs/dangerous.ts',
    'policy/src/commands/programs/wrappers.ts',
  ],
};
