import { isDeepStrictEqual } from 'node:util';
import {
  type AgentAction,
  type Playbook,
  type PlaybookStatus,
  playbooks,
  type Reason,
  SCHEDULE_GROUPS,
  SCHEDULE_USER,
} from '@sentinel/crds';
import { copyOf, type EventRecorder, type KubeClient, type Result, referenceTo, setCondition } from '@sentinel/kube';
import {
  agentRules,
  isBeingDeleted,
  lendersOf,
  type PolicySet,
  playbookDigest,
  playbookFaults,
  policySet,
  readSealKeys,
  type Trust,
  type TrustRecord,
  trustedDigests,
  trustOf,
} from '@sentinel/policy';
import type { Caches } from '../caches.ts';
import { mayAllUse } from '../facts/gather.ts';
import { noteMissed } from '../metrics.ts';
import { decideSchedule } from '../schedule/decide-schedule.ts';
import { cronJobKey, deleteCronJob, keepCronJob } from '../schedule/keep-cron-job.ts';
import { healthChanged } from '../schedule/observe-schedule.ts';
import { addSchedule } from '../schedule/schedule-status.ts';
import { addStanding } from '../schedule/standing-status.ts';

/** As many names as the status has room for. */
const POLICIES_SHOWN = 16;
/** Timers cannot be much longer. */
const DAY_MS = 24 * 3600_000;
const REFUSED_MS = 300_000;

/** What a Playbook is reconciled with. */
export interface PlaybookContext {
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly events: EventRecorder;
  /** The image of the pods of schedules. */
  readonly image: string;
  readonly now: Date;
}

/** Keeps the CronJob of a Playbook, and updates its status if it changed. */
export async function reconcilePlaybook({ client, caches, events, image, now }: PlaybookContext, key: string): Promise<Result> {
  const playbook = caches.playbooks.store.get(key);
  const found = caches.cronJobs.store.get(cronJobKey(key));
  if (!playbook || isBeingDeleted(playbook)) await deleteCronJob(client, found);
  if (!playbook) return undefined;
  const keys = readSealKeys(caches.sealKeys.store.list()[0]?.data as Record<string, string> | undefined);
  const namespace = playbook.metadata.namespace;
  const local = caches.policies.store.list().filter(({ metadata }) => metadata.namespace === namespace);
  const floor = caches.clusterPolicies.store.list();
  const rules = { agents: agentRules([...floor, ...local]), trustedDigests: trustedDigests(floor) };
  const trust = trustOf(playbook, keys, rules);
  const own = playbookStatus(playbook, trust, now);
  // A finalizer may keep it for long: its status says why nothing runs any more.
  if (isBeingDeleted(playbook)) {
    await writeStatus(client, playbook, own);
    return undefined;
  }
  const schedule = decideSchedule({
    playbook,
    trust,
    mayUseAccount:
      trust.trusted && playbook.spec.schedule
        ? await mayAllUse(client, lendersOf(trust), namespace ?? '', playbook.spec.account)
        : undefined,
    policies: policiesOfSchedules(caches, namespace ?? ''),
    now: now.getTime(),
  });
  await keepCronJob(playbook, schedule, { client, found, image, now: now.getTime() });
  const actions = actionsOfSchedule(caches, playbook);
  const scheduled = addSchedule(own, { playbook, schedule, actions, now });
  const { status, lookAt } = addStanding(scheduled, { playbook, trust, keys, now: now.getTime() });
  if (await writeStatus(client, playbook, status)) {
    noteMissed(playbook.status, status);
    await tellHealth(events, playbook, status);
  }
  // No watch reports a right that is granted.
  if (schedule.reason === 'ScheduleRefused') return { requeueAfterMs: REFUSED_MS };
  return lookAt === undefined ? undefined : { requeueAfterMs: Math.min(DAY_MS, Math.max(1000, lookAt - now.getTime())) };
}

async function writeStatus(client: KubeClient, playbook: Playbook, status: PlaybookStatus): Promise<boolean> {
  if (isDeepStrictEqual(status, playbook.status)) return false;
  await client.replaceStatus(playbooks, { ...copyOf(playbook), status });
  return true;
}

