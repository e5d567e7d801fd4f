import type { AgentPolicySpec, ClusterAgentPolicySpec, ObjectMeta, PolicyStatus } from '@sentinel/crds';
import type { CompiledCommands } from '../commands/index.ts';
import type { AgentRule } from '../identity/agents.ts';
import type { Refusal } from '../verdict/verdict.ts';

/** A policy that applies to a requester in a namespace. `spec` is undefined if it is invalid: then it refuses everything. */
export interface ApplicablePolicy {
  readonly kind: 'AgentPolicy' | 'ClusterAgentPolicy';
  readonly name: string;
  readonly digest: string;
  readonly spec: (AgentPolicySpec & Pick<ClusterAgentPolicySpec, 'identity' | 'modelEndpoint' | 'protected'>) | undefined;
  /** Its rules about commands, compiled; undefined when it has no opinion on commands. */
  readonly commands?: CompiledCommands | undefined;
  /** Whether its kill switch is on, also in an invalid policy. */
  readonly suspended?: boolean;
  /** The last time that its kill switch was turned on or off, and by whom. */
  readonly suspension?: PolicyStatus['suspension'] | undefined;
  /** `false` while the operator has not recorded who turned the kill switch on or off. */
  readonly suspensionNamed?: boolean;
  /** Whether somebody has deleted it: until it is gone it is as strict as before, and lets nothing in any more. */
  readonly isBeingDeleted?: boolean;
  /** Why it can't be read, with the path of each fault. */
  readonly faults?: readonly string[];
}

/** How the floor trusts a digest. */
export interface DigestTrust {
  /** The names of the ClusterAgentPolicies that name it. */
  readonly policies: readonly string[];
  /** The name that the Playbook must have; undefined for any. */
  readonly name: string | undefined;
}
/** The digests of Playbooks that the floor trusts. */
export type TrustedDigests = ReadonlyMap<string, DigestTrust>;

/** All policies for a requester in a namespace. The order of the list has no effect. */
export interface PolicySet {
  readonly policies: readonly ApplicablePolicy[];
  /** `auditOnly` policies, which only report what they would have refused. Only their kill switch has an effect. */
  readonly auditOnly?: readonly ApplicablePolicy[];
  /** Who is an agent by the policies of the cluster and of the namespace, no matter who else they are about. */
  readonly agents?: readonly AgentRule[];
  /** The digests of Playbooks that the floor trusts. The same for every requester. */
  readonly trustedDigests?: TrustedDigests;
  readonly environment: string | undefined;
  /** Reasons that refuse everything: the namespace has not opted in, a floor or a policy is missing, a policy is invalid. */
  readonly refusals: readonly Refusal[];
}

/** How much the AgentPolicies of one namespace may have together, in bytes of JSON. */
export const POLICIES_MAX = 1024 * 1024;

/** The name of a policy in messages. */
export const policyName = (policy: { kind: string; name: string }): string => `${policy.kind}/${policy.name}`;

/**
 * Whether somebody has deleted an object that a finalizer still keeps. Anyone who may edit the object can set a finalizer, so from then on
 * the object must not permit anything any more.
 */
export const isBeingDeleted = ({ metadata }: { readonly metadata: Pick<ObjectMeta, 'deletionTimestamp'> }): boolean =>
  metadata.deletionTimestamp !== undefined;
