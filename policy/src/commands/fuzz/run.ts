// biome-ignore-all lint/style/noRestrictedImports: this is a test that runs real shells; nothing of the product imports it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sample } from './grammar.ts';
import { stubs } from './word.ts';

const real = ['env', 'xargs', 'timeout', 'nice', 'nohup', 'setsid', 'stdbuf', 'find', 'flock', 'sh', 'bash'];

// The log lies beside the stub, since a script may clear the environment. -p: no start-up file of a script's choosing.
// A file for each call: stubs of a pipeline run at the same time.
const stub = `#!/bin/bash -p
printf '%s\\0' "\${0##*/}" "$@" > "\${0%/*}/../log/$$"
`;

/** A folder in which scripts run, with stubs as the only programs beside wrappers. */
export interface Room {
  readonly path: string;
}

/** Prepares a room. */
export async function openRoom(): Promise<Room> {
  const path = await mkdtemp(join(tmpdir(), 'commands-fuzz-'));
  await chmod(path, 0o777);
  await mkdir(join(path, 'bin'));
  for (const name of stubs) await writeFile(join(path, 'bin', name), stub, { mode: 0o755 });
  for (const name of real) {
    const target = ['/usr/bin', '/bin'].map((folder) => join(folder, name)).find((one) => existsSync(one));
    if (target) await symlink(target, join(path, 'bin', name));
  }
  return { path };
}

/** Removes a room. */
export const closeRoom = (room: Room): Promise<void> => rm(room.path, { recursive: true, force: true });

/** Runs a sample under the real shell, and gives every command that it executed. */
export async function execute(sample: Sample, room: Room): Promise<string[][]> {
  const home = join(room.path, 'work');
  const log = join(room.path, 'log');
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { mode: 0o777 });
  await chmod(home, 0o777);
  await rm(log, { recursive: true, force: true });
  await mkdir(log, { mode: 0o777 });
  await chmod(log, 0o777);
  await runShell(sample, room, home);
  const calls = await Promise.all((await readdir(log)).map((name) => readFile(join(log, name), 'utf8')));
  // One that was cut off half-way says nothing.
  return calls.filter((call) => call.endsWith('\u0000')).map((call) => call.split('\u0000').slice(0, -1));
}

function runShell(sample: Sample, room: Room, cwd: string): Promise<void> {
  const limits = 'ulimit -t 3 -f 1024 -n 64 -v 2000000; exec "$0" -c "$1"';
  const shell = join(room.path, 'bin', sample.shell);
  // Nobody's rights, if there are others to give up: a script that was made up must not reach anything.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn('/bin/bash', ['-c', limits, shell, sample.script], {
    cwd,
    env: { PATH: join(room.path, 'bin'), HOME: cwd, FUNCNEST: '20', TMPDIR: cwd },
    stdio: 'ignore',
    detached: true,
    ...nobody,
  });
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      // What it left behind in its group would write into the next sample's log.
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It left nothing.
      }
      resolve();
    };
    const timer = setTimeout(end, 4_000);
    child.once('error', end);
    child.once('exit', end);
  });
}
