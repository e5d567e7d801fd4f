/** The moments of an action that is rehearsed, approved and run, in their order. Each names what has happened by then. */
export const MOMENTS = [
  'filed',
  'admitted',
  'rehearsal: Job created',
  'rehearsal: Job released',
  'rehearsal: pod created',
  'rehearsal: gate started',
  'rehearsal: gate opened',
  'rehearsal: steps ended',
  'rehearsal: end reached',
  'plan shown',
  'approved',
  'run: Job created',
  'run: Job released',
  'run: pod created',
  'run: gate started',
  'run: gate opened',
  'run: effect done',
  'run: steps ended',
  'run: end reached',
  'done',
] as const;

export type Moment = (typeof MOMENTS)[number];

/** When each moment of one action was seen, in seconds. */
export type Timeline = ReadonlyMap<Moment, number>;

/** How long each stage took, in seconds: from the moment before it that was seen. A moment that was seen late counts for no later one. */
export function stagesOf(timeline: Timeline): Map<Moment, number> {
  const stages = new Map<Moment, number>();
  let last: number | undefined;
  for (const moment of MOMENTS) {
    const at = timeline.get(moment);
    if (at === undefined) continue;
    if (last !== undefined) stages.set(moment, Math.max(0, at - last));
    last = Math.max(last ?? at, at);
  }
  return stages;
}

/** The median of some numbers; the upper one of two. NaN of none. */
export const median = (all: readonly number[]): number =>
  [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;

/** A table of the medians of each stage, a column for each phase of the measurement. */
export function stageTable(phases: Readonly<Record<string, readonly Timeline[]>>): string {
  const names = Object.keys(phases);
  const stages = Object.values(phases).map((timelines) => timelines.map(stagesOf));
  const cell = (at: number, moment: Moment) => {
    const seconds = (stages[at] ?? []).flatMap((one) => one.get(moment) ?? []);
    return seconds.length === 0 ? '-' : median(seconds).toFixed(2);
  };
  const rows = MOMENTS.slice(1).map((moment) => [moment, ...names.map((_, at) => cell(at, moment))]);
  return [['until', ...names], ...rows]
    .map(([moment = '', ...cells]) => `${moment.padEnd(26)}${cells.map((text) => text.padStart(12)).join('')}`)
    .join('\n');
}
