import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from '../../../tools/run.ts';

const root = new URL('../../../', import.meta.url).pathname;

/** What is upgraded from: the last release. Until there is one, the commit after which the chart got its present values. */
const COMMIT = '27b02c1769';

/** The release before this one: its chart, and its image as the embedded cluster has it. */
export interface Previous {
  readonly chart: string;
  readonly image: string;
}

/** Builds the programs of the previous release from its sources, and loads their image into the embedded cluster. */
export async function loadPreviousRelease(): Promise<Previous> {
  const folder = join(root, 'dist', 'previous', COMMIT);
  if (!existsSync(join(folder, 'node_modules'))) await extract(folder);
  // In a process of its own: the libraries of its sources have the names of ours.
  const script = "import('./tools/install.ts').then(async (m) => console.log(JSON.stringify(await m.makeImages())))";
  const printed = await run(process.execPath, ['-e', script], { cwd: folder });
  const { sentinel } = JSON.parse(printed.trim().split('\n').at(-1) ?? '') as { sentinel: { reference: string } };
  return { chart: join(folder, 'charts', 'sentinel'), image: sentinel.reference };
}

async function extract(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, 'sources.tar');
  // A clone without history has to get it.
  const isHere = await tryRun('git', ['cat-file', '-e', `${COMMIT}^{commit}`], { cwd: root });
  if (isHere.code !== 0) await run('git', ['fetch', '--unshallow', 'origin'], { cwd: root });
  await run('git', ['archive', '--format=tar', `--output=${archive}`, COMMIT], { cwd: root });
  await run('tar', ['-xf', archive, '-C', folder]);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@sentinel'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@sentinel') symlinkSync(join(root, 'node_modules', name), join(modules, name));
  // Its own libraries, not ours.
  for (const name of readdirSync(join(root, 'node_modules', '@sentinel')))
    symlinkSync(join('..', '..', name), join(modules, '@sentinel', name));
}
