import type { AgentAction } from '@sentinel/crds';
import type { Moment, ObjectReference } from '@sentinel/findings';
import { firstSeenOf, lastSeenOf, objectOf, timesOf } from '../health/index.ts';
import type { Clusters } from '../logs/index.ts';
import { type KubeEvent, referTo, timeOf, type Workload } from '../objects.ts';

/** A period, in milliseconds since 1970. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Whether a time is in a period. A time that cannot be read is not. */
export const isWithin = (time: string | undefined, { from, to }: Window): boolean => {
  const at = Date.parse(time ?? '');
  return at >= from && at <= to;
};

/** Warning Events, each where it was seen first in the window, and once more where it was seen last. */
export const eventMoments = (events: readonly KubeEvent[], window: Window): Moment[] =>
  events
    // Events about actions repeat their records.
    .filter(({ type, regarding }) => type === 'Warning' && regarding?.kind !== 'AgentAction')
    .flatMap((event): Moment[] => {
      const text = `${event.reason ?? ''}: ${event.note ?? ''}`;
      const common = { source: 'Event' as const, object: objectOf(event), text };
      const [first, last] = [firstSeenOf(event), lastSeenOf(event)];
      const seen = [...new Set([first, last])].filter((time) => time !== undefined && isWithin(time, window));
      return seen.map((time) => ({ ...common, time: time as string, ...(time === last && { count: timesOf(event) }) }));
    });

const REVISION = 'deployment.kubernetes.io/revision';

/** Rollouts: when the ReplicaSet of each revision of a Deployment was created. */
export const rolloutMoments = (replicaSets: readonly Workload[], window: Window): Moment[] =>
  replicaSets.flatMap((set): Moment[] => {
    const owner = set.metadata.ownerReferences?.find(({ controller }) => controller);
    const time = timeOf(set.metadata.creationTimestamp);
    if (owner?.kind !== 'Deployment' || time === undefined || !isWithin(time, window)) return [];
    const namespace = set.metadata.namespace;
    const object: ObjectReference = { kind: 'Deployment', ...(namespace && { namespace }), name: owner.name };
    return [{ time, source: 'Rollout', object, text: `revision ${set.metadata.annotations?.[REVISION] ?? 'unknown'} began` }];
  });

/** The first error of each cluster. */
export const logMoments = (object: ObjectReference, { clusters }: Clusters, window: Window): Moment[] =>
  clusters.flatMap(({ template, firstSeen, count, samples }): Moment[] =>
    firstSeen === undefined || !isWithin(firstSeen, window)
      ? []
      : [{ time: firstSeen, source: 'Log', object, count, text: samples[0]?.text ?? template }],
  );

/** The transitions of actions, with who caused each one. */
export const actionMoments = (actions: readonly AgentAction[], window: Window): Moment[] =>
  actions.flatMap((action) =>
    (action.status?.outbox?.records ?? []).flatMap(({ time, transition, actor, summary }): Moment[] => {
      const at = timeOf(time);
      if (at === undefined || !isWithin(at, window)) return [];
      return [{ time: at, source: 'Action', object: referTo(action), actor, text: `${transition}: ${summary}` }];
    }),
  );

/** What people decided about actions, as the operator counted it. */
export const decisionMoments = (actions: readonly AgentAction[], window: Window): Moment[] =>
  actions.flatMap((action) =>
    (action.status?.decisions ?? []).flatMap(({ time, user, decision, comment, counts, why }): Moment[] => {
      const at = timeOf(time);
      if (at === undefined || !isWithin(at, window)) return [];
      const fate = counts ? '' : ` (does not count: ${why ?? 'no reason is recorded'})`;
      const words = comment === undefined || comment === '' ? '' : `: ${comment}`;
      return [{ time: at, source: 'Decision', object: referTo(action), actor: user, text: `${decision}${fate}${words}` }];
    }),
  );
