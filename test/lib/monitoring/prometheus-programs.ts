import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paths } from '@sentinel/cluster';
import { run, tryRun } from '../../../tools/run.ts';
import { eventually } from '../cluster.ts';

/** A program of this machine, or that of Debian's package, which is unpacked: installing it would start Prometheus. */
export async function prometheusProgram(name: 'prometheus' | 'promtool'): Promise<string> {
  const { stdout } = await tryRun('/bin/sh', ['-c', `command -v ${name}`]);
  if (stdout.trim() !== '') return stdout.trim();
  const unpacked = join(paths.cache, 'prometheus');
  if (!existsSync(unpacked)) await unpackPrometheus(unpacked);
  return join(unpacked, 'usr', 'bin', name);
}

async function unpackPrometheus(target: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  // Another test may hold the lock of apt at the moment.
  await eventually('the package of Prometheus', async () => {
    const download = () => tryRun('apt-get', ['download', '-qq', 'prometheus'], { cwd: folder });
    if ((await download()).code === 0) return true;
    await run('apt-get', ['update', '-qq']);
    return (await download()).code === 0;
  });
  const made = `${target}.new.${process.pid}`;
  mkdirSync(made, { recursive: true });
  await run('/bin/sh', ['-c', 'dpkg-deb -x "$1"/prometheus_*.deb "$2"', 'unpack', folder, made]);
  renameSync(made, target);
  rmSync(folder, { recursive: true });
}
