import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import type { Refusal } from '../verdict/verdict.ts';
import { fitsShare, type ShareClass } from './fair-share.ts';

/** The default limits. A ClusterAgentPolicy can change them, a policy of a namespace only lower them. */
const DEFAULTS = { children: 0, depth: 1, open: 100, storage: '64Mi' } as const;
/** What actions of all namespaces may take in etcd together, unless the chart says otherwise: a quarter of etcd's default quota. */
export const STORAGE_TOTAL = '512Mi';

const UNITS: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** The bytes of a quantity such as `64Mi`. Throws for anything that is not a whole number with Ki, Mi or Gi. */
export function bytesOfQuantity(quantity: string): number {
  const [, digits, unit = ''] = /^([1-9][0-9]{0,5})(Ki|Mi|Gi)$/.exec(quantity) ?? [];
  if (digits === undefined) throw new Error(`'${quantity}' is not a quantity such as 64Mi`);
  return Number(digits) * (UNITS[unit] ?? 1);
}

/** A limit with a default, and its source. */
export interface DefaultedLimit {
  /** `Sentinel` where no policy says, or where no ClusterAgentPolicy does and a namespace would have more. */
  readonly policy: string;
  /** In bytes for `storage`. */
  readonly limit: number;
  /** The limit as text. */
  readonly text: string;
}

/** A limit that holds also where no policy sets it. The floor may raise or lower it, a policy of a namespace lower it. */
export function defaultedLimit(set: PolicySet, key: keyof typeof DEFAULTS): DefaultedLimit {
  const said = set.policies
    .flatMap((policy) => {
      const value = policy.spec?.limits?.[key];
      return value === undefined ? [] : [limitFrom(policyName(policy), value)];
    })
    .sort((a, b) => a.limit - b.limit);
  const builtIn = limitFrom('Sentinel', DEFAULTS[key]);
  const ofFloor = set.policies.some(({ kind, spec }) => kind === 'ClusterAgentPolicy' && spec?.limits?.[key] !== undefined);
  const [strictest = builtIn] = said;
  return ofFloor || strictest.limit < builtIn.limit ? strictest : builtIn;
}

const limitFrom = (policy: string, value: number | string): DefaultedLimit => ({
  policy,
  limit: typeof value === 'number' ? value : bytesOfQuantity(value),
  text: String(value),
});

/** Whether one more action may be open in a namespace that has `open` of them: neither ended nor deleted. */
export function judgeOpen(set: PolicySet, namespace: string, open: number): Refusal[] {
  const { policy, limit } = defaultedLimit(set, 'open');
  if (open < limit) return [];
  return [
    {
      code: 'OpenActionsExceeded',
      policy,
      rule: 'limits.open',
      message: `exceeded quota: namespace '${namespace}' has ${open} actions that have not ended; at most ${limit} are allowed`,
    },
  ];
}

/** What is stored for actions, in bytes: of one namespace, of all, and how many namespaces have something. */
export interface StorageUse {
  readonly own: number;
  readonly used: number;
  readonly takers: number;
  readonly total: number;
}

/** Sums up what is stored, seen from a namespace, which counts as one that has something. */
export function storageUse(
  stored: Iterable<{ readonly namespace: string; readonly bytes: number }>,
  namespace: string,
  total: number,
): StorageUse {
  const takers = new Set([namespace]);
  let [own, used] = [0, 0];
  for (const one of stored) {
    takers.add(one.namespace);
    used += one.bytes;
    if (one.namespace === namespace) own += one.bytes;
  }
  return { own, used, takers: takers.size, total };
}

/**
 * Whether `amount` more bytes may be stored for actions of a namespace: actions, plans and what the gateway's ledger keeps for them. A
 * namespace has a limit of its own, and namespaces share the total by `fitsShare`. What this refuses was not approved by anybody yet.
 */
export function judgeStorage(set: PolicySet, namespace: string, use: StorageUse, amount: number): Refusal[] {
  const { policy, limit, text } = defaultedLimit(set, 'storage');
  const more = `actions of namespace '${namespace}' take ${inMiB(use.own)} with their plans and records, and this one needs ${inMiB(amount)} more`;
  if (use.own + amount > limit)
    return [
      {
        code: 'StorageExceeded',
        policy,
        rule: 'limits.storage',
        message: `exceeded quota: ${more}; at most ${text} are allowed`,
      },
    ];
  if (hasShare('rehearsal', use, amount)) return [];
  return [
    {
      code: 'StorageExceeded',
      policy: 'Sentinel',
      rule: 'storage is shared between namespaces',
      message: `exceeded quota: ${more}; all namespaces take ${inMiB(use.used)} of ${inMiB(use.total)}, and this one has its share`,
    },
  ];
}

/**
 * Why an approved run has to wait for storage: its pre-images must be storable, or it could not be rolled back. Rehearsals leave a quarter of
 * the total to runs, and runs leave an eighth to ending actions in progress. Undefined if it need not wait.
 */
export function holdForStorage(
  use: StorageUse,
): { readonly policy: string; readonly rule: string; readonly message: string } | undefined {
  if (hasShare('run', { ...use, own: 0, takers: 1 }, 0)) return undefined;
  return {
    policy: 'Sentinel',
    rule: 'storage is shared between namespaces',
    message: `it waits for room for what a rollback needs: actions of all namespaces take ${inMiB(use.used)} of ${inMiB(use.total)}; see 'Storage' in docs/guides/admins.md`,
  };
}

const hasShare = (share: ShareClass, use: StorageUse, amount: number) => fitsShare(share, { ...use, others: 0, amount });

const inMiB = (bytes: number) => `${(Math.ceil((bytes * 10) / 2 ** 20) / 10).toFixed(1)} MiB`;
