import { Gauge } from 'prom-client';
import { registry } from './metrics.ts';

type Read = () => number | Promise<number>;

/**
 * A gauge whose series are read from their sources whenever metrics are. Of several sources of one series the smallest value counts, so
 * that of several caches or checks of one name the worst one is shown. A source is shown from its registration until the answer is called.
 */
function sampledGauge<L extends string>(name: string, help: string, labelNames: readonly L[]) {
  const sources = new Set<{ readonly labels: Readonly<Record<L, string>>; readonly read: Read }>();
  new Gauge<L>({
    name,
    help,
    labelNames,
    registers: [registry],
    async collect() {
      const sampled = await Promise.all([...sources].map(async ({ labels, read }) => ({ labels, value: await read() })));
      this.reset();
      // The smallest is set last.
      for (const { labels, value } of sampled.sort((a, b) => b.value - a.value)) this.set(labels, value);
    },
  });
  return (labels: Readonly<Record<L, string>>, read: Read): (() => void) => {
    const source = { labels, read };
    sources.add(source);
    return () => void sources.delete(source);
  };
}

/** Shows a check of `/healthz` or `/readyz` as 1 (good) or 0, under the name and with the labels that components of Kubernetes use. */
export const observeHealthCheck = sampledGauge(
  'kubernetes_healthcheck',
  'The outcome of a health check: 1 when it is good, else 0',
  ['name', 'type'],
);

/** Shows whether this process leads, under client-go's name. */
export const observeLeadership = sampledGauge(
  'leader_election_master_status',
  'Whether this process holds the lease: 1 when it does, else 0',
  ['name'],
);

/** Shows whether the cache of a resource is fresh. */
export const observeInformer = sampledGauge(
  'informer_healthy',
  'Whether the cache of a resource is fresh: 1 when it is synced and its watch was heard lately, else 0',
  ['resource'],
);

const expiration = new Gauge({
  name: 'certificate_expiration_timestamp_seconds',
  help: 'When a certificate in use ends, in seconds since the epoch. Part: authority, or serving (what it issued)',
  labelNames: ['secret', 'part'] as const,
  registers: [registry],
});

/** Notes when a certificate ends. `secret` is the name of the Secret of its authority; `end` is in milliseconds since the epoch. */
export function noteExpiration(secret: string, part: 'authority' | 'serving', end: number): void {
  expiration.set({ secret, part }, end / 1000);
}
