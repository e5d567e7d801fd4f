import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AgentPolicy,
  AgentPolicySpec,
  API_VERSION,
  type ClusterAgentPolicy,
  ClusterAgentPolicySpec,
  type ObjectMeta,
  type Playbook,
  PlaybookSpec,
} from '@sentinel/crds';
import { playbookFaults, policyFaults } from '@sentinel/policy';
import { parseAllDocuments } from 'yaml';
import { UsageError } from '../../../usage-error.ts';
import { PolicyTest } from './question.ts';
import type { Sources } from './sources.ts';
import { celFaults, strictFaults } from './strict-faults.ts';

interface Draft {
  clusterPolicies: ClusterAgentPolicy[];
  policies: AgentPolicy[];
  playbooks: Playbook[];
  namespaces: Map<string, ObjectMeta>;
  tests: { file: string; test: PolicyTest }[];
}

const schemas = { AgentPolicy: AgentPolicySpec, ClusterAgentPolicy: ClusterAgentPolicySpec, Playbook: PlaybookSpec } as const;
type Kind = keyof typeof schemas;
const others = ['AgentAction', 'ActionPlan', 'PolicyTest'];
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/**
 * Reads files and folders, as strictly as the API server would: unknown fields, unknown kinds and duplicates are faults,
 * because a typo in a policy must not be ignored silently. Objects of other kinds, such as Deployments, are skipped; they have an
 * `apiVersion`, so a PolicyTest whose kind is misspelt is not skipped.
 *
 * @param namespace the namespace of objects that do not name one; without it such objects are faults
 * @throws FaultsError that names every fault by file, object and path
 */
export function readFiles(paths: readonly string[], namespace?: string): Sources {
  const draft: Draft = { clusterPolicies: [], policies: [], playbooks: [], namespaces: new Map(), tests: [] };
  const files = [...new Set(paths.flatMap(filesOf))];
  if (files.length === 0) throw new UsageError('FileInvalid', `there is no YAML or JSON file in ${paths.join(', ')}`);
  const faults = files.flatMap((file) =>
    documentsOf(file).flatMap((document) =>
      'fault' in document ? [`${file}: ${document.fault}`] : faultsOf(draft, file, document.value, namespace),
    ),
  );
  if (faults.length > 0) throw new FaultsError(faults);
  return { ...draft, live: false };
}

const MAX_FAULTS = 50;

/** Faults in files, one per line. */
export class FaultsError extends UsageError {
  override name = 'FaultsError';
  readonly lines: readonly string[];

  constructor(faults: readonly string[]) {
    super('FileInvalid', `${faults.length} fault${faults.length === 1 ? '' : 's'} in the files; correct and try again`);
    const more = faults.length - MAX_FAULTS;
    this.lines = more > 0 ? [...faults.slice(0, MAX_FAULTS), `and ${more} more`] : faults;
  }
}

const STDIN = '-';

