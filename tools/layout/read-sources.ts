import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { API } from 'typescript/unstable/sync';
import type { Import, Source } from './source.ts';

/** Reads the files of the TypeScript project in a folder, with all that they import. Throws if the folder has no `tsconfig.json`. */
export function readSources(root: string): Source[] {
  const api = new API({ cwd: root });
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] }).getProjects();
    if (!project) throw new Error(`there is no TypeScript project in '${root}': a tsconfig.json is required`);
    return project.rootFiles.map((file) => {
      const specifiers = (project.program.getSourceFile(file)?.imports ?? []).map(
        (node) => (node as { text?: string }).text ?? '',
      );
      const imports = [...new Set(specifiers)].map(
        (specifier): Import => ({ specifier, target: targetOf(root, file, specifier) }),
      );
      return { path: relative(root, file), lines: countLines(file), imports };
    });
  } finally {
    api.close();
  }
}

const targetOf = (root: string, file: string, specifier: string): string | undefined =>
  specifier.startsWith('.') ? relative(root, join(dirname(file), specifier)) : undefined;

const countLines = (file: string): number => readFileSync(file, 'utf8').split('\n').length - 1;
