import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine } from './machine/network.ts';
import { layout, paths } from './machine/paths.ts';
import { run } from './machine/run.ts';

/** How the cluster is. */
export interface Status {
  /** All programs run, and the node is Ready. */
  readonly up: boolean;
  readonly nodeReady: boolean;
  readonly server: string;
  readonly kubeconfig: string;
  readonly programs: readonly { readonly name: string; readonly pid: number; readonly running: boolean }[];
}

/** Looks at the programs that the last `up` started, and asks the API server about the node. */
export async function status(): Promise<Status> {
  const programs: { name: string; pid: number; running: boolean }[] = [];
  for (const [name, pid] of Object.entries(await recordedPids())) {
    programs.push({ name, pid, running: await isOurs(pid, name) });
  }
  const allRun = programs.length > 0 && programs.every(({ running }) => running);
  const nodeReady = allRun && (await isNodeReady().catch(() => false));
  return { up: nodeReady, nodeReady, server: layout.server, kubeconfig: paths.kubeconfig, programs };
}

/** Ids of the programs that `up` started, by name. */
export async function recordedPids(): Promise<Record<string, number>> {
  try {
    return JSON.parse(await readFile(paths.pids, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

/** True while the id still belongs to that program: ids are given again after their process ended. */
export async function isOurs(pid: number, name: string): Promise<boolean> {
  const [program = ''] = await commandLine(pid).catch(() => []);
  return program === join(paths.bin, name);
}

/** True when the API server says that the node is Ready. */
export async function isNodeReady(): Promise<boolean> {
  const jsonpath = '{.status.conditions[?(@.type=="Ready")].status} {.spec.taints}';
  return (await kubectl('get', 'node', layout.node, '-o', `jsonpath=${jsonpath}`)).trim() === 'True';
}

/** Runs the built kubectl as the administrator. */
export function kubectl(...args: string[]): Promise<string> {
  // A proxy that the caller's environment names can't reach the cluster.
  const env = {
    ...process.env,
    NO_PROXY: layout.apiAddress,
    no_proxy: layout.apiAddress,
    KUBECACHEDIR: join(paths.cache, 'kubectl'),
  };
  return run(join(paths.bin, 'kubectl'), ['--kubeconfig', paths.kubeconfig, '--request-timeout=10s', ...args], env);
}
