import type { AgentPolicySpec } from '@sentinel/crds';
import { Cron } from 'croner';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import { seconds } from '../verdict/order.ts';

type Window = NonNullable<AgentPolicySpec['freeze']>[number];

/** A time in which nothing starts. `until` is in milliseconds since the epoch. */
export interface Frozen {
  readonly policy: string;
  readonly rule: string;
  readonly reason: string;
  readonly until: number;
}

/** The fault of a freeze window; undefined if it is valid. */
export function freezeFault({ schedule, timeZone }: Window): string | undefined {
  // Five fields, as CronJobs have them: with a sixth a freeze would begin every second.
  if (schedule.trim().split(/\s+/).length !== 5) return `'${schedule}' must be a cron expression of five fields`;
  try {
    if (new Cron(schedule, { timezone: timeZone ?? 'UTC' }).nextRun() === null) return `'${schedule}' never comes`;
    return undefined;
  } catch (error) {
    return `'${schedule}'${timeZone === undefined ? '' : ` in '${timeZone}'`}: ${error instanceof Error ? error.message.split('. ')[0] : ''}`;
  }
}

/**
 * The freeze that holds at `now`, the one that ends last; undefined when none does. A window lasts its duration in elapsed time, so
 * one over a change to daylight saving neither shrinks nor grows.
 */
export function frozenAt(set: PolicySet, now: number): Frozen | undefined {
  let last: Frozen | undefined;
  for (const policy of set.policies) {
    for (const [index, window] of (policy.spec?.freeze ?? []).entries()) {
      const until = endOf(window, now);
      if (until !== undefined && (last === undefined || until > last.until))
        last = { policy: policyName(policy), rule: `freeze[${index}]`, reason: window.reason, until };
    }
  }
  return last;
}

const crons = new Map<string, Cron>();
const CRONS_MAX = 1000;

function endOf(window: Window, now: number): number | undefined {
  // `previousRuns` looks before the moment it is given, and a freeze holds from its first second. In the second before a window, the one
  // before that may still hold.
  const begun = cronOf(window)
    .previousRuns(2, new Date(now + 1000))
    .map((start) => start.getTime())
    .find((start) => start <= now);
  if (begun === undefined) return undefined;
  const until = begun + seconds(window.duration) * 1000;
  return now < until ? until : undefined;
}

// A pattern is parsed once, because parsing is more expensive than matching.
function cronOf({ schedule, timeZone }: Window): Cron {
  const key = `${timeZone ?? 'UTC'} ${schedule}`;
  const known = crons.get(key);
  if (known) return known;
  const cron = new Cron(schedule, { timezone: timeZone ?? 'UTC' });
  if (crons.size >= CRONS_MAX) crons.clear();
  crons.set(key, cron);
  return cron;
}
