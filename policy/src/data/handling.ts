import type { AgentPolicySpec } from '@sentinel/crds';
import type { PolicySet } from '../policyset/policy-set.ts';
import { seconds } from '../verdict/order.ts';

type Rules = NonNullable<AgentPolicySpec['dataHandling']>;
/** How a text is stored, the loosest first: unchanged, without secrets, as a digest, not at all. */
export type Handling = NonNullable<Rules['prompts']>;
/** The kinds of data that may contain secrets. */
export type DataKind = 'prompts' | 'parameters' | 'logs' | 'diffs';

/** How the texts of an action are handled. */
export interface DataHandling extends Readonly<Record<DataKind, Handling>> {
  /** RE2 expressions of additional secrets. */
  readonly patterns: readonly string[];
  /** JSON pointers whose values are never shown in plans; '*' stands for one part. */
  readonly fields: readonly string[];
  /** How long an action is kept after its end, in milliseconds; undefined where no policy says. */
  readonly retainMs: number | undefined;
}

const order: readonly Handling[] = ['Stored', 'Redacted', 'Hashed', 'Dropped'];
const DEFAULT: Handling = 'Redacted';

/**
 * The strictest handling of all policies: the least is stored, for the shortest time, and every pattern counts. By default secrets are masked,
 * and only a ClusterAgentPolicy can have them stored. Nothing is dropped by default, but everything is dropped if a policy is invalid.
 */
export function dataHandling(set: PolicySet): DataHandling {
  const all = set.policies.map(({ spec }) => spec?.dataHandling).filter((rules) => rules !== undefined);
  const floor = set.policies.filter(({ kind }) => kind === 'ClusterAgentPolicy').map(({ spec }) => spec?.dataHandling);
  const unreadable = set.policies.some(({ spec }) => spec === undefined);
  const strictest = (kind: DataKind): Handling => {
    if (unreadable) return 'Dropped';
    // A namespace cannot loosen what no floor sets.
    const builtIn = floor.some((rules) => rules?.[kind] !== undefined) ? [] : [DEFAULT];
    const said = [...builtIn, ...all.flatMap((rules) => rules[kind] ?? [])];
    return order[Math.max(...said.map((one) => order.indexOf(one)))] ?? 'Dropped';
  };
  const times = all.map(({ retainFor }) => retainFor).filter((one) => one !== undefined);
  return {
    prompts: strictest('prompts'),
    parameters: strictest('parameters'),
    logs: strictest('logs'),
    diffs: strictest('diffs'),
    patterns: [...new Set(all.flatMap(({ redact }) => redact?.patterns ?? []))].sort(),
    fields: [...new Set(all.flatMap(({ redact }) => redact?.fields ?? []))].sort(),
    retainMs: times.length === 0 ? undefined : Math.max(Math.min(...times.map(seconds)) * 1000, retainAtLeastMs(set)),
  };
}

/**
 * When an ended action may be deleted, in milliseconds since the epoch; undefined if it is kept. Not before every limit stops counting it,
 * because otherwise a short retention would loosen the limit.
 */
export function retireAt(set: PolicySet, finishedAt: number): number | undefined {
  const { retainMs } = dataHandling(set);
  if (retainMs === undefined || Number.isNaN(finishedAt)) return undefined;
  return finishedAt + Math.max(retainMs, countedMs(set));
}

/**
 * When an ended action beyond the history of its schedule may be deleted, in milliseconds since the epoch; undefined if it has not ended. The
 * author of the Playbook sets the history, so it shortens neither a time of a policy nor the time in which a limit counts the action.
 */
export function retireBeyondHistoryAt(set: PolicySet, finishedAt: number): number | undefined {
  if (Number.isNaN(finishedAt)) return undefined;
  return retireAt(set, finishedAt) ?? finishedAt + Math.max(retainAtLeastMs(set), countedMs(set));
}

/** How long every action is kept, whatever is said elsewhere. */
function retainAtLeastMs(set: PolicySet): number {
  const times = set.policies.map(({ spec }) => spec?.dataHandling?.retainAtLeast).filter((one) => one !== undefined);
  return Math.max(0, ...times.map(seconds)) * 1000;
}

/** How long limits count an action after its end. */
function countedMs(set: PolicySet): number {
  const limits = set.policies.map(({ spec }) => spec?.limits).filter((one) => one !== undefined);
  const counted = limits.flatMap(({ perDay, escalationsPerHour, coolDown }) => [
    perDay === undefined ? 0 : seconds('1d'),
    escalationsPerHour === undefined ? 0 : seconds('1h'),
    coolDown === undefined ? 0 : seconds(coolDown),
  ]);
  return Math.max(0, ...counted) * 1000;
}
