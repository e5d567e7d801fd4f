import { type AgentPolicy, AgentPolicySpec, type ClusterAgentPolicy, ClusterAgentPolicySpec, digestOf } from '@sentinel/crds';
import { ticketFault } from '../approval/reasons.ts';
import { type CompiledCommands, commandRuleFaults, compileCommands } from '../commands/index.ts';
import { patternFault } from '../data/secrets.ts';
import { freezeFault } from '../limits/freeze.ts';
import { readEndpoint } from '../rules/endpoints.ts';
import { filePatternFault } from '../rules/files.ts';
import { hostPatternFault } from '../rules/hosts.ts';
import { repositoryPatternFault } from '../rules/repositories.ts';

/** A compiled policy. `spec` is undefined if it has faults: then it is treated as deny-all. */
export interface ReadPolicy {
  readonly digest: string;
  readonly spec: ClusterAgentPolicySpec | undefined;
  readonly commands: CompiledCommands | undefined;
  /** Parsed independently of the rest, so that the kill switch also works in an invalid policy. */
  readonly suspended: boolean;
  readonly faults: readonly string[];
}

// Cached by content: a policy is parsed and compiled once per change, even if each request has another object.
const known = new Map<string, ReadPolicy>();
/** How much memory the cached policies may take, in bytes: the authors of the policies of a namespace choose how large each of them is. */
const KNOWN_BYTES = 48 * 1024 * 1024;
/** What a character of a policy takes once it is read, at most. Measured, and rounded up. */
const CHARACTER_BYTES = 12;
let knownBytes = 0;
// The key of an object, which lives as long as a cache holds it: what was read of it must not live as long.
const keys = new WeakMap<object, string>();

/** Parses a policy, with the path of every fault. Never throws. */
export function readPolicy(
  policy: Pick<AgentPolicy | ClusterAgentPolicy, 'kind' | 'spec'> & { metadata: { name: string } },
): ReadPolicy {
  const spec: unknown = policy.spec;
  const object = typeof spec === 'object' && spec !== null ? spec : undefined;
  const name = `${policy.kind}/${policy.metadata.name}`;
  const before = object && keys.get(object);
  const key = before?.startsWith(`${name}@`) ? before : `${name}@${digestOf(spec ?? null)}`;
  if (object) keys.set(object, key);
  let read = known.get(key);
  if (!read) {
    read = compile(policy, key.slice(name.length + 1));
    const bytes = CHARACTER_BYTES * JSON.stringify(spec ?? null).length + (read.commands?.treeBytes ?? 0);
    if (knownBytes + bytes > KNOWN_BYTES) {
      known.clear();
      knownBytes = 0;
    }
    knownBytes += bytes;
    known.set(key, read);
  }
  return read;
}

function compile(policy: { kind: string; spec: unknown; metadata: { name: string } }, digest: string): ReadPolicy {
  const schema = policy.kind === 'ClusterAgentPolicy' ? ClusterAgentPolicySpec : AgentPolicySpec;
  const parsed = schema.safeParse(policy.spec);
  const suspended = (policy.spec as { suspended?: unknown } | null | undefined)?.suspended === true;
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `\`${pathText(path)}\`: ${message}`);
    return { digest, spec: undefined, commands: undefined, suspended, faults };
  }
  const spec = parsed.data;
  const faults = policyFaults(spec, policy.kind);
  if (faults.length > 0) return { digest, spec: undefined, commands: undefined, suspended, faults };
  const name = `${policy.kind}/${policy.metadata.name}`;
  return {
    digest,
    spec,
    suspended,
    commands: compileCommands({ name, commands: spec.commands, hostExecutables: spec.hostExecutables }),
    faults: [],
  };
}

