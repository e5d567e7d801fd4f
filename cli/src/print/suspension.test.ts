import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ok, refusal, runAgainst } from '../../test/fake-cluster.ts';

const suspension = [{ policy: 'ClusterAgentPolicy/floor', by: 'sid', since: '2026-03-02T10:00:00Z' }];
const held = {
  metadata: { name: 'a', namespace: 'shop' },
  spec: {},
  status: { suspension, conditions: [{ type: 'Succeeded', status: 'Unknown', reason: 'Suspended', message: '' }] },
};
const local = {
  kind: 'AgentPolicy',
  metadata: { name: 'shop', namespace: 'shop' },
  spec: { suspended: true },
  status: { suspension: { suspended: true, by: 'ada\u202e', since: '2026-03-02T10:00:00Z' } },
};

describe('The queue while a kill switch is on', () => {
  it('begins with each of them, also where the caller cannot read the policies of the cluster', async () => {
    const ran = await runAgainst(
      ({ path }) => {
        if (path.endsWith('/clusteragentpolicies')) return refusal(403, 'Forbidden', 'no');
        return ok({ metadata: {}, items: path.endsWith('/agentpolicies') ? [local] : [held] });
      },
      ['queue'],
    );
    const lines = ran.out.split('\n');
    assert.match(lines[0] ?? '', /^SUSPENDED by ClusterAgentPolicy\/floor, turned on by sid, \d+[smhd] ago: nothing/);
    assert.match(lines[1] ?? '', /^SUSPENDED by AgentPolicy\/shop in namespace shop, turned on by ada\S+, /);
    assert.ok(!ran.out.includes('\u202e'));
    assert.match(lines[2] ?? '', /^NAME /);
  });
});
