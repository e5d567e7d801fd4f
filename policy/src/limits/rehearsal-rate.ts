import type { Activity, Hold } from './limits.ts';

/** How many rehearsals of one namespace may begin within a minute while other namespaces need sandboxes as well. */
export const REHEARSALS_PER_MINUTE = 30;
const MINUTE_MS = 60_000;
const LOOK_AGAIN_MS = 2_000;

// The states that use time of nodes and of the operator, now or soon.
const needsSandbox: ReadonlySet<Activity['phase']> = new Set(['Filed', 'Rehearsing', 'Queued', 'Running']);

/**
 * Why a rehearsal has to wait although a sandbox is free, and when to look again. Rehearsals that end at once hold no sandbox, and
 * starting pods one after the other keeps a node busier than what runs in them. So one namespace starts a bounded number a minute while
 * others need sandboxes; alone, as many as it can.
 */
export function holdRehearsalRate(
  self: Activity,
  all: Iterable<Activity>,
  now: number,
): (Hold & { readonly requeueAfterMs: number }) | undefined {
  const begun: number[] = [];
  let isShared = false;
  for (const one of all) {
    if (one.namespace !== self.namespace) isShared ||= needsSandbox.has(one.phase);
    else begun.push(...one.rehearsed.filter((at) => at > now - MINUTE_MS));
  }
  if (!isShared || begun.length < REHEARSALS_PER_MINUTE) return undefined;
  // As many have to be older than a minute as are too many by one more.
  const next = begun.sort((a, b) => a - b)[begun.length - REHEARSALS_PER_MINUTE] ?? now;
  return {
    policy: 'Sentinel',
    rule: 'sandboxes are shared between namespaces',
    message: `it waits to be rehearsed: this namespace began ${begun.length} rehearsals within a minute, and others wait for sandboxes`,
    requeueAfterMs: Math.max(LOOK_AGAIN_MS, next + MINUTE_MS - now),
  };
}
