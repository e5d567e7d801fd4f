import { AgentPolicySpec, digestOf } from '@sentinel/crds';
import { POLICIES_MAX } from '../policyset/policy-set.ts';
import { fitsShare } from './fair-share.ts';

/** What people of a namespace define, and every program that judges an action keeps in memory. */
export type DefinitionKind = 'Playbook' | 'AgentPolicy';

const MiB = 2 ** 20;

/**
 * How many a namespace may have, and how many bytes they may have together: a Playbook as it is stored, an AgentPolicy by its spec. The
 * status of an action names 64 policies, of which the floor needs some.
 */
export const DEFINITION_LIMITS: Readonly<Record<DefinitionKind, { readonly count: number; readonly bytes: number }>> = {
  Playbook: { count: 200, bytes: 2 * MiB },
  AgentPolicy: { count: 32, bytes: POLICIES_MAX },
};

/**
 * AgentPolicies that only suspend may be so many more, if each is stored with no more bytes than this: a namespace that is full must not keep
 * anybody from suspending an agent.
 */
export const SUSPENSIONS_MORE = { count: 8, bytes: 8 * 1024 } as const;

/** What the Playbooks and AgentPolicies of all namespaces may take together, unless the chart says otherwise. */
export const DEFINITIONS_TOTAL = '32Mi';

/** The Playbooks or AgentPolicies of a namespace without the one that is written, and the stored bytes of both kinds in all namespaces. */
export interface DefinitionUse {
  readonly count: number;
  readonly bytes: number;
  /** Stored bytes of both kinds: of the namespace, of all, how many namespaces have some, and how many bytes there may be. */
  readonly own: number;
  readonly used: number;
  readonly takers: number;
  readonly total: number;
}

/** The definition that is written. */
export interface DefinitionDemand {
  /** Counted as `bytes` of the use. */
  readonly bytes: number;
  /** As it is stored. */
  readonly stored: number;
  /** Whether it is an AgentPolicy that only suspends. */
  readonly isSuspension?: boolean;
}

/** Why a definition cannot be stored. */
export interface DefinitionFault {
  readonly exceeded: 'count' | 'bytes' | 'total';
  readonly message: string;
}

/**
 * Whether a namespace may have one more definition, or a larger one. Undefined if it may. It must not be asked about what shrinks or goes:
 * a namespace above its limits must be able to come back below them.
 */
export function judgeDefinition(
  kind: DefinitionKind,
  namespace: string,
  use: DefinitionUse,
  { bytes, stored, isSuspension = false }: DefinitionDemand,
): DefinitionFault | undefined {
  const hasMore = kind === 'AgentPolicy' && isSuspension && stored <= SUSPENSIONS_MORE.bytes;
  const limit = DEFINITION_LIMITS[kind];
  const most = limit.count + (hasMore ? SUSPENSIONS_MORE.count : 0);
  const many = kind === 'Playbook' ? 'Playbooks' : 'AgentPolicies';
  const next = `Shorten or delete some that are not needed: kubectl get ${many.toLowerCase()} -n ${namespace}`;
  const because = 'because every program that judges actions keeps all of them in memory';
  const fault = (exceeded: DefinitionFault['exceeded'], what: string): DefinitionFault => ({
    exceeded,
    message: `exceeded quota: ${what}, ${because}. ${next}`,
  });
  if (use.count >= most) return fault('count', `namespace '${namespace}' has ${use.count} ${many}; at most ${most} are allowed`);
  if (hasMore) return undefined;
  if (use.bytes + bytes > limit.bytes)
    return fault(
      'bytes',
      `the ${many} of namespace '${namespace}' have ${use.bytes} bytes without this one, which has ${bytes}; at most ${limit.bytes} are allowed`,
    );
  // Nothing waits for a higher class here, so the highest one is asked for: it has the whole of it.
  const share = { total: use.total, others: 0, used: use.used, own: use.own, takers: use.takers, amount: stored };
  if (fitsShare('operator', share)) return undefined;
  return fault(
    'total',
    `the Playbooks and AgentPolicies of all namespaces have ${use.used} bytes of ${use.total}, and namespace '${namespace}' has its share`,
  );
}

/**
 * Whether the spec of an AgentPolicy, apart from its kill switch, names subjects and says nothing else: it is for audit only, and other fields
 * have their defaults.
 */
export function saysNothing(spec: unknown): boolean {
  const parsed = AgentPolicySpec.safeParse(spec);
  if (!parsed.success) return false;
  const { subjects: _, suspended: __, ...said } = parsed.data;
  const { suspended: ___, ...nothing } = AgentPolicySpec.parse({ auditOnly: true });
  return digestOf(said) === digestOf(nothing);
}

/** Whether an AgentPolicy with this spec only suspends: its kill switch is on, and it says nothing else. */
export const isSuspension = (spec: unknown): boolean =>
  (spec as { suspended?: unknown } | null | undefined)?.suspended === true && saysNothing(spec);
