import { readLevel } from './level.ts';
import type { LogLine } from './line.ts';
import { templateOf } from './template.ts';

/** Error lines that differ only in numbers, times, ids and names. */
export interface Cluster {
  readonly template: string;
  readonly count: number;
  readonly firstSeen: string | undefined;
  readonly lastSeen: string | undefined;
  /** The first different lines, as they were written. */
  readonly samples: readonly { readonly text: string; readonly time: string | undefined; readonly pod: string }[];
  /** In how many Pods they were seen. */
  readonly pods: number;
}

/** What the logs of a workload contain. */
export interface Clusters {
  readonly lines: number;
  readonly errors: number;
  /** The clusters, the largest first. */
  readonly clusters: readonly Cluster[];
}

const MOST_SAMPLES = 3;

/** Puts the error lines of logs into clusters. All lines are counted before any cluster is left out, so that many small ones hide no large one. */
export function clusterLines(lines: readonly LogLine[]): Clusters {
  const errors = lines.flatMap((line) => {
    const { isError, message } = readLevel(line.text);
    return isError ? [{ line, template: templateOf(message) }] : [];
  });
  const groups = Map.groupBy(errors, ({ template }) => template);
  const clusters = [...groups].map(([template, group]) =>
    clusterOf(
      template,
      group.map(({ line }) => line),
    ),
  );
  clusters.sort((a, b) => b.count - a.count || a.template.localeCompare(b.template, 'en'));
  return { lines: lines.length, errors: errors.length, clusters };
}

function clusterOf(template: string, lines: readonly LogLine[]): Cluster {
  const times = lines.flatMap(({ time }) => time ?? []).sort();
  const samples = new Map(lines.map((line) => [line.text, line] as const).reverse());
  return {
    template,
    count: lines.length,
    firstSeen: times[0],
    lastSeen: times.at(-1),
    samples: [...samples.values()]
      .reverse()
      .slice(0, MOST_SAMPLES)
      .map(({ text, time, pod }) => ({ text, time, pod })),
    pods: new Set(lines.map(({ pod }) => pod)).size,
  };
}
