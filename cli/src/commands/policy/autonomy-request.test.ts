import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { file, floorOf, policy, policyOf } from '../../../test/offline.ts';
import { FLOOR, OWN, RULES } from './autonomy.fixture.ts';

describe('A question about a request', () => {
  const ask = async (policies: string, ...argv: string[]) =>
    await policy(['can-i', '-f', file(policies), '-n', 'shop', '--as', 'ada', ...argv]);

  it('says what would let it start without a person', async () => {
    const ran = await ask(FLOOR + OWN, '--api', 'patch deployments.apps/web');
    assert.equal(ran.code, 3);
    assert.match(
      ran.out,
      /without a person: by a trusted Playbook whose autonomy is 'Auto' at risk Medium, after 2 runs that succeeded \(ClusterAgentPolicy\/floor: approvals\[0\]\)/,
    );
    assert.match(ran.out, /without a person: by ad-hoc steps/);
  });

  it('says why nothing would', async () => {
    const both = floorOf(`${RULES}\napprovals: [{upToRisk: High, autoReview: true}]`) + OWN;
    assert.match(
      (await ask(both, '--api', 'delete deployments.apps/web')).out,
      /needs a person: delete deployments 'web' deletes/,
    );
    const low = floorOf(`${RULES}\napprovals: [{upToRisk: Low, autoReview: true}, {upToRisk: High}]`) + OWN;
    const ran = await ask(low, '--api', 'patch deployments.apps/web');
    assert.match(ran.out, /'Auto' if only labels or annotations change at risk Low/);
    assert.doesNotMatch(ran.out, /ad-hoc steps/);
  });

  it('is silent if no policy has a rule about it', async () => {
    const ran = await ask(floorOf(`${RULES}\napprovals: [{upToRisk: High}]`) + OWN, '--api', 'patch deployments.apps/web');
    assert.doesNotMatch(ran.out, /without a person/);
  });

  it('tells programs', async () => {
    const ran = await ask(FLOOR + OWN, '-o', 'json', '--api', 'patch deployments.apps/web');
    const { autonomy } = JSON.parse(ran.out) as { autonomy: { when: string[]; notBecause: string[] } };
    assert.deepEqual([autonomy.when.length > 0, autonomy.notBecause], [true, []]);
  });
});

