import type { ClusterAgentPolicy } from '@sentinel/crds';
import { readPolicy } from './compile.ts';
import { type DigestTrust, isBeingDeleted, type TrustedDigests } from './policy-set.ts';

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
    return [{ policy, entries: new Map(named.map((entry) => [entry.digest, entry])) }];
  });
  const lasting = lists.filter(({ policy }) => !isBeingDeleted(policy)).map(({ policy }) => policy.metadata.name);
  const [first] = lists;
  if (!first || lasting.length === 0) return new Map();
  const shared = [...first.entries.keys()].flatMap((digest): [string, DigestTrust][] => {
    const entries = lists.map((list) => list.entries.get(digest));
    const names = new Set(entries.map((entry) => entry?.name).filter((name) => name !== undefined));
    // Two names at once are those of no Playbook.
    if (entries.includes(undefined) || names.size > 1) return [];
    return [[digest, { policies: lasting.toSorted(), name: [...names][0] }]];
  });
  return new Map(shared);
}
