import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { inNetwork } from './network.ts';
import { paths } from './paths.ts';

/** How a program is started beside those of the cluster. */
export interface Spawned {
  /** Its name in {@link paths.bin}. */
  readonly program: string;
  readonly args: readonly string[];
  /** The file in {@link paths.logs} that it writes to; `new` empties it first. */
  readonly log: string;
  readonly mode: 'new' | 'continued';
  /** Until when it runs: as long as the cluster, or no longer than the process that started it, however that one ends. */
  readonly lifetime: 'cluster' | 'caller';
  readonly env?: Readonly<Record<string, string>>;
}

/** The command line that starts a program in the network of the cluster. */
export function commandOf({ program, args, lifetime }: Pick<Spawned, 'program' | 'args' | 'lifetime'>): string[] {
  const command = ['nsenter', ...inNetwork, join(paths.bin, program), ...args];
  // By the kernel, which also does it when the caller is killed.
  return lifetime === 'caller' ? ['setpriv', '--pdeathsig', 'KILL', ...command] : command;
}

/** Starts a program in the network of the cluster. The answer is its process id. */
export function spawnProgram(spawned: Spawned): number {
  const { program, log, mode, env } = spawned;
  const [first = '', ...rest] = commandOf(spawned);
  const output = openSync(join(paths.logs, log), mode === 'new' ? 'w' : 'a');
  const child = spawn(first, rest, {
    cwd: paths.state,
    detached: true,
    stdio: ['ignore', output, output],
    // A proxy of the caller must not come between the parts of the cluster.
    env: { PATH: `${paths.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: '/root', ...env },
  });
  closeSync(output);
  child.on('error', () => undefined);
  child.unref();
  if (child.pid === undefined) throw new Error(`${program} did not start`);
  // setpriv and nsenter become the program: its id is the program's.
  return child.pid;
}
