import { createHash } from 'node:crypto';
import { AgentActionSpec, type Playbook, SCHEDULE_USER } from '@sentinel/crds';
import { authorsOf } from '../approval/trust.ts';
import type { Identity } from '../identity/identity.ts';
import { timesInWords } from './jitter.ts';
import { MINUTE_MS } from './wall-clock.ts';

/** The one action that a schedule files for one time. */
export interface ScheduledAction {
  readonly name: string;
  readonly spec: AgentActionSpec;
}

/** The names of the actions of schedules, which nobody else may use. The policy sentinel-schedule-names holds the same. */
const NAME = /-scheduled-([0-9]+)$/;
const NAME_MAX = 80;
/** What `spec.onBehalfOf` has room for. */
const USER_MAX = 253;
const AUTHORS_MAX = 16;

/** Whether an identity is the account that files the actions of all schedules. */
export const isSchedule = ({ user }: Pick<Identity, 'user'>): boolean => user === SCHEDULE_USER;

/**
 * The action of a schedule for a due time, in milliseconds since the epoch; undefined without a schedule. Throws an error if the people who count
 * as its requesters have no room in it. `truster` is who trusted the Playbook.
 */
export function scheduledAction(playbook: Playbook, truster: string, due: number): ScheduledAction | undefined {
  const { metadata, spec } = playbook;
  if (!spec.schedule) return undefined;
  const authors = [...new Set((authorsOf(playbook) ?? []).map(({ user }) => user))];
  if (authors.length === 0) throw new Error('its author is not known');
  if (authors.length > AUTHORS_MAX || [truster, ...authors].some((user) => user.length > USER_MAX))
    throw new Error(
      `its authors and the person who trusted it do not fit into an action: at most ${AUTHORS_MAX} authors, with ${USER_MAX} characters each`,
    );
  const time = new Date(due).toISOString().replace(/:00\.000Z$/, 'Z');
  return {
    name: actionName(metadata.name, due),
    spec: AgentActionSpec.parse({
      intent: {
        summary: `Run Playbook '${metadata.name}' as scheduled for ${time}`,
        reason: `schedule: ${timesInWords(spec.schedule, playbook)}`,
        agent: { name: 'schedule' },
      },
      onBehalfOf: { user: truster, authors },
      playbookRef: { name: metadata.name },
      ...(spec.schedule.parameters?.length ? { parameters: spec.schedule.parameters } : {}),
    }),
  };
}

/** The due time in the name of an action of a schedule; undefined for another name. */
export function dueOf(name: string): number | undefined {
  const minutes = NAME.exec(name)?.[1];
  return minutes === undefined ? undefined : Number(minutes) * MINUTE_MS;
}

/**
 * Since when the CronJob of a Playbook runs, in milliseconds since the epoch; undefined if it does not. What was due before that is missed: a
 * CronJob that continues would start it, and resuming should start nothing that was due meanwhile.
 */
export function runsSince({ status }: Pick<Playbook, 'status'>): number | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'Scheduled');
  return condition?.status === 'True' ? Date.parse(condition.lastTransitionTime) : undefined;
}

/** The name of the action of a schedule for a due time, which no other Playbook has. */
export function actionName(playbook: string, due: number): string {
  const minutes = Math.floor(due / MINUTE_MS);
  if (playbook.length <= NAME_MAX) return `${playbook}-scheduled-${minutes}`;
  const digest = createHash('sha256').update(playbook).digest('hex').slice(0, 8);
  return `${playbook.slice(0, NAME_MAX - 9).replace(/[.-]+$/, '')}-${digest}-scheduled-${minutes}`;
}
