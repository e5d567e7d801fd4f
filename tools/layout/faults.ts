import { basename, dirname } from 'node:path';
import { findCircles } from './circles.ts';
import type { Layout } from './layout.ts';
import { type Import, isTest, packageOf, type Source } from './source.ts';

/** What is wrong with the layout of the repository, each with what to do. Empty when nothing is. */
export function layoutFaults(sources: readonly Source[], layout: Layout): string[] {
  return [
    ...findCircles(sources).map(circleFault),
    ...sources.flatMap((source) => source.imports.flatMap((imported) => importFault(source, imported, layout) ?? [])),
    ...largeFolders(sources, layout.folderLimit),
    ...longFiles(sources, layout),
  ];
}

const circleFault = (circle: readonly string[]): string =>
  `import circle: ${circle.join(', ')}. Move what they share into a file that imports neither.`;

function importFault({ path }: Source, { specifier, target }: Import, layout: Layout): string | undefined {
  const fault = (why: string) => `${path} imports '${specifier}': ${why}`;
  const own = packageOf(path);
  const ofWorkshop = layout.workshop.includes(own);
  if (target === undefined) {
    const [, name] = /^@sentinel\/([^/]+)/.exec(specifier) ?? [];
    if (name === undefined || ofWorkshop || layout.packages[own]?.includes(name)) return undefined;
    if (name === own) return isTest(path) || !path.includes('/src/') ? undefined : fault('inside of a package, import by path.');
    return fault(`'${own}' may import only ${listed(layout.packages[own] ?? [])}. Move what both need into one of these.`);
  }
  const other = packageOf(target);
  if (other !== own) {
    if (ofWorkshop && layout.workshop.includes(other)) return undefined;
    return fault(`a path must not lead into another package. Import what '@sentinel/${other}' exports.`);
  }
  const inner = isTest(path) ? undefined : innerFolder(path, target);
  return inner && fault(`'${inner}' is inside of another room. Import what that room, or an index.ts of the folder, exports.`);
}

/**
 * The folder that an import reaches inside of a room that does not hold the importing file; undefined when it reaches none. A file may
 * import from its own folder, from those above it, and from the rooms in these; of what lies inside of such a room, only an `index.ts`.
 */
function innerFolder(path: string, target: string): string | undefined {
  const here = dirname(path).split('/');
  const there = dirname(target).split('/');
  const shared = there.findIndex((part, at) => part !== here[at]);
  const isInner = shared >= 0 && there.length - shared >= 2 && basename(target) !== 'index.ts';
  return isInner ? there.join('/') : undefined;
}

function largeFolders(sources: readonly Source[], limit: number): string[] {
  const counts = new Map<string, number>();
  for (const { path } of sources) if (!isTest(path)) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return [...counts].flatMap(([folder, count]) =>
    count <= limit
      ? []
      : [`${folder} holds ${count} sources, more than ${limit}. Move those of one topic into a folder of their own.`],
  );
}

function longFiles(sources: readonly Source[], { lineLimit, longTables }: Layout): string[] {
  const long = sources.filter(({ lines }) => lines > lineLimit);
  const unneeded = longTables.filter((table) => !long.some(({ path }) => path === table));
  return [
    ...long
      .filter(({ path }) => !longTables.includes(path))
      .map(
        ({ path, lines }) =>
          `${path} has ${lines} lines, more than ${lineLimit}. Move what is of one topic into a file of its own.`,
      ),
    ...unneeded.map(
      (path) =>
        `'${path}' is listed as a long table, but has no more than ${lineLimit} lines or does not exist. Remove it from the list.`,
    ),
  ];
}

const listed = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ') || 'no package';
