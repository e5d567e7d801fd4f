import { Counter, Histogram, registry } from '@sentinel/kube';
import { type Refusal, ruleLabel } from '@sentinel/policy';

const registers = [registry];

/** What happened to a review: `Refused` for good, `Busy` for now, `Failed` when a check could not be made, which is a refusal as well. */
export type ReviewOutcome = 'Admitted' | 'Refused' | 'Busy' | 'Failed';

const reviews = new Counter({
  name: 'sentinel_webhook_reviews_total',
  help: 'Admission reviews that were judged, by resource, operation and outcome.',
  labelNames: ['resource', 'operation', 'outcome'] as const,
  registers,
});
const refusals = new Counter({
  name: 'sentinel_webhook_policy_refusals_total',
  help: 'What policies refused, by rule: one for each rule that a refused request breaks.',
  labelNames: ['rule'] as const,
  registers,
});
const time = new Histogram({
  name: 'sentinel_webhook_review_duration_seconds',
  help: 'How long a review took to be judged.',
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers,
});
const unjudged = new Counter({
  name: 'sentinel_webhook_requests_not_judged_total',
  help: 'Requests that were refused before they were judged, by status.',
  labelNames: ['code'] as const,
  registers,
});

/** The resources that the webhook reviews. Other callers must not be able to create more series. */
const resources: ReadonlySet<string> = new Set(['agentactions', 'playbooks', 'agentpolicies', 'clusteragentpolicies']);

// All series exist from the start: for Prometheus the first sample of a series is not an increase, even if it is 1.
for (const resource of resources)
  for (const operation of ['CREATE', 'UPDATE', 'DELETE'])
    for (const outcome of ['Admitted', 'Refused', 'Busy', 'Failed'] satisfies ReviewOutcome[])
      reviews.inc({ resource, operation, outcome }, 0);

/** The resource of a review as a label: `other` for one that the webhook is not asked about. */
export const resourceLabel = (resource: string): string => (resources.has(resource) ? resource : 'other');

/** Counts what policies refuse. */
export function noteRefusals(refused: readonly Refusal[]): void {
  for (const refusal of refused) refusals.inc({ rule: ruleLabel(refusal) });
}

/** Counts a review that was judged. */
export function noteReview(resource: string, operation: string, outcome: ReviewOutcome, seconds: number): void {
  reviews.inc({ resource: resourceLabel(resource), operation, outcome });
  time.observe(seconds);
}

/** Counts a request that was not judged. */
export const noteUnjudged = (status: number): void => unjudged.inc({ code: String(status) });
