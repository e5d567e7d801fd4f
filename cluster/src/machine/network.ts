import { existsSync } from 'node:fs';
import { readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { layout } from './paths.ts';
import { run, runWithInput } from './run.ts';

const netnsFile = `/run/netns/${layout.netns}`;

/** What to give to `nsenter` to run a program in the cluster's network (`ip netns exec` would remount /sys). */
export const inNetwork: readonly string[] = [`--net=${netnsFile}`];

/** Makes the network namespace: one link to the host, and a default route that leads nowhere. */
export async function createNetwork(): Promise<void> {
  const { netns, hostLink, innerLink, hostAddress, apiAddress } = layout;
  await refuseTakenAddresses();
  await run('ip', ['netns', 'add', netns]);
  const host = [
    `link add ${hostLink} type veth peer name ${innerLink} netns ${netns}`,
    `addr add ${hostAddress}/30 dev ${hostLink}`,
    `link set ${hostLink} up`,
  ];
  await runWithInput('ip', ['-batch', '-'], `${host.join('\n')}\n`);
  const inner = [
    'link set lo up',
    `addr add ${apiAddress}/30 dev ${innerLink}`,
    `link set ${innerLink} up`,
    // Addresses of Services need some route, before kube-proxy rewrites them.
    'link add nowhere0 type veth peer name nowhere1',
    'addr add 172.31.254.1/30 dev nowhere0',
    'link set nowhere0 up',
    'link set nowhere1 up',
    'route add default via 172.31.254.2',
  ];
  await runWithInput('ip', ['-n', netns, '-batch', '-'], `${inner.join('\n')}\n`);
  const settings = [
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    // NetworkPolicy goes by addresses: a pod must not send with another's, nor by a protocol that it doesn't see.
    'echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter',
    'for f in all default; do f=/proc/sys/net/ipv6/conf/$f/disable_ipv6; [ ! -e $f ] || echo 1 > $f; done',
  ];
  await run('nsenter', [...inNetwork, 'sh', '-ec', settings.join('; ')]);
  // What a pod sends to the host's end of the link gets the node's address: the host has no route to pods.
  const rules = `table ip sentinel_edge {
  chain postrouting { type nat hook postrouting priority srcnat; ip saddr ${layout.podCidr} oifname "${innerLink}" masquerade; }
}\n`;
  await runWithInput('nsenter', [...inNetwork, 'nft', '-f', '-'], rules);
}

/** Our own link is gone by now: anyone who has these addresses is somebody else. */
async function refuseTakenAddresses(): Promise<void> {
  const taken = await run('ip', ['-o', '-4', 'addr', 'show', 'to', `${layout.hostAddress}/30`]);
  const [, device] = /^\d+: (\S+)/.exec(taken) ?? [];
  if (device)
    throw new Error(`${layout.hostAddress}/30, which joins this machine to the cluster, is taken by its interface ${device}`);
}

/** Removes the network namespace, its links, and those that pods leave behind. Harmless when there is none. */
export async function removeNetwork(): Promise<void> {
  await run('ip', ['link', 'delete', layout.hostLink]).catch(() => undefined);
  if (existsSync(netnsFile)) {
    await run('ip', ['netns', 'delete', layout.netns]).catch(() => undefined);
    await rm(netnsFile, { force: true });
  }
}

/** Ids of the processes that are in the cluster's network namespace. */
export async function processesInNetwork(): Promise<number[]> {
  if (!existsSync(netnsFile)) return [];
  const { ino } = await stat(netnsFile);
  return processesWhere(async (pid) => (await readlink(`/proc/${pid}/ns/net`)) === `net:[${ino}]`);
}

/** Ids of the processes that the test holds for. Those that end meanwhile don't count. */
export async function processesWhere(test: (pid: number) => Promise<boolean>): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (Number.isInteger(pid) && pid !== process.pid && (await test(pid).catch(() => false))) found.push(pid);
  }
  return found;
}

/** The words of a process's command line. */
export async function commandLine(pid: number): Promise<string[]> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
}
