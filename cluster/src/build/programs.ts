import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { locked } from '../machine/lock.ts';
import { paths } from '../machine/paths.ts';
import { run, say } from '../machine/run.ts';
import { installDebianPackages } from './debian.ts';
import { goEnvironment } from './go.ts';

const programs = join(import.meta.dirname, '../../programs');
const version = 'k8s.io/component-base/version';
const release = `-X ${version}.gitVersion=v1.36.3 -X ${version}.gitMajor=1 -X ${version}.gitMinor=36`;

interface Recipe {
  readonly label: string;
  /** Names that the one binary of the folder answers to. */
  readonly links?: readonly string[];
  readonly ldflags?: string;
  readonly tags?: string;
  readonly cgo?: boolean;
}

const recipes: Readonly<Record<string, Recipe>> = {
  kube: {
    label: 'kubernetes (about 7 min the first time)',
    links: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'],
    ldflags: release,
  },
  kubectl: { label: 'kubectl', ldflags: release },
  containerd: { label: 'containerd (about 1 min the first time)' },
  helm: { label: 'helm (about 2 min the first time)' },
  collector: { label: 'the OpenTelemetry collector (about 2 min the first time)' },
  runc: { label: 'runc', tags: 'seccomp', cgo: true },
  kwok: { label: 'kwok (about 3 min the first time)' },
  'netpol-conformance': { label: "Kubernetes' NetworkPolicy tests (about 6 min the first time)", ldflags: release },
  agnhost: { label: 'agnhost (about 2 min the first time)' },
};

/** Where a built program was put, by the name of its folder below `cluster/programs`. */
export type Programs = Readonly<Record<string, string>>;

/**
 * Builds what is not built yet of `cluster/programs` (or of those of them named in `only`), and links every program by its
 * name into `paths.bin`. The same sources are built once per machine: later calls take milliseconds. `sources` names another
 * folder of such folders.
 */
export async function buildPrograms({
  only,
  sources = programs,
}: {
  readonly only?: readonly string[];
  readonly sources?: string;
} = {}): Promise<Programs> {
  const folders: Record<string, string> = {};
  const missing: [source: string, folder: string][] = [];
  for (const name of only ?? (await programNames(sources))) {
    const source = join(sources, name);
    if (!existsSync(join(source, 'go.mod'))) throw new Error(`no such program: ${name}`);
    const folder = join(paths.programs, `${name}-${await sourcesHash(source)}`);
    folders[name] = folder;
    if (!existsSync(folder)) missing.push([source, folder]);
  }
  await installDebianPackages();
  if (missing.length > 0) {
    await locked('build', async () => {
      const env = await goEnvironment();
      await removeUnfinishedBuilds();
      for (const [source, folder] of missing) if (!existsSync(folder)) await build(source, folder, env);
    });
  }
  await linkPrograms(Object.values(folders));
  return folders;
}

async function build(source: string, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const name = basename(source);
  const recipe = recipes[name] ?? { label: name };
  say(`building ${recipe.label}`);
  await mkdir(paths.programs, { recursive: true });
  const temporary = await mkdtemp(join(paths.programs, '.building-'));
  try {
    for (const pkg of await packagesOf(source)) {
      const output = join(temporary, pkg === '.' ? name : basename(pkg));
      const args = ['-C', source, 'build', '-trimpath', '-ldflags', `-s -w ${recipe.ldflags ?? ''}`.trim(), '-o', output];
      if (recipe.tags) args.push('-tags', recipe.tags);
      await run('go', [...args, pkg], { ...env, CGO_ENABLED: recipe.cgo ? '1' : '0' });
    }
    for (const link of recipe.links ?? []) await symlink(name, join(temporary, link));
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** A folder with Go files is one program; else the `tool` directives of its go.mod name the programs. */
async function packagesOf(source: string): Promise<string[]> {
  if (existsSync(join(source, 'main.go'))) return ['.'];
  const goMod = await readFile(join(source, 'go.mod'), 'utf8');
  const block = /^tool \(\n([^)]*)\)/m.exec(goMod)?.[1];
  const tools = block ? block.split('\n') : [/^tool (\S+)$/m.exec(goMod)?.[1] ?? ''];
  const names = tools.map((line) => line.trim()).filter((line) => line !== '');
  if (names.length === 0) throw new Error(`${source}: neither main.go nor a tool directive in go.mod`);
  return names;
}

async function programNames(sources: string): Promise<string[]> {
  const entries = await readdir(sources, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(sources, entry.name, 'go.mod')))
    .map(({ name }) => name)
    .sort();
}

/** What a build left that was killed. Only one process builds at a time. */
async function removeUnfinishedBuilds(): Promise<void> {
  const names = await readdir(paths.programs).catch(() => []);
  const unfinished = names.filter((name) => name.startsWith('.building-'));
  await Promise.all(unfinished.map((name) => rm(join(paths.programs, name), { recursive: true, force: true })));
}

async function sourcesHash(source: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(source)).sort()) {
    if (!/\.go$|^go\.(mod|sum)$/.test(file) || file.endsWith('_test.go')) continue;
    hash.update(`${file}\0`).update(await readFile(join(source, file)));
  }
  hash.update(JSON.stringify(recipes[basename(source)] ?? {}));
  return hash.digest('hex').slice(0, 24);
}

async function linkPrograms(folders: readonly string[]): Promise<void> {
  await mkdir(paths.bin, { recursive: true });
  for (const folder of folders) {
    for (const name of await readdir(folder)) {
      const target = join(folder, name);
      if ((await readlink(join(paths.bin, name)).catch(() => '')) === target) continue;
      const temporary = join(paths.bin, `.${name}-${randomUUID()}`);
      await symlink(target, temporary);
      await rename(temporary, join(paths.bin, name));
    }
  }
}
