import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { observeStore } from '@sentinel/evidence/testing';
import { observeWork } from '@sentinel/gateway/testing';
import { registry } from '@sentinel/kube';
import { observeActions, observeSchedules, summarizeActions } from '@sentinel/operator/testing';
import '@sentinel/webhook/testing';

it('Every metric of the programs is in the guide, and the guide names no other', async () => {
  observeWork({ requests: () => 0, rehearsals: () => 0, storage: () => undefined });
  observeStore(() => ({ used: 0, limit: 0, items: 0 }));
  observeActions(() => summarizeActions([], 0));
  observeSchedules(() => []);
  const guide = readFileSync(new URL('../docs/guides/metrics.md', import.meta.url), 'utf8');
  const documented = new Set(
    [
      ...guide.matchAll(
        /`((?:sentinel|controller_runtime|workqueue|rest_client|kubernetes|leader_election|informer|certificate|traced)_[a-z_]+)/g,
      ),
    ].map(([, name]) => name),
  );
  const served = new Set((await registry.getMetricsAsJSON()).map(({ name }) => name));
  assert.deepEqual([...documented].sort(), [...served].sort());
});
