import { mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { paths, startCollector, up } from '@sentinel/cluster';
import { buildImages, installSentinel, makeImages, type Place } from '../../tools/install.ts';
import { run, tryRun } from '../../tools/run.ts';
import { type Access, admin, Person, person, serviceAccount } from '../lib/cluster.ts';
import { noteImages } from '../lib/images.ts';

/** A cluster that the demo is shown on. */
export interface Target {
  /** What it is, for the headline. */
  readonly title: string;
  readonly admin: Person;
  /** Makes it ready and installs Sentinel; answers with the image of the steps. */
  install(say: (text: string) => void): Promise<{ tools: string }>;
  person(user: string, groups: readonly string[]): Promise<Person>;
  agent(namespace: string, name: string): Promise<Person>;
  /** The file in which an OpenTelemetry Collector writes down the audit trail; undefined where the demo starts none. */
  readonly collectorLog?: string;
  /** How to talk to it afterwards, and how to remove the traces. */
  readonly environment: string;
  readonly removal: string;
}

const INSTALLING = '2. Sentinel, from its chart: operator, webhook, gateway, and the policies inside the API server';
const plugin = join(import.meta.dirname, '..', '..', 'cli', 'bin');

/** The target that CLUSTER names: the embedded cluster, a kind cluster, or what the current kubeconfig leads to. */
export async function chooseTarget(env: NodeJS.ProcessEnv): Promise<Target> {
  const name = env.CLUSTER ?? 'embedded';
  if (name === 'embedded') return embedded();
  if (name === 'kind') return await kind(env.KIND_CLUSTER ?? 'kind');
  if (name === 'current') return await current(env);
  throw new Error(`CLUSTER must be embedded, kind or current, not '${name}'`);
}

function embedded(): Target {
  return {
    title: 'A real Kubernetes on this machine',
    admin,
    async install(say) {
      await up();
      say(INSTALLING);
      const images = await makeImages();
      noteImages({ sentinel: images.sentinel.reference, tools: images.tools.reference });
      const { endpoint } = await startCollector();
      await installSentinel(images.sentinel.reference, { 'audit.otlpEndpoint': endpoint });
      return { tools: images.tools.reference };
    },
    person,
    agent: (namespace, account) => serviceAccount(namespace, account),
    collectorLog: join(paths.logs, 'collector.log'),
    environment: `export KUBECONFIG=${paths.kubeconfig} PATH=${plugin}:${paths.bin}:$PATH`,
    removal: 'make demo-down      # removes every trace',
  };
}

// A kind cluster with a network that enforces NetworkPolicy, as kind's own does since 0.24.
async function kind(name: string): Promise<Target> {
  await requireProgram('kind');
  const clusters = (await run('kind', ['get', 'clusters'])).split('\n');
  if (!clusters.includes(name)) await run('kind', ['create', 'cluster', '--name', name, '--wait', '120s']);
  const kubeconfig = join(mkdtempSync(join(tmpdir(), 'sentinel-demo-')), 'kubeconfig');
  writeFileSync(kubeconfig, await run('kind', ['get', 'kubeconfig', '--name', name]), { mode: 0o600 });
  const load = async () => {
    const { sentinel, tools } = await buildImages();
    for (const { archive } of [sentinel, tools]) await run('kind', ['load', 'image-archive', archive, '--name', name]);
    return { sentinel: sentinel.name, tools: tools.name };
  };
  return await foreign(`The kind cluster '${name}'`, kubeconfig, load);
}

// Images must be where the nodes of the cluster can pull them: nothing is pushed on anybody's behalf.
async function current(env: NodeJS.ProcessEnv): Promise<Target> {
  const { IMAGE, TOOLS_IMAGE } = env;
  if (!IMAGE || !TOOLS_IMAGE) {
    const { sentinel, tools } = await buildImages();
    throw new Error(
      `CLUSTER=current needs IMAGE and TOOLS_IMAGE: references that the nodes of the cluster can pull. The archives to push (skopeo copy oci-archive:…, crane push …) are ${sentinel.archive} and ${tools.archive}`,
    );
  }
  const kubeconfig = env.KUBECONFIG ?? join(homedir(), '.kube', 'config');
  const context = (await run('kubectl', ['config', 'current-context'], { env: { KUBECONFIG: kubeconfig } })).trim();
  return await foreign(`The cluster of the context '${context}'`, kubeconfig, async () => ({
    sentinel: IMAGE,
    tools: TOOLS_IMAGE,
  }));
}

// People are played by impersonation, which an admin of the cluster may do; their decisions name them all the same.
async function foreign(
  title: string,
  kubeconfig: string,
  images: () => Promise<{ sentinel: string; tools: string }>,
): Promise<Target> {
  for (const program of ['kubectl', 'helm']) await requireProgram(program);
  const access: Access = { program: 'kubectl' };
  const place: Place = { helm: 'helm', kubeconfig };
  const by = new Person(kubeconfig, access);
  return {
    title,
    admin: by,
    async install(say) {
      say(INSTALLING);
      const { sentinel, tools } = await images();
      await installSentinel(sentinel, {}, place);
      return { tools };
    },
    person: async (user, groups) =>
      new Person(kubeconfig, { ...access, as: { user, groups: [...groups, 'system:authenticated'] } }),
    agent: (namespace, account) => serviceAccount(namespace, account, by, access),
    environment: `export KUBECONFIG=${kubeconfig} PATH=${plugin}:$PATH`,
    removal:
      'kubectl delete namespace shop && helm uninstall sentinel      # CRDs, their objects and the ledger stay: kubectl get crd -o name | grep sentinel.dev | xargs kubectl delete',
  };
}

async function requireProgram(name: string): Promise<void> {
  const found = await tryRun('sh', ['-c', `command -v ${name}`]);
  if (found.code !== 0) throw new Error(`${name} is missing: install it, then run this again`);
}
