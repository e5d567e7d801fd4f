import { Counter, Gauge, Histogram, registry } from '@sentinel/kube';

const registers = [registry];

/** Who asks: a sandbox in one of its stages, or the operator. `unknown` until a token was verified. */
export type Asker = 'rehearsal' | 'run' | 'verification' | 'operator' | 'unknown';

const requests = new Counter({
  name: 'sentinel_gateway_requests_total',
  help: 'Requests that were answered, by who asked and the status of the answer. Status 0: the client was gone.',
  labelNames: ['asker', 'code'] as const,
  registers,
});
const time = new Histogram({
  name: 'sentinel_gateway_request_duration_seconds',
  help: 'How long requests took to be answered, watches included.',
  labelNames: ['asker'] as const,
  buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120],
  registers,
});
const refusals = new Counter({
  name: 'sentinel_gateway_refusals_total',
  help: 'Requests that the gateway refused, by the reason in its answer.',
  labelNames: ['reason'] as const,
  registers,
});
const forwarded = new Counter({
  name: 'sentinel_gateway_forwarded_total',
  help: 'Requests of rehearsals that were passed on to the replica that records them.',
  registers,
});

/** Counts a request that was answered. */
export function noteRequest(asker: Asker, status: number, seconds: number): void {
  requests.inc({ asker, code: String(status) });
  time.observe({ asker }, seconds);
}

/** Counts a refusal by the gateway itself. Reasons are those of Kubernetes and of claims: a fixed set. */
export const noteRefusal = (reason: string): void => refusals.inc({ reason });

/** Counts a request that is passed on. */
export const noteForwarded = (): void => forwarded.inc();

/** Updates the gauges of requests and rehearsals in progress whenever metrics are read. */
export function observeWork(work: { requests: () => number; rehearsals: () => number }): void {
  const gauge = (name: string, help: string, value: () => number) => {
    registry.removeSingleMetric(name);
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  gauge('sentinel_gateway_requests_in_flight', 'Requests that are not answered yet.', work.requests);
  gauge('sentinel_gateway_rehearsals', 'Rehearsals that this replica records and has not kept yet.', work.rehearsals);
}
