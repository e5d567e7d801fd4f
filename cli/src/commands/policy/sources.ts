import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AgentPolicy,
  AgentPolicySpec,
  agentPolicies,
  type ClusterAgentPolicy,
  ClusterAgentPolicySpec,
  clusterAgentPolicies,
  namespaceLabels,
  type ObjectMeta,
  type Playbook,
  PlaybookSpec,
  playbooks,
} from '@sentinel/crds';
import { type KubeClient, namespaces } from '@sentinel/kube';
import { type Identity, type PolicySet, policyFaults, policySet } from '@sentinel/policy';
import { parseAllDocuments } from 'yaml';
import { UsageError } from '../../usage-error.ts';
import { PolicyTest } from './question.ts';

/** Policies and what they are asked about, from files or from a cluster. */
export interface Sources {
  readonly clusterPolicies: readonly ClusterAgentPolicy[];
  readonly policies: readonly AgentPolicy[];
  readonly playbooks: readonly Playbook[];
  readonly namespaces: ReadonlyMap<string, ObjectMeta>;
  readonly tests: readonly { readonly file: string; readonly test: PolicyTest }[];
}

interface Draft {
  clusterPolicies: ClusterAgentPolicy[];
  policies: AgentPolicy[];
  playbooks: Playbook[];
  namespaces: Map<string, ObjectMeta>;
  tests: { file: string; test: PolicyTest }[];
}

const schemas = { AgentPolicy: AgentPolicySpec, ClusterAgentPolicy: ClusterAgentPolicySpec, Playbook: PlaybookSpec } as const;

/** Reads files and folders. Throws UsageError that names every fault by file, object and path: also fields that there are not. */
export function readFiles(paths: readonly string[]): Sources {
  const draft: Draft = { clusterPolicies: [], policies: [], playbooks: [], namespaces: new Map(), tests: [] };
  const faults: string[] = [];
  const files = paths.flatMap(filesOf);
  if (files.length === 0) throw new UsageError(`there is no YAML file in ${paths.join(', ')}`);
  for (const file of files) {
    for (const document of parseAllDocuments(readFileSync(file, 'utf8'), { maxAliasCount: 0 } as never)) {
      if ('errors' in document && document.errors.length > 0)
        faults.push(...document.errors.map(({ message }) => `${file}: ${message.split('\n')[0]}`));
      else addObject(draft, faults, file, 'toJS' in document ? document.toJS({ maxAliasCount: 100 }) : undefined);
    }
  }
  if (faults.length > 0) throw new UsageError(`${faults.length} fault(s):\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  return draft;
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw new UsageError(`'${path}' can not be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function addObject(draft: Draft, faults: string[], file: string, value: unknown): void {
  if (value === null || value === undefined) return;
  const { kind, metadata, spec } = value as { kind?: unknown; metadata?: ObjectMeta; spec?: unknown };
  const name = metadata?.name;
  if (kind === 'Namespace' && name !== undefined) return void draft.namespaces.set(name, metadata as ObjectMeta);
  if (kind === 'PolicyTest') {
    const parsed = PolicyTest.safeParse(value);
    if (parsed.success) draft.tests.push({ file, test: parsed.data });
    else faults.push(...parsed.error.issues.map(({ path, message }) => `${file}: PolicyTest: ${path.join('.')}: ${message}`));
    return;
  }
  if (kind !== 'AgentPolicy' && kind !== 'ClusterAgentPolicy' && kind !== 'Playbook') return;
  const at = `${file}: ${kind}/${name ?? '?'}`;
  if (name === undefined) return void faults.push(`${at}: metadata.name: required`);
  const parsed = schemas[kind].safeParse(spec ?? {});
  if (!parsed.success)
    return void faults.push(...parsed.error.issues.map(({ path, message }) => `${at}: spec.${path.join('.')}: ${message}`));
  faults.push(...unknownFields(spec, parsed.data, 'spec').map((path) => `${at}: ${path}: there is no such field`));
  if (kind !== 'Playbook') faults.push(...policyFaults(parsed.data as AgentPolicySpec).map((fault) => `${at}: ${fault}`));
  const object = { ...(value as object), spec: parsed.data } as never;
  if (kind === 'Playbook') draft.playbooks.push(object);
  else if (kind === 'AgentPolicy') draft.policies.push(object);
  else draft.clusterPolicies.push(object);
}

// What reading took away was no field: a typo in a policy must not pass as silence.
function unknownFields(given: unknown, read: unknown, path: string): string[] {
  if (Array.isArray(given) && Array.isArray(read))
    return given.flatMap((entry, index) => unknownFields(entry, read[index], `${path}[${index}]`));
  if (typeof given !== 'object' || given === null || typeof read !== 'object' || read === null) return [];
  return Object.entries(given).flatMap(([key, value]) =>
    key in read ? unknownFields(value, (read as Record<string, unknown>)[key], `${path}.${key}`) : [`${path}.${key}`],
  );
}

/** Reads the policies of a cluster that hold in a namespace. */
export async function readCluster(client: KubeClient, namespace: string): Promise<Sources> {
  const [cluster, local, books, object] = await Promise.all([
    client.list(clusterAgentPolicies),
    client.list(agentPolicies, { namespace }),
    client.list(playbooks, { namespace }),
    client.get(namespaces, { name: namespace }),
  ]);
  const metadata = object ? { ...object.metadata, name: namespace } : undefined;
  return {
    clusterPolicies: cluster.items,
    policies: local.items,
    playbooks: books.items,
    namespaces: new Map(metadata ? [[namespace, metadata]] : []),
    tests: [],
  };
}

/** What the policies say about somebody in a namespace. A namespace that no file describes is taken to have opted in. */
export function policiesFor(sources: Sources, identity: Identity, namespace: string, environment?: string): PolicySet {
  const known = sources.namespaces.get(namespace);
  const labels = known?.labels ?? { [namespaceLabels.enabled]: 'true' };
  const metadata = {
    name: namespace,
    labels: environment === undefined ? labels : { ...labels, [namespaceLabels.environment]: environment },
  };
  return policySet({ namespace: { metadata }, clusterPolicies: sources.clusterPolicies, policies: sources.policies }, identity);
}
