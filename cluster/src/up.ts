import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pauseImage } from './build/image-kinds.ts';
import { buildPrograms, type Programs } from './build/programs.ts';
import { createPki } from './certificates.ts';
import { type Daemon, firstDaemons, laterDaemons, writeConfigurations } from './daemons.ts';
import { podCgroups, removeEverything } from './down.ts';
import { loadImage } from './load.ts';
import { recordKernelSettings } from './machine/kernel-settings.ts';
import { locked } from './machine/lock.ts';
import { recordNewFolders } from './machine/machine-folders.ts';
import { createNetwork, inNetwork } from './machine/network.ts';
import { layout, paths } from './machine/paths.ts';
import { run, say, until } from './machine/run.ts';
import { spawnProgram } from './machine/spawn-program.ts';
import { isNodeReady, kubectl, recordedPids, status } from './status.ts';

/**
 * Starts the cluster, or leaves the one that runs as it is. What an earlier one left after a crash is removed first.
 * When it returns, the node is Ready, ServiceAccounts and the aggregated roles are there, and Services work from pods.
 */
export async function up(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('the embedded cluster needs root: it makes namespaces, mounts and cgroups');
  const programs = await buildPrograms();
  await locked('cluster', async () => {
    if ((await status()).up && (await startedWith()) === fingerprint(programs)) return;
    await removeEverything();
    if ((await podCgroups()).length > 0)
      throw new Error("another Kubernetes runs on this machine: two kubelets would end each other's pods");
    try {
      await start(programs);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${message}\n${await lastWords()}The logs are in ${paths.logs}.`);
    }
  });
}

async function start(programs: Programs): Promise<void> {
  const began = performance.now();
  say('starting Kubernetes');
  await mkdir(paths.state, { recursive: true, mode: 0o755 });
  await mkdir(paths.logs, { recursive: true });
  await writeFile(join(paths.logs, 'audit.log'), '');
  await recordKernelSettings();
  await recordNewFolders();
  await Promise.all([createPki(), createNetwork(), writeConfigurations([programs.cni ?? '', programs.netpol ?? ''])]);
  const pids: Record<string, number> = {};
  for (const daemon of firstDaemons()) await startDaemon(daemon, pids);
  const pause = pauseImage().then(async ({ archive }) => {
    await until(
      'containerd',
      20,
      async () => (await run(join(paths.bin, 'ctr'), ['--address', paths.containerdSocket, 'version'])) !== '',
    );
    await loadImage(archive);
  });
  await until('the API server', 60, async () => (await kubectl('get', '--raw', '/readyz')) === 'ok', 50);
  for (const daemon of laterDaemons()) await startDaemon(daemon, pids);
  await pause;
  await until('the node to be Ready', 60, isNodeReady);
  await until(
    'the ServiceAccount default',
    60,
    async () => (await kubectl('get', 'serviceaccount', 'default', '-o', 'name')) !== '',
  );
  await until('the aggregated ClusterRoles', 60, haveRules);
  await until('Services', 60, serviceRulesAreIn);
  await until('NetworkPolicy', 60, async () => existsSync(paths.policySocket));
  await writeFile(join(paths.state, 'programs.json'), fingerprint(programs));
  say(`Kubernetes is up after ${((performance.now() - began) / 1000).toFixed(1)} s: export KUBECONFIG=${paths.kubeconfig}`);
}

/** Starts a program of the cluster, and records its process id in `pids` and in the state of the cluster. */
export async function startDaemon(
  { name, args }: Daemon,
  pids: Record<string, number>,
  log: 'new' | 'continued' = 'new',
): Promise<void> {
  pids[name] = spawnProgram({ program: name, args, log: `${name}.log`, mode: log, lifetime: 'cluster' });
  await writeFile(`${paths.pids}.new`, JSON.stringify(pids));
  await rename(`${paths.pids}.new`, paths.pids);
}

/** Roles that get their rules from others by aggregation, some seconds after the start. */
async function haveRules(): Promise<boolean> {
  const rules = await kubectl(
    'get',
    'clusterroles',
    'admin',
    'edit',
    'view',
    '-o',
    'jsonpath={range .items[*]}{.rules[0].verbs}{"\\n"}{end}',
  );
  return rules.split('\n').filter((line) => line !== '').length === 3;
}

async function serviceRulesAreIn(): Promise<boolean> {
  const table = await run('nsenter', [...inNetwork, 'nft', 'list', 'table', 'ip', 'kube-proxy']);
  return table.includes(`${layout.apiAddress} . 6443`) || table.includes(`dnat to ${layout.apiAddress}:6443`);
}

/** Tells builds of the cluster and the flags of its programs apart. Tools beside it (helm, the collector) may change while it runs. */
function fingerprint(programs: Programs): string {
  const built = ['kube', 'containerd', 'cni', 'runc', 'pause', 'netpol'].map((name) => programs[name] ?? '');
  return JSON.stringify([...built, ...[...firstDaemons(), ...laterDaemons()].flatMap(({ args }) => args)]);
}

async function startedWith(): Promise<string> {
  return readFile(join(paths.state, 'programs.json'), 'utf8').catch(() => '');
}

/** The end of the log of each program that ended, for the message of a start that failed. */
async function lastWords(): Promise<string> {
  const words: string[] = [];
  const { programs } = await status();
  for (const name of Object.keys(await recordedPids())) {
    if (programs.find((program) => program.name === name)?.running) continue;
    const log = await readFile(join(paths.logs, `${name}.log`), 'utf8').catch(() => '');
    words.push(`${name} ended:\n${log.trim().split('\n').slice(-5).join('\n')}\n`);
  }
  return words.join('');
}
