/** How long something took the last time, by name; what is not known comes first, in the order given. */
export function longestFirst<T>(things: readonly T[], seconds: (thing: T) => number | undefined): T[] {
  return things.toSorted((a, b) => (seconds(b) ?? Number.POSITIVE_INFINITY) - (seconds(a) ?? Number.POSITIVE_INFINITY) || 0);
}

/** Deals things into lanes that take about the same time. */
export function deal<T>(things: readonly T[], lanes: number, seconds: (thing: T) => number): T[][] {
  const dealt = Array.from({ length: lanes }, () => ({ things: [] as T[], seconds: 0 }));
  for (const thing of things.toSorted((a, b) => seconds(b) - seconds(a))) {
    const lane = dealt.reduce((least, one) => (one.seconds < least.seconds ? one : least));
    lane.things.push(thing);
    lane.seconds += seconds(thing);
  }
  return dealt.map((lane) => lane.things);
}

/** Runs each thing, `workers` at a time, until all are done or `mayStart` says no; answers with those that were left out. */
export async function runEach<T>(
  things: readonly T[],
  workers: number,
  run: (thing: T) => Promise<void>,
  mayStart: () => boolean = () => true,
): Promise<T[]> {
  const waiting = [...things];
  const work = async () => {
    while (waiting.length > 0 && mayStart()) {
      const thing = waiting.shift();
      if (thing !== undefined) await run(thing);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return waiting;
}
