import type { Evidence, Finding } from '@sentinel/findings';
import { ageOf, type KubeEvent, timeOf } from '../objects.ts';

/** When an Event was seen last, whichever form its recorder used. */
export const lastSeenOf = (event: KubeEvent): string | undefined =>
  timeOf(event.series?.lastObservedTime ?? event.deprecatedLastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp);

/** When an Event was seen first. */
export const firstSeenOf = (event: KubeEvent): string | undefined =>
  timeOf(event.deprecatedFirstTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp);

/** How often an Event was seen. */
export const timesOf = (event: KubeEvent): number => Math.max(1, event.series?.count ?? event.deprecatedCount ?? 1);

/** The object that an Event is about. */
export const objectOf = ({ regarding, metadata }: KubeEvent) => {
  const namespace = regarding?.namespace || metadata.namespace;
  return {
    kind: (regarding?.kind || 'Event').slice(0, 128),
    ...(namespace && { namespace }),
    name: regarding?.name || metadata.name || '(no name)',
  };
};

/** An Event that was seen fewer times than this is a note, not a warning: a probe may fail once while a Pod starts. */
const MANY = 3;

/**
 * Warning Events of the window, one finding for each object and reason. Their severity follows from how often they were seen; the text of an
 * Event is evidence and decides nothing.
 */
export function eventFindings(events: readonly KubeEvent[], windowMs: number, now: number): Finding[] {
  const recent = events.filter((event) => event.type === 'Warning' && ageOf(lastSeenOf(event), now) <= windowMs);
  const groups = Map.groupBy(recent, (event) => {
    const { kind, namespace, name } = objectOf(event);
    return JSON.stringify([kind, namespace, name, event.reason]);
  });
  return [...groups.values()].map((group) => {
    const [first] = group as [KubeEvent, ...KubeEvent[]];
    const count = group.reduce((sum, event) => sum + timesOf(event), 0);
    const firstSeen = group.flatMap((event) => firstSeenOf(event) ?? []).sort()[0];
    const lastSeen = group
      .flatMap((event) => lastSeenOf(event) ?? [])
      .sort()
      .at(-1);
    return {
      check: 'event-warning',
      severity: count >= MANY ? 'Warning' : 'Info',
      object: objectOf(first),
      summary: `Warning Events with the reason '${(first.reason ?? '').slice(0, 128)}'`,
      count,
      ...(firstSeen && { firstSeen }),
      ...(lastSeen && { lastSeen }),
      evidence: group.slice(0, 3).map(evidenceOf),
    };
  });
}

function evidenceOf(event: KubeEvent): Evidence {
  const time = lastSeenOf(event);
  return { source: 'Event', text: event.note ?? '', ...(time && { time }), count: timesOf(event) };
}
