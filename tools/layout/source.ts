/** A TypeScript file of the repository. Paths are relative to its root. */
export interface Source {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

/** What a file imports or exports from elsewhere: values, types, and modules that are loaded later. */
export interface Import {
  /** As it is written. */
  readonly specifier: string;
  /** The file that a relative specifier names; undefined for a package. */
  readonly target: string | undefined;
}

/** Whether a file is a test, or what tests work with (a fixture, a `testing.ts`): neither counts as a source of its folder. */
export const isTest = (path: string): boolean => /(\.(test|fixture)|\/testing)\.ts$/.test(path);

/** The first folder of a path: the package that a file is part of. */
export const packageOf = (path: string): string => path.split('/', 1)[0] ?? '';
