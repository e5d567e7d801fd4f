import { Counter, Histogram, registry, showGauge } from '@sentinel/kube';
import { type Refusal, ruleLabel } from '@sentinel/policy';

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
const policyRefusals = new Counter({
  name: 'sentinel_gateway_policy_refusals_total',
  help: 'What policies refused, by rule: requests of sandboxes, and each rule that a rehearsal breaks before it begins.',
  labelNames: ['rule'] as const,
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

/** Counts what policies refuse. */
export function notePolicyRefusals(refused: readonly Refusal[]): void {
  for (const refusal of refused) policyRefusals.inc({ rule: ruleLabel(refusal) });
}

/** Counts a request that is passed on. */
export const noteForwarded = (): void => forwarded.inc();

/** What a process has under way, and what is stored for actions. */
export interface Work {
  readonly requests: () => number;
  readonly rehearsals: () => number;
  /** What is stored for the actions of all namespaces and what may be, in bytes; undefined while it cannot be counted. */
  readonly storage: () => { readonly used: number; readonly total: number } | undefined;
}

/** Shows what this process has under way, and what is stored, whenever metrics are read. */
export function observeWork(work: Work): void {
  showGauge('sentinel_gateway_requests_in_flight', 'Requests that are not answered yet.', work.requests);
  showGauge('sentinel_gateway_rehearsals', 'Rehearsals that this replica records and has not kept yet.', work.rehearsals);
  showGauge(
    'sentinel_storage_used_bytes',
    'What is stored for the actions of all namespaces, the ledger included.',
    () => work.storage()?.used,
  );
  showGauge('sentinel_storage_limit_bytes', 'What may be stored for them.', () => work.storage()?.total);
}