const pathText = (path: readonly PropertyKey[]) =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`)).join('');

/**
 * Faults of a policy that its schema cannot express: patterns that do not parse, examples that fail, freezes that never occur, subjects that
 * match nobody. The API server checks the last as well; here it makes a policy that bypassed it deny-all.
 */
export function policyFaults(
  spec: AgentPolicySpec & Pick<ClusterAgentPolicySpec, 'identity' | 'modelEndpoint'>,
  kind: string,
): string[] {
  const faults = [...subjectFaults(spec.subjects ?? [], kind), ...commandRuleFaults(spec.commands ?? [])];
  for (const { name, paths } of spec.hostExecutables ?? [])
    for (const path of paths)
      if (!path.startsWith('/') || path.split('/').at(-1) !== name)
        faults.push(`\`hostExecutables[${name}].paths\`: '${path}' must be an absolute path that ends with '/${name}'`);
  for (const list of ['allow', 'deny'] as const) {
    faults.push(...patternFaults(`network.${list}`, spec.network?.[list], hostPatternFault));
    faults.push(...patternFaults(`repositories.${list}`, spec.repositories?.[list], repositoryPatternFault));
  }
  for (const list of ['denyRead', 'protect'] as const)
    faults.push(...patternFaults(`files.${list}`, spec.files?.[list], filePatternFault));
  for (const list of ['kubernetes', 'highRisk'] as const)
    for (const [index, { apiGroups }] of (spec[list] ?? []).entries())
      faults.push(...patternFaults(`${list}[${index}].apiGroups`, apiGroups, groupFault));
  faults.push(...patternFaults('dataHandling.redact.patterns', spec.dataHandling?.redact?.patterns, patternFault));
  for (const kind of ['approvals', 'rejections'] as const) {
    const fault = ticketFault(spec.reasons?.[kind]);
    if (fault !== undefined) faults.push(`\`reasons.${kind}.ticket\`: ${fault}`);
  }
  for (const [index, window] of (spec.freeze ?? []).entries()) {
    const fault = freezeFault(window);
    if (fault !== undefined) faults.push(`\`freeze[${index}].schedule\`: ${fault}`);
  }
  for (const [index, group] of (spec.identity?.agentGroups ?? []).entries())
    if (EVERYBODY.includes(group))
      faults.push(`\`identity.agentGroups[${index}]\`: '${group}' has every person in it, so nobody could decide`);
  if (spec.playbooks.trustedDigests && kind !== 'ClusterAgentPolicy')
    faults.push('`playbooks.trustedDigests`: may only be set in a ClusterAgentPolicy');
  else if (spec.playbooks.trustedDigests && spec.subjects)
    faults.push('`playbooks.trustedDigests`: may only be set in a policy without `subjects`');
  const endpoint = spec.modelEndpoint && readEndpoint(spec.modelEndpoint.url);
  if (endpoint?.fault !== undefined) faults.push(`\`modelEndpoint.url\`: ${endpoint.fault}`);
  return faults;
}

// People whom it makes agents could not even undo it.
const EVERYBODY = ['system:authenticated', 'system:masters'];

const groupFault = (group: string) => (group === 'core' ? "there is no API group 'core': the core group is ''" : undefined);

const patternFaults = (path: string, patterns: readonly string[] | undefined, faultOf: (pattern: string) => string | undefined) =>
  (patterns ?? []).flatMap((pattern, index) => {
    const fault = faultOf(pattern);
    return fault === undefined ? [] : [`\`${path}[${index}]\`: ${fault}`];
  });

function subjectFaults(subjects: NonNullable<AgentPolicySpec['subjects']>, policyKind: string): string[] {
  return subjects.flatMap(({ kind, name, namespace }, index) => {
    const at = `\`subjects[${index}].namespace\``;
    if (kind !== 'ServiceAccount') return namespace === undefined ? [] : [`${at}: may only be set for the kind 'ServiceAccount'`];
    if (policyKind === 'AgentPolicy' || namespace !== undefined) return [];
    return [
      `${at}: must be set for the ServiceAccount '${name}': a ${policyKind} has no namespace of its own, so it would be nobody`,
    ];
  });
}