function filesOf(path: string): string[] {
  if (path === STDIN) return [path];
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    throw new UsageError('FileInvalid', `'${path}' cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function documentsOf(file: string): ({ readonly value: unknown } | { readonly fault: string })[] {
  let text: string;
  try {
    text = readFileSync(file === STDIN ? process.stdin.fd : file, 'utf8');
  } catch (error) {
    throw new UsageError('FileInvalid', `'${file}' cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  // An empty document, such as from a template, is skipped.
  return [...parseAllDocuments(text)].map((document) => {
    const [error] = document.errors;
    if (error) return { fault: error.message.split('\n')[0] ?? 'is no YAML' };
    try {
      // Aliases can refer to other aliases; exponential expansion is refused.
      return { value: document.toJS({ maxAliasCount: 100 }) };
    } catch (thrown) {
      return { fault: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  });
}

function faultsOf(draft: Draft, file: string, value: unknown, namespace: string | undefined): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object' || Array.isArray(value)) return [`${file}: a document must be an object with a \`kind\``];
  const { kind, apiVersion, items } = value as Record<string, unknown>;
  if (typeof kind !== 'string') return [`${file}: a document has no \`kind\``];
  if (kind.endsWith('List') && Array.isArray(items)) return items.flatMap((item) => faultsOf(draft, file, item, namespace));
  if (kind === 'PolicyTest') return testFaults(draft, file, value);
  if (kind === 'Namespace' && apiVersion === 'v1') return namespaceFaults(draft, file, value);
  const isOurs = typeof apiVersion === 'string' && apiVersion.startsWith('sentinel.dev/');
  if (Object.hasOwn(schemas, kind)) {
    if (apiVersion !== API_VERSION)
      return [`${file}: ${kind}: apiVersion: must be '${API_VERSION}', not '${String(apiVersion)}'`];
    return objectFaults(draft, file, kind as Kind, value as Record<string, unknown>, namespace);
  }
  if (/^policy[-_]?tests?$/i.test(kind)) return [`${file}: ${kind}: there is no such kind; is 'PolicyTest' meant?`];
  if (typeof apiVersion !== 'string')
    return [`${file}: ${kind}: apiVersion: is missing; only a document of \`kind: PolicyTest\` needs none`];
  if (isOurs && !others.includes(kind))
    return [`${file}: ${kind}: there is no such kind; policies are AgentPolicy and ClusterAgentPolicy`];
  return [];
}

function testFaults(draft: Draft, file: string, value: unknown): string[] {
  const parsed = PolicyTest.safeParse(value);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${file}: PolicyTest: ${pathOf(path)}${message}`);
  draft.tests.push({ file, test: parsed.data });
  return [];
}

function namespaceFaults(draft: Draft, file: string, value: object): string[] {
  const metadata = (value as { metadata?: ObjectMeta }).metadata;
  if (typeof metadata?.name !== 'string') return [`${file}: Namespace: metadata.name: is missing`];
  if (draft.namespaces.has(metadata.name)) return [`${file}: Namespace/${metadata.name}: is defined twice`];
  draft.namespaces.set(metadata.name, metadata);
  return [];
}

const FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

function objectFaults(draft: Draft, file: string, kind: Kind, value: Record<string, unknown>, fallback?: string): string[] {
  const metadata = value.metadata as ObjectMeta | undefined;
  const name = metadata?.name;
  if (typeof name !== 'string' || !NAME.test(name))
    return [`${file}: ${kind}/${String(name ?? '?')}: metadata.name: must be the name of an object`];
  const namespace = kind === 'ClusterAgentPolicy' ? undefined : (metadata?.namespace ?? fallback);
  const at = `${file}: ${kind}/${namespace === undefined ? '' : `${namespace}/`}${name}`;
  const faults = Object.keys(value)
    .filter((key) => !FIELDS.includes(key))
    .map((key) => `${at}: ${key}: there is no such field`);
  if (kind === 'ClusterAgentPolicy' && metadata?.namespace !== undefined)
    faults.push(`${at}: metadata.namespace: the kind belongs to the whole cluster; leave it out, or make it an AgentPolicy`);
  if (kind !== 'ClusterAgentPolicy' && namespace === undefined)
    faults.push(`${at}: metadata.namespace: is missing; without it the object belongs to no namespace here`);
  const list: { metadata: ObjectMeta }[] =
    kind === 'Playbook' ? draft.playbooks : kind === 'AgentPolicy' ? draft.policies : draft.clusterPolicies;
  if (list.some((other) => other.metadata.name === name && other.metadata.namespace === namespace))
    faults.push(`${at}: is defined twice: the cluster would store only one of them`);
  const parsed = schemas[kind].safeParse(value.spec ?? {});
  if (!parsed.success)
    faults.push(...parsed.error.issues.map(({ path, message }) => `${at}: ${pathOf(['spec', ...path])}${message}`));
  faults.push(...strictFaults(kind, value.spec).map((fault) => `${at}: ${fault}`));
  if (parsed.success) {
    const more =
      kind === 'Playbook' ? playbookFaults(parsed.data as PlaybookSpec) : policyFaults(parsed.data as AgentPolicySpec, kind);
    faults.push(...[...celFaults(kind, parsed.data), ...more].map((fault) => `${at}: ${fault}`));
    list.push({
      ...value,
      metadata: { ...metadata, name, ...(namespace === undefined ? {} : { namespace }) },
      spec: parsed.data,
    } as never);
  }
  return faults;
}

const pathOf = (path: readonly PropertyKey[]): string => {
  const text = path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
  return text === '' ? '' : `${text}: `;
};
