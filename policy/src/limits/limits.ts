import { count } from '@sentinel/crds';
import { type Identity, isSubject } from '../identity/identity.ts';
import { type ApplicablePolicy, type PolicySet, policyName } from '../policyset/policy-set.ts';
import { isSchedule } from '../schedule/scheduled-action.ts';
import { seconds } from '../verdict/order.ts';
import type { PolicyErrorCode } from '../verdict/policy-errors.ts';
import type { Refusal } from '../verdict/verdict.ts';

const DAY_MS = 24 * 3600_000;
const HOUR_MS = 3600_000;

/** The facts about an action that limits use. Times are in milliseconds since the epoch. */
export interface Activity {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly requester: Identity;
  readonly playbook: string;
  /** Which version of the Playbook it was admitted with. */
  readonly playbookDigest: string | undefined;
  /** When it was admitted; undefined for one that was not. */
  readonly admitted: number | undefined;
  /**
   * `Filed`: not admitted; `Rehearsing`: not rehearsed to its end; `Waiting` for people; `Queued`: approved, waits for its turn;
   * `Running`: its run has begun; `Unresolved`: its run has ended, and a person must resolve an effect whose outcome is unknown.
   */
  readonly phase: 'Filed' | 'Rehearsing' | 'Waiting' | 'Queued' | 'Running' | 'Unresolved' | 'Ended';
  /** How often it was rehearsed: each edit starts over. */
  readonly attempts: number;
  /** When it was rehearsed: the last times, as far back as its status keeps them. */
  readonly rehearsed: readonly number[];
  /** When its plan began to wait for people. */
  readonly asked: number | undefined;
  /** Since when it waits for its turn. */
  readonly queued: number | undefined;
  readonly ended: number | undefined;
  /** Whether a real run of it failed. */
  readonly failed: boolean;
  /** Whether a real run of it succeeded. */
  readonly succeeded: boolean;
  /** Whether it has ended as asked for, with or without a real run. */
  readonly isGood?: boolean;
  /** The uid of the action that it undoes. */
  readonly undoes?: string | undefined;
  /** The parent action; undefined if there is none. */
  readonly parent: string | undefined;
  /** The uid of its oldest ancestor; its own uid without a parent. */
  readonly root: string;
  /** How many objects its real run changes; 0 before one has begun. */
  readonly changed: number;
  /** What its plan changes: one short name for each object. */
  readonly targets: readonly string[];
}

/** Why an approved action does not start yet. */
export interface Hold {
  readonly policy: string;
  readonly rule: string;
  readonly message: string;
}

/**
 * Whether limits refuse an action that was just created. Admitted actions are counted, so each admission must be stored before the next one is
 * evaluated.
 */
export function judgeFiling(set: PolicySet, self: Activity, all: Iterable<Activity>, now: number): Refusal[] {
  const bounded = set.policies.filter(({ spec }) => spec?.limits);
  if (bounded.length === 0) return [];
  const earlier = [...all].filter((one) => one.uid !== self.uid && one.admitted !== undefined);
  return bounded.flatMap((policy) =>
    ofFiling(
      policy,
      self,
      earlier.filter((one) => isCovered(policy, self, one)),
      now,
    ),
  );
}