function policiesOfSchedules({ namespaces, clusterPolicies, policies }: Caches, name: string): PolicySet {
  const namespace = { metadata: { ...namespaces.store.get(name)?.metadata, name } };
  const sources = { namespace, clusterPolicies: clusterPolicies.store.list(), policies: policies.store.list() };
  return policySet(sources, { user: SCHEDULE_USER, groups: SCHEDULE_GROUPS });
}

const actionsOfSchedule = ({ actions }: Caches, { metadata }: Playbook): AgentAction[] =>
  actions.store.byIndex('schedule', `${metadata.namespace ?? ''}/${metadata.name}`);

// Named for the moment of the change, so that it is told once.
async function tellHealth(events: EventRecorder, playbook: Playbook, status: PlaybookStatus): Promise<void> {
  const health = status.conditions?.find(({ type }) => type === 'Healthy');
  if (!health || !healthChanged(playbook.status, status)) return;
  await events.record({
    name: `${playbook.metadata.name.slice(0, 200)}.${Date.parse(health.lastTransitionTime).toString(16)}`,
    regarding: referenceTo(playbook),
    type: health.status === 'True' ? 'Normal' : 'Warning',
    reason: health.reason,
    action: 'Scheduled',
    note: health.message,
  });
}

/**
 * Reports the digest of a Playbook, whether it is valid, and whether the digest is trusted, evaluated with the same rules as at a start. Owns
 * the conditions Ready and Trusted.
 */
export function playbookStatus(playbook: Playbook, trust: Trust, now: Date): PlaybookStatus {
  const faults = playbookFaults(playbook.spec);
  const generation = playbook.metadata.generation;
  const ready = {
    type: 'Ready',
    status: faults.length === 0 ? ('True' as const) : ('False' as const),
    reason: faults.length === 0 ? 'Satisfied' : 'Invalid',
    message:
      faults.length === 0
        ? 'The Playbook can be run as written.'
        : `The Playbook cannot be run as written; correct it: ${faults.join('; ')}`,
    observedGeneration: generation,
  };
  const trusted = { type: 'Trusted', ...trustCondition(playbook, trust), observedGeneration: generation };
  return {
    observedGeneration: generation,
    conditions: setCondition(setCondition(playbook.status?.conditions, ready, now), trusted, now),
    digest: playbookDigest(playbook),
    ...trustedBy(trust),
  };
}

function trustedBy(trust: Trust): Pick<PlaybookStatus, 'trustedBy' | 'trustedAt' | 'trustedByPolicies'> {
  if (!trust.trusted) return {};
  if (trust.by) return { trustedBy: trust.by.user.slice(0, 253), trustedAt: trust.by.time };
  return { trustedByPolicies: trust.policies.slice(0, POLICIES_SHOWN) };
}

function trustCondition({ metadata }: Playbook, trust: Trust): { status: 'True' | 'False'; reason: Reason; message: string } {
  if (trust.trusted)
    return {
      status: 'True',
      reason: 'Satisfied',
      message: trust.by
        ? `sealed by ${trust.by.user}${exemption(trust.by)}`
        : `trusted by ${trust.policies
            .slice(0, POLICIES_SHOWN)
            .map((name) => `ClusterAgentPolicy/${name}`)
            .join(', ')}`.slice(0, 2048),
    };
  const next = `kubectl sentinel trust ${metadata.name} -n ${metadata.namespace ?? ''}`;
  if (trust.sealInvalid)
    return {
      status: 'False',
      reason: 'SealInvalid',
      message: `The seal of the Playbook is not valid: ${trust.why}. If no key was removed lately, tell your security team. To trust the Playbook again, someone with the verb 'trust' who did not write it runs: ${next}`,
    };
  return {
    status: 'False',
    reason: 'NotTrusted',
    message: `The Playbook is not trusted: ${trust.why}. Where policy asks for trust, its actions are refused until someone with the verb 'trust' who did not write it runs: ${next}`,
  };
}

const exemption = ({ exemptBy }: TrustRecord) =>
  exemptBy === undefined ? '' : `, who could act as the author and is exempted by ${exemptBy.slice(0, 512)}`;
