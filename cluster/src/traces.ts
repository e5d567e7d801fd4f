import { existsSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { podCgroups, shims } from './down.ts';
import { processesInNetwork, processesWhere } from './machine/network.ts';
import { layout, paths } from './machine/paths.ts';
import { run } from './machine/run.ts';

/** What a cluster has on this machine outside of its cache, one line each: nothing after `down`. */
export async function traces(): Promise<string[]> {
  const inCache = await processesWhere(async (pid) => (await readlink(`/proc/${pid}/exe`)).startsWith(`${paths.programs}/`));
  const processes = new Set([...inCache, ...(await processesInNetwork()), ...(await shims())]);
  const cgroups = await podCgroups();
  for (const pid of cgroups.flatMap(({ pids }) => pids)) processes.add(pid);
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  const links = await run('ip', ['-o', 'link', 'show']);
  return [
    ...[...processes].map((pid) => `process ${pid}`),
    ...mounts
      .filter((path) => path.startsWith(paths.state) || path === `/run/netns/${layout.netns}`)
      .map((path) => `mount ${path}`),
    ...(links.includes(` ${layout.hostLink}@`) ? [`link ${layout.hostLink}`] : []),
    ...cgroups.map(({ folder }) => `cgroup ${folder}`),
    ...[paths.state, `/run/netns/${layout.netns}`].filter((path) => existsSync(path)).map((path) => `file ${path}`),
  ];
}