function ofFiling(policy: ApplicablePolicy, self: Activity, earlier: readonly Activity[], now: number): Refusal[] {
  const { perDay, escalationsPerHour, coolDown } = policy.spec?.limits ?? {};
  const found: Refusal[] = [];
  const refuse = (code: PolicyErrorCode, rule: string, message: string) =>
    found.push({ code, policy: policyName(policy), rule: `limits.${rule}`, message });
  const own = earlier.filter((one) => isOneRequester(one, self));
  const who = isSchedule(self.requester) ? `the schedule of Playbook '${self.playbook}'` : `'${self.requester.user}'`;
  const times = (all: readonly Activity[], within: number) => all.reduce((sum, one) => sum + timesSince(one, now - within), 0);
  const today = times([...own, self], DAY_MS);
  if (perDay !== undefined && today >= perDay)
    refuse(
      'DailyLimitExceeded',
      'perDay',
      `${who} has had ${today} actions in 24 hours, edits included; at most ${perDay} are allowed`,
    );
  // Actions that are still being rehearsed may be submitted for approval as well.
  const asking = own.filter(({ phase, asked }) => phase === 'Rehearsing' || (asked !== undefined && asked > now - HOUR_MS));
  const asked = asking.reduce((sum, one) => sum + Math.max(1, timesSince(one, now - HOUR_MS)), times([self], HOUR_MS));
  if (escalationsPerHour !== undefined && asked >= escalationsPerHour)
    refuse(
      'EscalationLimitExceeded',
      'escalationsPerHour',
      `${who} has submitted ${asked} plans for approval in an hour, edits included; at most ${escalationsPerHour} are allowed`,
    );
  const rest = coolDown === undefined ? undefined : restOf(coolDown, self, earlier, now);
  if (rest) refuse('CoolDownActive', 'coolDown', rest.message);
  return found;
}

// All schedules share one account, so each Playbook with a schedule counts as a requester of its own.
const isOneRequester = (one: Activity, self: Activity): boolean =>
  one.requester.user === self.requester.user &&
  (!isSchedule(self.requester) || (one.namespace === self.namespace && one.playbook === self.playbook));

// An edit causes a new rehearsal, so it counts as another action, at the time of that rehearsal. Rehearsals without a time in the status are
// older than all that have one.
function timesSince({ admitted, attempts, rehearsed }: Activity, since: number): number {
  const oldest = Math.min(...(rehearsed.length > 0 ? rehearsed : [admitted ?? 0]));
  const forgotten = oldest > since ? Math.max(0, Math.max(admitted === undefined ? 0 : 1, attempts) - rehearsed.length) : 0;
  return forgotten + rehearsed.filter((time) => time > since).length;
}

function restOf(coolDown: string, self: Activity, others: readonly Activity[], now: number) {
  const failures = others.filter((one) => one.failed && one.playbook === self.playbook && one.namespace === self.namespace);
  const until = Math.max(...failures.map(({ ended }) => (ended ?? 0) + seconds(coolDown) * 1000));
  if (!(until > now)) return undefined;
  const what = self.playbook === '' ? 'Ad-hoc steps of this requester' : `Playbook '${self.playbook}'`;
  return { until, message: `${what} is in cool-down until ${new Date(until).toISOString()}, because a run failed` };
}

/** Until when an approved action waits because a run of its Playbook failed after it was filed; undefined if there is no cool-down. */
export function restsUntil(
  set: PolicySet,
  self: Activity,
  all: Iterable<Activity>,
  now: number,
): (Hold & { readonly until: number }) | undefined {
  const others = [...all].filter(({ uid }) => uid !== self.uid);
  const coolDowns = set.policies.flatMap((policy) => {
    const coolDown = policy.spec?.limits?.coolDown;
    const covered = coolDown === undefined ? [] : others.filter((one) => isCovered(policy, self, one));
    const rest = coolDown === undefined ? undefined : restOf(coolDown, self, covered, now);
    return rest ? [{ policy: policyName(policy), rule: 'limits.coolDown', ...rest }] : [];
  });
  return coolDowns.sort((a, b) => b.until - a.until)[0];
}

/** How many runs of the same Playbook, by its digest, have succeeded in a namespace since one failed. */
export function runsSinceFailure(self: Activity, all: Iterable<Activity>): number {
  if (self.playbookDigest === undefined) return 0;
  const same = [...all].filter(
    ({ namespace, playbookDigest }) => namespace === self.namespace && playbookDigest === self.playbookDigest,
  );
  const failed = Math.max(0, ...same.filter((one) => one.failed).map(({ ended }) => ended ?? 0));
  return same.filter((one) => one.succeeded && (one.ended ?? 0) > failed).length;
}

