import { existsSync } from 'node:fs';
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { restoreKernelSettings } from './machine/kernel-settings.ts';
import { locked } from './machine/lock.ts';
import { removeNewFolders } from './machine/machine-folders.ts';
import { processesInNetwork, processesWhere, removeNetwork } from './machine/network.ts';
import { paths } from './machine/paths.ts';
import { run, until } from './machine/run.ts';
import { isOurs, recordedPids } from './status.ts';

const cgroupRoot = '/sys/fs/cgroup';

/** Ends the cluster and removes every trace of it but the cache. Works from any state, also after `kill -9` of everything. */
export async function down(): Promise<void> {
  await locked('cluster', removeEverything);
}

/** `down` for who holds the lock already. */
export async function removeEverything(): Promise<void> {
  // Without our state there are no pods of ours: those that run belong to another Kubernetes of this machine.
  if (!existsSync(paths.state)) return removeNetwork();
  const daemons: number[] = [];
  for (const [name, pid] of Object.entries(await recordedPids())) if (await isOurs(pid, name)) daemons.push(pid);
  // The kubelet first: else it starts again what is stopped here.
  await end(daemons);
  await endTheRest();
  await unmountState();
  await removePodCgroups();
  await removeNetwork();
  await restoreKernelSettings();
  await removeNewFolders();
  await rm(paths.state, { recursive: true, force: true });
}

/** Ends pods, their shims and whatever else is in the network. Again and again: what is stopped may have been starting something. */
async function endTheRest(): Promise<void> {
  await until('pods and their shims to end', 30, async () => {
    const containers = (await podCgroups()).flatMap(({ pids }) => pids);
    const found = new Set([...containers, ...(await processesInNetwork()), ...(await shims())]);
    const alive: number[] = [];
    for (const pid of found) if (await isAlive(pid)) alive.push(pid);
    await end(alive);
    return alive.length === 0;
  });
}

/** Kills at once: the state is thrown away, so nothing has to be written down first. */
async function end(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  await until(
    `${pids.length} processes to end`,
    20,
    async () => {
      for (const pid of pids) if (await isAlive(pid)) return false;
      return true;
    },
    20,
  );
}

async function isAlive(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text !== '' && !/\) [ZX] /.test(text);
}

/** Shims of our containerd, which outlive it and may have left its network with it. */
export async function shims(): Promise<number[]> {
  return processesWhere(async (pid) => {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    return words.includes(paths.containerdSocket) && (words[0] ?? '').includes('containerd-shim');
  });
}

/** Cgroups of pods with the processes in them, innermost first, so that they can be removed in this order. */
export async function podCgroups(): Promise<{ folder: string; pids: number[] }[]> {
  const roots = [cgroupRoot, ...(await readdir(cgroupRoot)).map((name) => join(cgroupRoot, name))].map((root) =>
    join(root, 'kubepods'),
  );
  const found: { folder: string; pids: number[] }[] = [];
  for (const root of roots) if (existsSync(root)) await collect(root, found);
  return found;
}

async function collect(folder: string, found: { folder: string; pids: number[] }[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await collect(join(folder, entry.name), found);
  const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
  found.push({
    folder,
    pids: text
      .split('\n')
      .filter((line) => line !== '')
      .map(Number),
  });
}

async function removePodCgroups(): Promise<void> {
  await until('the cgroups of pods to empty', 10, async () => {
    for (const { folder } of await podCgroups()) await rmdir(folder).catch(() => undefined);
    return (await podCgroups()).length === 0;
  });
}

/** Pods' file systems, volumes and network namespaces are all mounted below the state folder. */
async function unmountState(): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  const ours = mounts.filter((path) => path.startsWith(`${paths.state}/`)).reverse();
  for (const path of ours) await run('umount', ['-l', path]).catch(() => undefined);
}
