import { createHash } from 'node:crypto';
import { AgentActionSpec, type Playbook, SCHEDULE_USER } from '@sentinel/crds';
import { AUTHORS_MAX, authorsOf, type FloorTrust, lendersOf, type SealedTrust } from '../approval/trust.ts';
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

/** Whether an identity is the account that files the actions of all schedules. */
export const isSchedule = ({ user }: Pick<Identity, 'user'>): boolean => user === SCHEDULE_USER;

/**
 * The action of a schedule for a due time, in milliseconds since the epoch; undefined without a schedule. Throws an error if the people who count
 * as its requesters have no room in it. `lender` is whom `behalfOf` names.
 */
export function scheduledAction(playbook: Playbook, lender: string, due: number): ScheduledAction | undefined {
  const { metadata, spec } = playbook;
  if (!spec.schedule) return undefined;
  const authors = [...new Set((authorsOf(playbook) ?? []).map(({ user }) => user))];
  if (authors.length === 0) throw new Error('its author is not known');
  if (authors.length > AUTHORS_MAX || [lender, ...authors].some((user) => user.length > USER_MAX))
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
      onBehalfOf: { user: lender, authors },
      playbookRef: { name: metadata.name },
      ...(spec.schedule.parameters?.length ? { parameters: spec.schedule.parameters } : {}),
    }),
  };
}

/** On whose behalf a schedule files its actions: of the person who sealed the Playbook; where the floor trusts it, of its last author. */
export const behalfOf = (trust: SealedTrust | FloorTrust): string => lendersOf(trust).at(-1)?.user ?? '';

/**
 * The same by the status of a Playbook, which the operator writes; undefined if it is not trusted. The pod of a schedule does not judge trust:
 * the webhook compares what it files.
 */
export function behalfByStatus({ metadata, status }: Pick<Playbook, 'metadata' | 'status'>): string | undefined {
  if (status?.trustedBy !== undefined) return status.trustedBy;
  return status?.trustedByPolicies?.length ? authorsOf({ metadata })?.at(-1)?.user : undefined;
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