/** How many children an action has already. */
export const childrenOf = (parent: string, self: Activity, all: Iterable<Activity>): number =>
  [...all].filter((one) => one.parent === parent && one.uid !== self.uid).length;

/** Whether an action and all actions of its lineage stay within the limit of objects. */
export function judgeBudget(set: PolicySet, self: Activity, all: Iterable<Activity>, effects: number): Refusal[] {
  const relatives = [...all].filter((one) => one.root === self.root && one.uid !== self.uid);
  const spent = relatives.reduce((sum, { changed }) => sum + changed, 0);
  if (spent === 0) return [];
  return set.policies.flatMap((policy) => {
    const limit = policy.spec?.limits?.objects;
    if (limit === undefined || spent + effects <= limit) return [];
    return [
      {
        code: 'ObjectLimitExceeded' as const,
        policy: policyName(policy),
        rule: 'limits.objects',
        message: `the other actions of its lineage have changed ${count(spent, 'object')}, and its plan changes ${effects} more; a lineage may change at most ${limit}`,
      },
    ];
  });
}

/** Whether a policy counts admissions, so that one admission must be stored before the next is evaluated. */
export function countsFilings(set: PolicySet): boolean {
  return set.policies.some(({ spec }) => spec?.limits?.perDay !== undefined || spec?.limits?.escalationsPerHour !== undefined);
}

/**
 * Why an approved action has to wait: another run on the same object, or the limit of runs. The action that waits longest is first; the message
 * contains the position in the queue.
 */
export function holdStart(set: PolicySet, self: Activity, all: Iterable<Activity>): Hold | undefined {
  const others = [...all].filter(({ uid }) => uid !== self.uid);
  const running = others.filter(({ phase }) => phase === 'Running');
  const ahead = others.filter((one) => one.phase === 'Queued' && queueOrder(one, self) < 0);
  const targets = new Set(self.targets);
  // An action with an unknown outcome keeps its objects locked until a person has resolved it. It does not run, so it does not count as a run.
  const unresolved = others.filter(({ phase }) => phase === 'Unresolved');
  const rivals = [...unresolved, ...running, ...ahead].filter((one) => one.targets.some((target) => targets.has(target)));
  const first = rivals[0];
  if (first)
    return {
      policy: 'Sentinel',
      rule: 'one action at a time per target',
      message: `it waits for ${first.namespace}/${first.name}, which changes the same object${first.phase === 'Unresolved' ? ` and whose outcome is unknown until a person resolves it (kubectl sentinel plan ${first.name} -n ${first.namespace})` : ''}; place ${rivals.length} in the queue`,
    };
  for (const policy of set.policies) {
    const limit = policy.spec?.limits?.concurrent;
    if (limit === undefined) continue;
    const busy = running.filter((one) => isCovered(policy, self, one)).length;
    const before = ahead.filter((one) => isCovered(policy, self, one)).length;
    if (busy + before >= limit)
      return {
        policy: policyName(policy),
        rule: 'limits.concurrent',
        message: `${busy} of ${limit} runs are under way; place ${before + 1} in the queue`,
      };
  }
  return undefined;
}

// An AgentPolicy counts actions of its namespace, a ClusterAgentPolicy all actions; both only for requesters that they apply to.
function isCovered(policy: ApplicablePolicy, self: Activity, one: Activity): boolean {
  if (policy.kind === 'AgentPolicy' && one.namespace !== self.namespace) return false;
  return isSubject(policy.spec?.subjects, one.requester, policy.kind === 'AgentPolicy' ? self.namespace : undefined);
}

function queueOrder(a: Activity, b: Activity): number {
  const [mine, theirs] = [a.queued ?? Number.POSITIVE_INFINITY, b.queued ?? Number.POSITIVE_INFINITY];
  if (mine !== theirs) return mine - theirs;
  return a.uid < b.uid ? -1 : 1;
}
