import type { Source } from './source.ts';

/**
 * The import circles among files: each list holds files that reach each other. Types count as well: files that need each other's types
 * cannot be read, moved or replaced apart. Nothing depends on the order of the sources.
 */
export function findCircles(sources: readonly Source[]): string[][] {
  const targets = new Map(sources.map(({ path, imports }) => [path, imports.flatMap(({ target }) => target ?? [])]));
  return stronglyConnected(targets)
    .filter(([first = '', ...others]) => others.length > 0 || targets.get(first)?.includes(first))
    .map((circle) => circle.sort())
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
}

// Tarjan, "Depth-first search and linear graph algorithms" (1972).
function stronglyConnected(targets: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const own = index.size;
    index.set(file, own);
    low.set(file, own);
    open.push(file);
    for (const target of targets.get(file) ?? []) {
      if (!index.has(target)) low.set(file, Math.min(low.get(file) ?? own, visit(target)));
      else if (open.includes(target)) low.set(file, Math.min(low.get(file) ?? own, index.get(target) ?? own));
    }
    if (low.get(file) === own) found.push(open.splice(open.indexOf(file)));
    return low.get(file) ?? own;
  };
  for (const file of targets.keys()) if (!index.has(file)) visit(file);
  return found;
}
