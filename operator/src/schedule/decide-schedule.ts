import type { Playbook, Reason } from '@sentinel/crds';
import {
  admit,
  behalfOf,
  explainAll,
  type FloorTrust,
  type PolicySet,
  playbookFaults,
  type SealedTrust,
  scheduledAction,
  type Trust,
  timesInWords,
} from '@sentinel/policy';

/** The facts that decide whether the schedule of a Playbook runs. */
export interface ScheduleFacts {
  readonly playbook: Playbook;
  readonly trust: Trust;
  /** Whether everyone who lends its account may use it; undefined if nobody trusted it. */
  readonly mayUseAccount: boolean | undefined;
  /** The policies of its namespace that apply to the account of schedules. */
  readonly policies: PolicySet;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

/** Whether the CronJob of a Playbook runs, and why not: the condition Scheduled. There is no CronJob for the reason `NotScheduled`. */
export interface ScheduleState {
  readonly status: 'True' | 'False';
  readonly reason: Reason;
  readonly message: string;
}

/**
 * Decides whether a schedule runs. It does not while its actions would be refused: the CronJob is suspended then, and continues by itself when the
 * reason is gone.
 */
export function decideSchedule({ playbook, trust, mayUseAccount, policies, now }: ScheduleFacts): ScheduleState {
  const { schedule } = playbook.spec;
  if (!schedule) return { status: 'False', reason: 'NotScheduled', message: 'The Playbook has no schedule.' };
  const faults = playbookFaults(playbook.spec);
  if (faults.length > 0) return suspended('Invalid', `The Playbook cannot be run as written: ${faults.join('; ')}. Correct it.`);
  if (schedule.suspend)
    return suspended('SchedulePaused', 'The schedule is suspended. Set `spec.schedule.suspend` to false to continue it.');
  if (!trust.trusted)
    return suspended('NotTrusted', `The schedule is suspended because the Playbook is not trusted: ${trust.why}.`);
  const { account } = playbook.spec;
  if (mayUseAccount !== true)
    return suspended(
      'ScheduleRefused',
      `The schedule is suspended because ${lendersWithout(trust)} the verb 'use' on accounts.sentinel.dev/${account}.`,
    );
  try {
    const action = scheduledAction(playbook, behalfOf(trust), now);
    const refusals = action ? admit({ spec: action.spec, policies, playbook, trust, mayUseAccount }) : [];
    if (refusals.length > 0)
      return suspended(
        'ScheduleRefused',
        `The schedule is suspended because policy refuses its actions: ${explainAll(refusals)}`,
      );
  } catch (error) {
    return suspended('ScheduleRefused', `The schedule is suspended: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return {
    status: 'True',
    reason: 'Satisfied',
    message: `An action is filed at ${timesInWords(schedule, playbook)}, on behalf of ${behalfOf(trust)}.`,
  };
}

const lendersWithout = (trust: SealedTrust | FloorTrust): string =>
  trust.by
    ? `'${trust.by.user}', who trusted the Playbook, does not hold`
    : `the floor trusts the Playbook, so its authors lend its account, and not each of them (${trust.authors.map(({ user }) => user).join(', ')}) holds`;

const suspended = (reason: Reason, message: string): ScheduleState => ({
  status: 'False',
  reason,
  message: message.slice(0, 2048),
});
