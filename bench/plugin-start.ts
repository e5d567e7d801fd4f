import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundlePlugin } from '../tools/bundle.ts';

/*
 * The CPU time that `kubectl sentinel` takes before it does anything: user and system, of the whole process, beside that of Node alone.
 * Fails when `version --client` takes more than the limit, as people and agents start the plugin often.
 */
const LIMIT_MS = 150;
const RUNS = 15;

const folder = mkdtempSync(join(tmpdir(), 'sentinel-start-'));
const hook = join(folder, 'cpu.cjs');
writeFileSync(
  hook,
  "process.on('exit', () => { const { user, system } = process.cpuUsage(); require('node:fs').writeSync(2, `CPU ${user + system}\\n`); });",
);

/** The median CPU time of a process of Node, in milliseconds. */
function medianOf(args: readonly string[]): number {
  const times = Array.from({ length: RUNS }, () => {
    const { stderr } = spawnSync(process.execPath, ['--require', hook, ...args], { encoding: 'utf8' });
    return Number(/^CPU (\d+)$/m.exec(stderr)?.[1]) / 1000;
  }).sort((a, b) => a - b);
  return times[Math.floor(RUNS / 2)] ?? Number.NaN;
}

try {
  const plugin = await bundlePlugin();
  const rows = [
    ['node alone', medianOf(['-e', '0'])],
    ['version --client', medianOf([plugin, 'version', '--client'])],
    ['--help', medianOf([plugin, '--help'])],
    ['plan --help', medianOf([plugin, 'plan', '--help'])],
    ['policy --help', medianOf([plugin, 'policy', '--help'])],
  ] as const;
  for (const [what, time] of rows) process.stdout.write(`${what.padEnd(18)} ${time.toFixed(0).padStart(4)} ms CPU\n`);
  const [, [, version]] = rows;
  if (!(version <= LIMIT_MS))
    throw new Error(`'version --client' takes ${version.toFixed(0)} ms of CPU; at most ${LIMIT_MS} are allowed`);
} finally {
  rmSync(folder, { recursive: true });
}
