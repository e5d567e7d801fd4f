import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { registry } from '@sentinel/kube';
import { noteRefusals, noteReview } from './metrics.ts';

const refusal = (rule: string) => ({
  code: 'ImageNotAllowed' as const,
  policy: 'ClusterAgentPolicy/floor',
  rule,
  message: '',
});
const reviews = (resource: string, outcome: string, operation = 'CREATE') =>
  `sentinel_webhook_reviews_total{resource="${resource}",operation="${operation}",outcome="${outcome}"}`;

describe('The metrics of the webhook', () => {
  it('show each series from the start, so that the first refusal is an increase', async () => {
    // Other files of tests share the process and the registry, and none of them has this one.
    assert.ok((await registry.metrics()).includes(`${reviews('clusteragentpolicies', 'Busy', 'DELETE')} 0`));
  });

  it('have no more series, whatever a stranger calls a resource or an admin a rule', async () => {
    noteReview('whatever', 'CREATE', 'Admitted', 0.1);
    noteRefusals([refusal('images'), refusal('images'), refusal('parameters[whatever]')]);
    const text = await registry.metrics();
    assert.ok(text.includes(`${reviews('other', 'Admitted')} 1`));
    assert.ok(text.includes('sentinel_webhook_policy_refusals_total{rule="images"} 2'));
    assert.ok(text.includes('sentinel_webhook_policy_refusals_total{rule="parameters"} 1'));
    assert.doesNotMatch(text, /whatever/);
  });
});
