import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildPrograms } from './build/programs.ts';
import { clientKubeconfig } from './certificates.ts';
import { fakeNodeLabel, fakeNodeTaint, type KwokRun, kwokArgs, kwokObjects, kwokUser } from './kwok.ts';
import { paths } from './machine/paths.ts';
import { run, until } from './machine/run.ts';
import { spawnProgram } from './machine/spawn-program.ts';
import { isOurs, kubectl } from './status.ts';

const onDemand = join(import.meta.dirname, '../on-demand');

/** Nodes that exist in the API alone: kwok says that they are Ready, and that the pods on them run. */
export interface FakeNodes {
  /** Their names, which no other start gives. */
  readonly nodes: readonly string[];
  /** The `nodeSelector` that means these nodes and no others. */
  readonly selector: Readonly<Record<string, string>>;
  /** Removes the nodes and their pods, and ends kwok. Can be repeated. */
  stop(): Promise<void>;
}

/** Builds kwok if that was not done yet (about 3 minutes the first time); the answer is where it is. */
async function buildKwok(): Promise<string> {
  await buildPrograms({ only: ['kwok'], sources: onDemand });
  return join(paths.bin, 'kwok');
}

/**
 * Adds `count` fake nodes to the running cluster; resolves when they are Ready. Pods come there only if they tolerate
 * `fakeNodeTaint`. The real node and its pods are not touched. Several starts, also of several processes, run side by side.
 * When this process ends, however that is, kwok ends with it.
 */
export async function startKwok({ count = 1 }: { readonly count?: number } = {}): Promise<FakeNodes> {
  const program = await buildKwok();
  const id = randomBytes(4).toString('hex');
  const kwok: KwokRun = { id, nodes: Array.from({ length: count }, (_, index) => `fake-${id}-${index}`) };
  const name = `kwok-${id}`;
  const stages = join(paths.state, `${name}-stages.yaml`);
  const objects = join(paths.state, `${name}.json`);
  await writeFile(stages, await run(program, ['stages']));
  await writeFile(objects, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: kwokObjects(kwok) }));
  const kubeconfig = await clientKubeconfig({ name, user: kwokUser(kwok) });
  let pid: number | undefined;
  const stop = async () => {
    await removeNodes(kwok);
    if (pid !== undefined && (await isOurs(pid, 'kwok'))) {
      const ended = pid;
      process.kill(ended, 'SIGKILL');
      await until('kwok to end', 20, async () => !(await isOurs(ended, 'kwok')));
    }
    pid = undefined;
    await kubectl('delete', 'clusterrolebinding,clusterrole', name, '--ignore-not-found');
    await Promise.all([stages, objects].map((file) => rm(file, { force: true })));
  };
  try {
    await kubectl('create', '-f', objects);
    pid = spawnProgram({
      program: 'kwok',
      args: kwokArgs(kwok, { kubeconfig, stages }),
      log: 'kwok.log',
      mode: 'continued',
      lifetime: 'caller',
      // Not the configuration that the user of this machine may have.
      env: { KWOK_WORKDIR: paths.state },
    });
    await until('the fake nodes to be Ready (kwok.log says why they are not)', 180, () => areReady(kwok));
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
  return { nodes: kwok.nodes, selector: { [fakeNodeLabel]: id }, stop };
}

interface NodeView {
  readonly spec: { readonly taints?: readonly { readonly key: string }[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** A node has a taint of its own until the controller-manager has seen that it is Ready. */
async function areReady({ id, nodes }: KwokRun): Promise<boolean> {
  const answer = await kubectl('get', 'nodes', '-l', `${fakeNodeLabel}=${id}`, '-o', 'json');
  const { items } = JSON.parse(answer) as { items: readonly NodeView[] };
  const ready = items.filter(
    ({ spec, status }) =>
      status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') &&
      spec.taints?.every(({ key }) => key === fakeNodeTaint.key),
  );
  return ready.length === nodes.length;
}

/** Deletes the nodes first, so that the scheduler assigns no more pods to them; then their pods, which no kubelet would end. */
async function removeNodes({ nodes }: KwokRun): Promise<void> {
  await kubectl('delete', 'node', ...nodes, '--ignore-not-found');
  for (const node of nodes) {
    const at = ['--all-namespaces', `--field-selector=spec.nodeName=${node}`];
    await kubectl('delete', 'pods', ...at, '--force', '--grace-period=0', '--wait=false');
  }
  await kubectl('delete', 'lease', ...nodes, '--namespace=kube-node-lease', '--ignore-not-found');
}
