import { resourceNames } from './kubectl-resources.ts';

// As `kubectl --help` (1.36) and `helm --help` (4.3) list them, with those of Helm 3. The names of a subcommand, under its parents.
const helm: readonly (readonly [parent: string, ...names: string[]])[] = [
  ['', 'uninstall', 'delete', 'del', 'un'],
  ['', 'list', 'ls'],
  ['', 'history', 'hist'],
  ['', 'pull', 'fetch'],
  ['', 'show', 'inspect'],
  ['', 'dependency', 'dep', 'dependencies'],
  ['dependency', 'list', 'ls'],
  ['dependency', 'update', 'up'],
  ['plugin', 'install', 'add'],
  ['plugin', 'list', 'ls'],
  ['plugin', 'uninstall', 'remove', 'rm'],
  ['plugin', 'update', 'up'],
  ['repo', 'list', 'ls'],
  ['repo', 'remove', 'rm'],
  ['repo', 'update', 'up'],
];
const kubectl: typeof helm = [['config', 'use-context', 'use']];

const tables: Readonly<Record<string, typeof helm>> = { helm, h: helm, kubectl, oc: kubectl, k: kubectl, kubecolor: kubectl };

/** Whether a name is kubectl's, or that of a program that takes the same words. */
export const isKubectl = (program: string): boolean => tables[program] === kubectl;

/**
 * The tokens of a rule that denies or requires approval, with all aliases of the program: `uninstall` is also `del`, `pods` are also `po`.
 * Rules that allow are compared as written.
 */
export function withAliases(programs: readonly string[], tokens: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const table = programs.map((program) => tables[program]).find((one) => one !== undefined);
  if (!table) return tokens;
  const known: (readonly string[])[] = [];
  for (const [index, alternatives] of tokens.entries()) {
    if (index === 0) known.push(alternatives);
    else
      known.push(
        ...(table === kubectl ? withResources(alternatives, index) : [alternatives]).map((one) => named(table, known, one)),
      );
  }
  return known;
}

function named(table: typeof helm, before: readonly (readonly string[])[], alternatives: readonly string[]): readonly string[] {
  const parents = before.length === 1 ? [''] : (before.at(-1) ?? []);
  const more = table.flatMap(([parent, ...names]) =>
    parents.includes(parent) && names.some((name) => alternatives.includes(name)) ? names : [],
  );
  return more.length === 0 ? alternatives : [...new Set([...alternatives, ...more])];
}

// Words behind the subcommand may be kinds of objects; `deployment/web` is two words to anyone who reads it.
function withResources(alternatives: readonly string[], index: number): readonly (readonly string[])[] {
  if (index === 1) return [alternatives];
  const [type, name, ...more] = alternatives.length === 1 ? (alternatives[0] ?? '').split('/') : [];
  if (type && name && more.length === 0) return [resourceNames([type]), [name]];
  return [resourceNames(alternatives)];
}
