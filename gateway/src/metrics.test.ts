import assert from 'node:assert/strict';
import { it } from 'node:test';
import { registry } from '@sentinel/kube';
import { notePolicyRefusals, observeWork } from './metrics.ts';

it('What is stored is shown with its limit, and not while it cannot be counted', async () => {
  let storage: { used: number; total: number } | undefined = { used: 5, total: 512 };
  observeWork({ requests: () => 2, rehearsals: () => 1, storage: () => storage });
  const counted = await registry.metrics();
  assert.match(counted, /^sentinel_storage_used_bytes 5$/m);
  assert.match(counted, /^sentinel_storage_limit_bytes 512$/m);
  assert.match(counted, /^sentinel_gateway_requests_in_flight 2$/m);
  storage = undefined;
  assert.doesNotMatch(await registry.metrics(), /^sentinel_storage_/m);
});

it('Refusals are counted by a fixed set of rules', async () => {
  const refusal = { code: 'ApiRequestDenied' as const, policy: 'Sentinel', message: '' };
  notePolicyRefusals([
    { ...refusal, rule: 'protected secrets' },
    { ...refusal, rule: 'kubernetes[3]' },
  ]);
  const text = await registry.metrics();
  assert.match(text, /^sentinel_gateway_policy_refusals_total\{rule="protected.secrets"\} 1$/m);
  assert.match(text, /^sentinel_gateway_policy_refusals_total\{rule="kubernetes"\} 1$/m);
});
