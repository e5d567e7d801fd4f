import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export { Counter, Gauge, Histogram };

/** The registry everything here writes to, and `HealthServer` serves. Programs add their own metrics to it. Names are controller-runtime's. */
export const registry = new Registry();

const registers = [registry];
const controller = ['controller'] as const;
const name = ['name'] as const;
const latency = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const queueLatency = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000];

export const restClientRequests = new Counter({
  name: 'rest_client_requests_total',
  help: 'Number of HTTP requests, partitioned by status code, method, and host.',
  labelNames: ['code', 'method', 'host'] as const,
  registers,
});

export const restClientDuration = new Histogram({
  name: 'rest_client_request_duration_seconds',
  help: 'Request latency in seconds, to the headers of the answer. Broken down by verb, and host.',
  labelNames: ['verb', 'host'] as const,
  buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
  registers,
});

export const tracedSpans = new Counter({
  name: 'traced_spans_total',
  help: 'Spans of this process that were sent to the endpoint of traces (exported), or that it did not take (dropped).',
  labelNames: ['outcome'] as const,
  registers,
});

export const reconcileTotal = new Counter({
  name: 'controller_runtime_reconcile_total',
  help: 'Total number of reconciliations per controller',
  labelNames: ['controller', 'result'] as const,
  registers,
});

export const reconcileErrors = new Counter({
  name: 'controller_runtime_reconcile_errors_total',
  help: 'Total number of reconciliation errors per controller',
  labelNames: controller,
  registers,
});

export const reconcileConflicts = new Counter({
  name: 'controller_runtime_reconcile_conflicts_total',
  help: 'Total number of reconciliations that met a write conflict and were queued again at once',
  labelNames: controller,
  registers,
});

export const terminalReconcileErrors = new Counter({
  name: 'controller_runtime_terminal_reconcile_errors_total',
  help: 'Total number of terminal reconciliation errors per controller',
  labelNames: controller,
  registers,
});

export const reconcilePanics = new Counter({
  name: 'controller_runtime_reconcile_panics_total',
  help: 'Total number of reconciliation panics per controller',
  labelNames: controller,
  registers,
});

export const reconcileTimeouts = new Counter({
  name: 'controller_runtime_reconcile_timeouts_total',
  help: 'Total number of reconciliation timeouts per controller',
  labelNames: controller,
  registers,
});

export const reconcileTime = new Histogram({
  name: 'controller_runtime_reconcile_time_seconds',
  help: 'Length of time per reconciliation per controller',
  labelNames: controller,
  buckets: latency,
  registers,
});

export const maxConcurrentReconciles = new Gauge({
  name: 'controller_runtime_max_concurrent_reconciles',
  help: 'Maximum number of concurrent reconciles per controller',
  labelNames: controller,
  registers,
});

export const activeWorkers = new Gauge({
  name: 'controller_runtime_active_workers',
  help: 'Number of currently used workers per controller',
  labelNames: controller,
  registers,
});

export const queueDepth = new Gauge({
  name: 'workqueue_depth',
  help: 'Current depth of workqueue',
  labelNames: name,
  registers,
});
export const queueAdds = new Counter({
  name: 'workqueue_adds_total',
  help: 'Total number of adds handled by workqueue',
  labelNames: name,
  registers,
});
export const queueRetries = new Counter({
  name: 'workqueue_retries_total',
  help: 'Total number of retries handled by workqueue',
  labelNames: name,
  registers,
});
export const queueDuration = new Histogram({
  name: 'workqueue_queue_duration_seconds',
  help: 'How long in seconds an item stays in workqueue before being requested',
  labelNames: name,
  buckets: queueLatency,
  registers,
});
export const workDuration = new Histogram({
  name: 'workqueue_work_duration_seconds',
  help: 'How long in seconds processing an item from workqueue takes.',
  labelNames: name,
  buckets: queueLatency,
  registers,
});

/**
 * Shows a value that is read whenever metrics are, in place of an earlier one of that name. Nothing is shown while it is undefined.
 */
export function showGauge(name: string, help: string, value: () => number | undefined): void {
  registry.removeSingleMetric(name);
  new Gauge({
    name,
    help,
    registers,
    collect() {
      const now = value();
      if (now === undefined) this.remove();
      else this.set(now);
    },
  });
}

/** The queues whose running work is measured at scrape time. */
const running = new Map<string, () => readonly number[]>();

/** Makes `workqueue_unfinished_work_seconds` and `_longest_running_processor_seconds` read this queue. Returns how to stop it. */
export function observeRunningWork(queue: string, seconds: () => readonly number[]): () => void {
  running.set(queue, seconds);
  return () => running.delete(queue);
}

export const unfinishedWork = new Gauge({
  name: 'workqueue_unfinished_work_seconds',
  help: 'How many seconds of work has been done that is in progress and has not been observed by work_duration.',
  labelNames: name,
  registers,
  collect() {
    for (const [queue, seconds] of running)
      this.set(
        { name: queue },
        seconds().reduce((sum, one) => sum + one, 0),
      );
  },
});

export const longestRunning = new Gauge({
  name: 'workqueue_longest_running_processor_seconds',
  help: 'How many seconds has the longest running processor for workqueue been running.',
  labelNames: name,
  registers,
  collect() {
    for (const [queue, seconds] of running) this.set({ name: queue }, Math.max(0, ...seconds()));
  },
});

/** Sets every series of a controller to 0, so that rates and alerts work from the first scrape. */
export function initControllerMetrics(label: string, concurrency: number): void {
  for (const result of ['success', 'error', 'requeue', 'requeue_after']) reconcileTotal.inc({ controller: label, result }, 0);
  for (const counter of [reconcileErrors, reconcileConflicts, terminalReconcileErrors, reconcilePanics, reconcileTimeouts]) {
    counter.inc({ controller: label }, 0);
  }
  reconcileTime.zero({ controller: label });
  activeWorkers.set({ controller: label }, 0);
  maxConcurrentReconciles.set({ controller: label }, concurrency);
}

/** Sets every series of a queue to 0. */
export function initQueueMetrics(label: string): void {
  queueDepth.set({ name: label }, 0);
  queueAdds.inc({ name: label }, 0);
  queueRetries.inc({ name: label }, 0);
  queueDuration.zero({ name: label });
  workDuration.zero({ name: label });
}
