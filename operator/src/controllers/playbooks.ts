import { isDeepStrictEqual } from 'node:util';
import { type PlaybookStatus, playbooks } from '@sentinel/crds';
import { copyOf, type KubeClient, type Result, setCondition } from '@sentinel/kube';
import { playbookDigest, playbookFaults, readSealKeys, trustOf } from '@sentinel/policy';
import type { Caches } from '../caches.ts';

/** Says of a Playbook what its digest is, whether it can be run as written, and whether that digest is trusted. Owns Ready and Trusted. */
export async function reconcilePlaybook(client: KubeClient, caches: Caches, key: string, now: Date): Promise<Result> {
  const playbook = caches.playbooks.store.get(key);
  if (!playbook) return undefined;
  const keys = readSealKeys(caches.sealKeys.store.list()[0]?.data as Record<string, string> | undefined);
  const trust = trustOf(playbook, keys);
  const faults = playbookFaults(playbook.spec);
  const generation = playbook.metadata.generation;
  const ready = {
    type: 'Ready',
    status: faults.length === 0 ? ('True' as const) : ('False' as const),
    reason: faults.length === 0 ? 'Satisfied' : 'Invalid',
    message: faults.join('; ') || 'it can be run as written',
    observedGeneration: generation,
  };
  const trusted = {
    type: 'Trusted',
    status: trust.trusted ? ('True' as const) : ('False' as const),
    reason: trust.trusted ? 'Satisfied' : 'NotTrusted',
    message: trust.trusted ? `sealed by ${trust.by.user}` : trust.why,
    observedGeneration: generation,
  };
  const status: PlaybookStatus = {
    observedGeneration: generation,
    conditions: setCondition(setCondition(playbook.status?.conditions, ready, now), trusted, now),
    digest: playbookDigest(playbook),
    ...(trust.trusted ? { trustedBy: trust.by.user.slice(0, 253), trustedAt: trust.by.time } : {}),
  };
  if (!isDeepStrictEqual(status, playbook.status)) await client.replaceStatus(playbooks, { ...copyOf(playbook), status });
  return undefined;
}
