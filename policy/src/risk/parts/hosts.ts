import type { RiskPart } from '@sentinel/crds';
import { part } from '../part.ts';
import { shortList } from '../words.ts';

/** A host outside of the cluster that a plan reaches. */
export interface ReachedHost {
  readonly host: string;
  /** Whether a policy or an earlier plan knows it. */
  readonly familiar: boolean;
}

/** Which hosts the plan reaches. One that nobody knows counts among all of them, and once more as such. */
export function partsOfHosts(hosts: readonly ReachedHost[]): RiskPart[] {
  const all = [...new Set(hosts.map(({ host }) => host))];
  const unfamiliar = [...new Set(hosts.filter(({ familiar }) => !familiar).map(({ host }) => host))];
  return [
    ...part('hosts', all.length, `reaches ${shortList(all)}`),
    ...part('unfamiliar-hosts', unfamiliar.length, `reaches hosts that no policy names: ${shortList(unfamiliar)}`),
  ];
}
