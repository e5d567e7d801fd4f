import type { ClusterAgentPolicy } from '@sentinel/crds';
import { readPolicy } from './compile.ts';
import { isBeingDeleted, type TrustedDigests } from './policy-set.ts';

/**
 * What the ClusterAgentPolicies of a cluster trust together: the digests that every list names (`playbooks.trustedDigests`). A policy without
 * the list says nothing about trust; an empty list trusts nothing. Nothing is trusted while a ClusterAgentPolicy is invalid. A policy that
 * only audits does not count, and one that is being deleted only tightens.
 */
export function trustedDigests(policies: readonly ClusterAgentPolicy[]): TrustedDigests {
  const read = policies.map((policy) => ({ policy, spec: readPolicy(policy).spec }));
  if (read.some(({ spec }) => spec === undefined)) return new Map();
  const lists = read.flatMap(({ policy, spec }) => {
    const named = spec?.playbooks.trustedDigests;
    if (named === undefined || spec?.auditOnly) return [];
    return [{ policy, digests: new Set(named.map(({ digest }) => digest)) }];
  });
  const lasting = lists.filter(({ policy }) => !isBeingDeleted(policy)).map(({ policy }) => policy.metadata.name);
  const [first] = lists;
  if (!first || lasting.length === 0) return new Map();
  const shared = [...first.digests].filter((digest) => lists.every(({ digests }) => digests.has(digest)));
  return new Map(shared.map((digest) => [digest, lasting.toSorted()]));
}