describe('What holds', () => {
  const values = async (policies: string) => {
    const ran = await policy(['explain', '--effective', '-f', file(policies), '-n', 'shop', '--as', 'ada', '-o', 'json']);
    const parsed = JSON.parse(ran.out) as {
      values: { field: string; value: string; policy: string; path: string; insteadOf?: string[] }[];
    };
    return (field: string) => parsed.values.filter((one) => one.field === field).map(({ field: _, ...rest }) => rest);
  };

  it('names the line that covers a risk, also where a line for less risk wants more people', async () => {
    const floor = floorOf(`${RULES}\napprovals: [{upToRisk: Low, approvals: 2}, {upToRisk: Critical, approvals: 1}]`);
    const of = await values(floor + policyOf('modes: [Apply]'));
    assert.deepEqual(of('approvals at risk High'), [
      { value: '2, good for 4h', policy: 'ClusterAgentPolicy/floor', path: 'approvals[1]' },
    ]);
  });

  it('is the default if no policy sets it', async () => {
    const of = await values(floorOf(`${RULES}\napprovals: [{upToRisk: High}]`) + policyOf('modes: [Apply]'));
    const built = { policy: 'Sentinel', path: 'default' };
    assert.deepEqual(of('limits.children'), [{ value: '0', ...built }]);
    assert.deepEqual(of('limits.depth'), [{ value: '1', ...built }]);
    for (const kind of ['prompts', 'parameters', 'logs', 'diffs'])
      assert.deepEqual(of(`dataHandling.${kind}`), [{ value: 'Redacted', ...built }]);
    assert.deepEqual(of('dataHandling.retainFor'), [{ value: 'for ever', ...built }]);
    assert.deepEqual(of('dataHandling.redact'), [{ value: 'what is known as a secret', ...built }]);
    assert.deepEqual(of('playbooks.adHocSteps')[0]?.value, 'Deny');
    assert.deepEqual(of('autoReview at risk Low'), [
      { value: 'false', policy: 'ClusterAgentPolicy/floor', path: 'approvals[0].autoReview' },
    ]);
    assert.deepEqual(of('autoReview at risk Critical'), [
      { value: 'false', policy: 'ClusterAgentPolicy/floor', path: 'approvals' },
    ]);
  });

  it('is the strictest of what policies say, with the layer that says it', async () => {
    const floor = floorOf(
      `${RULES}\nplaybooks: {adHocSteps: Allow}\napprovals: [{upToRisk: Critical, autoReview: true}]\nlimits: {children: 6, depth: 2, perDay: 5}\ndataHandling: {prompts: Hashed, logs: Stored, retainFor: 1h, redact: {patterns: ['ACME-\\d+']}}`,
    );
    const own = policyOf(
      `modes: [Apply]\nplaybooks: {adHocSteps: RequireApproval}\napprovals: [{upToRisk: Low, autoReview: true, autoReviewAfter: 7}, {upToRisk: Critical}]\nlimits: {children: 2}\ndataHandling: {prompts: Stored, retainFor: 90d, redact: {fields: [/data/*]}}`,
    );
    const of = await values(floor + own);
    const [shop, cluster] = ['AgentPolicy/shop', 'ClusterAgentPolicy/floor'];
    assert.deepEqual(of('autoReview at risk Low'), [
      { value: 'true', policy: `${shop}, ${cluster}`, path: 'approvals[0].autoReview' },
    ]);
    assert.deepEqual(of('autoReviewAfter at risk Low'), [
      { value: '7 runs that succeeded', policy: shop, path: 'approvals[0].autoReviewAfter' },
    ]);
    assert.deepEqual(of('autoReview at risk Medium'), [
      { value: 'false', policy: shop, path: 'approvals[1].autoReview', insteadOf: [`true (${cluster})`] },
    ]);
    assert.deepEqual(of('playbooks.adHocSteps'), [
      { value: 'RequireApproval', policy: shop, path: 'playbooks.adHocSteps', insteadOf: [`Allow (${cluster})`] },
    ]);
    assert.deepEqual(of('limits.children'), [
      { value: '2', policy: shop, path: 'limits.children', insteadOf: [`6 (${cluster})`] },
    ]);
    assert.deepEqual(of('limits.depth'), [{ value: '2', policy: cluster, path: 'limits.depth' }]);
    assert.deepEqual(of('dataHandling.prompts'), [
      { value: 'Hashed', policy: cluster, path: 'dataHandling.prompts', insteadOf: [`Stored (${shop})`] },
    ]);
    assert.deepEqual(of('dataHandling.logs'), [{ value: 'Stored', policy: cluster, path: 'dataHandling.logs' }]);
    assert.deepEqual(of('dataHandling.redact.patterns'), [
      { value: 'ACME-\\d+', policy: cluster, path: 'dataHandling.redact.patterns[0]' },
    ]);
    assert.deepEqual(of('dataHandling.redact.fields'), [
      { value: '/data/*', policy: shop, path: 'dataHandling.redact.fields[0]' },
    ]);
    assert.deepEqual(of('dataHandling.retainFor'), [
      {
        value: '1h (86400s, as long as limits count it)',
        policy: cluster,
        path: 'dataHandling.retainFor',
        insteadOf: [`90d (${shop})`],
      },
    ]);
  });

  it('is kept at least as long as the floor wants', async () => {
    const floor = floorOf(`${RULES}\napprovals: [{upToRisk: High}]\ndataHandling: {retainAtLeast: 90d}`);
    const of = await values(floor + policyOf('modes: [Apply]\ndataHandling: {retainFor: 30d}'));
    assert.equal(of('dataHandling.retainFor')[0]?.value, '30d (90d by retainAtLeast)');
    assert.deepEqual(of('dataHandling.retainAtLeast'), [
      { value: '90d', policy: 'ClusterAgentPolicy/floor', path: 'dataHandling.retainAtLeast' },
    ]);
  });

  it('lets nothing Critical start alone, whatever all of them say', async () => {
    const of = await values(
      floorOf(`${RULES}\napprovals: [{upToRisk: Critical, autoReview: true}]`) + policyOf('modes: [Apply]'),
    );
    assert.deepEqual(of('autoReview at risk Critical'), [
      { value: 'false', policy: 'Sentinel', path: 'always', insteadOf: ['true (ClusterAgentPolicy/floor)'] },
    ]);
  });
});
