import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientKubeconfig, paths } from '@sentinel/cluster';
import { type Ran, type RunOptions, run, tryRun } from '../../tools/run.ts';

const root = join(import.meta.dirname, '..', '..');

/** How somebody talks to a cluster, when it is not by a kubeconfig of their own to the embedded one. */
export interface Access {
  /** The kubectl to use; that of the embedded cluster when left out. */
  readonly program?: string;
  /** Whom they act as. */
  readonly as?: { readonly user: string; readonly uid?: string; readonly groups: readonly string[] };
}

/** Somebody who talks to the cluster: kubectl and the plugin, under one kubeconfig. */
export class Person {
  readonly kubeconfig: string;
  readonly #program: string;
  readonly #flags: readonly string[];

  constructor(kubeconfig: string, { program = join(paths.bin, 'kubectl'), as }: Access = {}) {
    this.kubeconfig = kubeconfig;
    this.#program = program;
    const uid = as?.uid === undefined ? [] : ['--as-uid', as.uid];
    this.#flags = as ? ['--as', as.user, ...uid, ...as.groups.flatMap((group) => ['--as-group', group])] : [];
  }

  /** Runs kubectl and returns what it printed; throws when it fails. */
  kubectl(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return run(this.#program, [...args, ...this.#flags], { ...options, env: this.#env(options) });
  }

  /** Runs kubectl and waits until it has ended, with or without success. */
  tryKubectl(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return tryRun(this.#program, [...args, ...this.#flags], { ...options, env: this.#env(options) });
  }

  /** Runs `kubectl sentinel` to its end, however it ends. */
  trySentinel(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.tryKubectl(['sentinel', ...args], options);
  }

  /** Runs `kubectl sentinel` and returns what it printed; throws when it fails. */
  sentinel(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return this.kubectl(['sentinel', ...args], options);
  }

  /** Applies a YAML text. */
  apply(yaml: string): Promise<string> {
    return this.kubectl(['apply', '-f', '-'], { input: yaml });
  }

  /** An object as JSON. */
  async get<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.kubectl(['get', ...args, '-o', 'json'])) as T;
  }

  #env(options: RunOptions): Record<string, string> {
    return {
      ...options.env,
      KUBECONFIG: this.kubeconfig,
      PATH: `${join(root, 'cli', 'bin')}:${paths.bin}:${process.env.PATH ?? ''}`,
    };
  }
}

/** The administrator of the cluster. */
export const admin = new Person(paths.kubeconfig);

/** A person with a client certificate of the cluster. */
export async function person(user: string, groups: readonly string[]): Promise<Person> {
  // A name of its own: test files run side by side and would write one another's certificates.
  const name = `${user.replaceAll(/[^a-z0-9-]/g, '-')}-${randomBytes(4).toString('hex')}`;
  return new Person(await clientKubeconfig({ name, user, groups: [...groups] }));
}

/** A service account with a token, as an agent's program has it. */
export async function serviceAccount(namespace: string, name: string, by = admin, access: Access = {}): Promise<Person> {
  const token = (await by.kubectl(['create', 'token', name, '-n', namespace, '--duration=2h'])).trim();
  const config = JSON.parse(await by.kubectl(['config', 'view', '--raw', '--minify', '-o', 'json'])) as { clusters: unknown[] };
  const cluster = config.clusters[0] as { name: string };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [cluster],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: cluster.name, user: name, namespace } }],
    'current-context': name,
  };
  const { writeFileSync, mkdtempSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const file = join(mkdtempSync(join(tmpdir(), 'sentinel-')), `${name}.kubeconfig`);
  writeFileSync(file, JSON.stringify(kubeconfig), { mode: 0o600 });
  return new Person(file, access);
}

/** An example file with its `${NAME}` places filled in. */
export function example(path: string, values: Readonly<Record<string, string>> = {}): string {
  const text = readFileSync(join(root, 'examples', path), 'utf8');
  return text.replaceAll(/\$\{([A-Z_]+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** The policy of the example `shop`, for whatever Playbook a test writes. */
export function policyForAnyPlaybook(): string {
  const named = ', allow: [set-image, set-image-twice, set-broken-image, restart, health-check]';
  const policy = example('shop/policy.yaml');
  if (!policy.includes(named)) throw new Error(`examples/shop/policy.yaml does not name its Playbooks any more: ${named}`);
  return policy.replace(named, '');
}

/** A policy for the agent of the shop that has people asked about every write of its namespace. */
export const policyForAnyWrite = ({ resources = ['*'], upToRisk = 'High', objects = 20 } = {}): string => `
apiVersion: sentinel.dev/v1alpha1
kind: AgentPolicy
metadata:
  name: shop
  namespace: shop
spec:
  subjects:
  - {kind: ServiceAccount, name: repair-agent}
  modes: [DryRun, Apply]
  kubernetes:
  - {apiGroups: ["*"], resources: ${JSON.stringify(resources)}, verbs: ["*"], decision: RequireApproval}
  approvals:
  - {upToRisk: ${upToRisk}, approvals: 1, groups: [shop-approvers], expiresAfter: 1h}
  limits: {duration: 3m, objects: ${objects}}
`;

/** After this nothing is waited for any more: long enough for a busy machine, so that a test fails for what it tests alone. */
export const HANG_SECONDS = 180;

/** Asks again until `probe` answers something, at most `seconds`; then throws with what was last seen. Pauses grow to `maxPauseMs`. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  seconds = HANG_SECONDS,
  maxPauseMs = 500,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  let last = 'nothing';
  for (let pause = Math.min(100, maxPauseMs); ; pause = Math.min(maxPauseMs, pause * 1.3)) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      last = String(found);
    } catch (error) {
      last = String(error);
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s (last: ${last.slice(0, 1_500)})`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
