import type { AgentPolicySpec } from '@sentinel/crds';
import type { PolicySet } from '../policyset/policy-set.ts';
import { seconds } from '../verdict/order.ts';

type Rules = NonNullable<AgentPolicySpec['dataHandling']>;
/** What is kept of a text, the loosest first: all of it, all but secrets, its digest, nothing. */
export type Handling = NonNullable<Rules['prompts']>;
/** What may hold what nobody should keep. */
export type DataKind = 'prompts' | 'parameters' | 'logs' | 'diffs';

/** How the texts of an action are handled. */
export interface DataHandling extends Readonly<Record<DataKind, Handling>> {
  /** RE2 expressions of what is a secret beside what is known as one. */
  readonly patterns: readonly string[];
  /** JSON pointers whose values are never shown in plans; '*' stands for one part. */
  readonly fields: readonly string[];
  /** How long an action is kept after its end, in milliseconds; undefined where no policy says. */
  readonly retainMs: number | undefined;
}

const order: readonly Handling[] = ['Stored', 'Redacted', 'Hashed', 'Dropped'];
const DEFAULT: Handling = 'Redacted';

/**
 * The strictest of what the policies say: the least is kept, for the shortest time, and every pattern counts. Where none speaks,
 * secrets are masked, and only a ClusterAgentPolicy can have them stored; nothing is dropped while a policy can be read, and
 * everything is where one can't.
 */
export function dataHandling(set: PolicySet): DataHandling {
  const all = set.policies.map(({ spec }) => spec?.dataHandling).filter((rules) => rules !== undefined);
  const floor = set.policies.filter(({ kind }) => kind === 'ClusterAgentPolicy').map(({ spec }) => spec?.dataHandling);
  const unreadable = set.policies.some(({ spec }) => spec === undefined);
  const strictest = (kind: DataKind): Handling => {
    if (unreadable) return 'Dropped';
    // What no floor speaks of, no namespace can loosen.
    const builtIn = floor.some((rules) => rules?.[kind] !== undefined) ? [] : [DEFAULT];
    const said = [...builtIn, ...all.flatMap((rules) => rules[kind] ?? [])];
    return order[Math.max(...said.map((one) => order.indexOf(one)))] ?? 'Dropped';
  };
  const times = all.map(({ retainFor }) => retainFor).filter((one) => one !== undefined);
  const atLeast = all.map(({ retainAtLeast }) => retainAtLeast).filter((one) => one !== undefined);
  return {
    prompts: strictest('prompts'),
    parameters: strictest('parameters'),
    logs: strictest('logs'),
    diffs: strictest('diffs'),
    patterns: [...new Set(all.flatMap(({ redact }) => redact?.patterns ?? []))].sort(),
    fields: [...new Set(all.flatMap(({ redact }) => redact?.fields ?? []))].sort(),
    retainMs: times.length === 0 ? undefined : Math.max(Math.min(...times.map(seconds)), ...atLeast.map(seconds)) * 1000,
  };
}

/**
 * When an action that has ended may be deleted, in milliseconds since the epoch; undefined when it is kept. Not before every limit
 * that counts it has forgotten it, or a short retention would loosen the limit.
 */
export function retireAt(set: PolicySet, finishedAt: number): number | undefined {
  const { retainMs } = dataHandling(set);
  if (retainMs === undefined || Number.isNaN(finishedAt)) return undefined;
  const limits = set.policies.map(({ spec }) => spec?.limits).filter((one) => one !== undefined);
  const counted = limits.flatMap(({ perDay, escalationsPerHour, coolDown }) => [
    perDay === undefined ? 0 : seconds('1d'),
    escalationsPerHour === undefined ? 0 : seconds('1h'),
    coolDown === undefined ? 0 : seconds(coolDown),
  ]);
  return finishedAt + Math.max(retainMs, ...counted.map((one) => one * 1000));
}
