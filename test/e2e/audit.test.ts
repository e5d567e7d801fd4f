import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type AuditRecord, verifyChain } from '@sentinel/crds';
import { auditEntries } from '../lib/audit-log.ts';
import { admin, eventually, example } from '../lib/cluster.ts';
import { receivedLogs, receivedSpans } from '../lib/telemetry.ts';
import { type ActionView, makeTenant, type Tenant } from '../lib/tenant.ts';

describe('The audit trail of an action', { concurrency: false }, () => {
  let tenant: Tenant;
  let action: ActionView;
  const records = () => (action.status?.outbox?.records ?? []) as readonly AuditRecord[];

  before(async () => {
    tenant = await makeTenant('audit');
    await admin.apply(example('shop/workload.yaml').replaceAll('namespace: shop', `namespace: ${tenant.namespace}`));
    const name = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    await tenant.until(name, ['AwaitingApproval']);
    await tenant.decide(tenant.approver, name, 'approve');
    await tenant.until(name, ['Succeeded']);
    action = await eventually('the cursor at the end', async () => {
      const now = await tenant.action(name);
      return now.status?.outbox?.exported === now.status?.outbox?.sequence ? now : undefined;
    });
  });

  it('is a hash chain that verifies, up to the head that the object names', () => {
    const { sequence = 0, head = '' } = action.status?.outbox ?? {};
    assert.deepEqual(verifyChain(records(), { sequence, hash: head }), []);
  });

  it('came out of the Collector whole: one log record for each, with the same hashes, in one trace', () => {
    const mine = receivedLogs().filter(({ attributes }) => attributes['sentinel.action.uid'] === action.metadata.uid);
    const bySequence = new Map(mine.map((one) => [Number(one.attributes['sentinel.record.sequence']), one]));
    for (const record of records()) {
      const sent = bySequence.get(record.sequence);
      assert.equal(sent?.attributes['sentinel.record.hash'], record.hash);
      assert.equal(sent?.attributes['sentinel.record.previous'], record.previous);
      assert.equal(sent?.body, record.summary);
    }
    assert.equal(new Set(mine.map(({ traceId }) => traceId)).size, 1);
  });

  it('says who asked with which words, who approved, what ran', () => {
    const mine = receivedLogs().filter(({ attributes }) => attributes['sentinel.action.uid'] === action.metadata.uid);
    const of = (transition: string) =>
      mine.find(({ attributes }) => attributes['sentinel.transition'] === transition)?.attributes ?? {};
    assert.equal(of('Admitted')['sentinel.intent.prompt'], 'web is broken, please repair it');
    assert.equal(of('Admitted')['gen_ai.agent.name'], 'codex');
    assert.equal(of('Admitted')['sentinel.actor'], `system:serviceaccount:${tenant.namespace}:repair-agent`);
    assert.equal(of('Decided')['sentinel.actor'], 'ada');
    assert.equal(of('RunEnded')['sentinel.effects.done'], '1');
    assert.equal(of('RunEnded')['sentinel.effects.planned'], '1');
    assert.equal(of('RunEnded')['sentinel.effects.done_numbers'], '1');
    assert.equal(of('Ended')['sentinel.state'], 'Succeeded');
  });

  it('has one trace with a span for each stage, below that of the action', async () => {
    const spans = await eventually('the spans', async () => {
      const found = receivedSpans().filter(
        ({ traceId }) =>
          traceId === receivedLogs().find(({ attributes }) => attributes['sentinel.action.uid'] === action.metadata.uid)?.traceId,
      );
      return found.length >= 5 ? found : undefined;
    });
    assert.deepEqual([...new Set(spans.map(({ name }) => name))].sort(), [
      'AgentAction set-image',
      'rehearsal',
      'review',
      'run',
      'verification',
    ]);
    const root = spans.find(({ name }) => name === 'AgentAction set-image');
    for (const span of spans) if (span.name !== root?.name) assert.equal(span.parentSpanId, root?.spanId);
  });

  it('is named in the audit log of the cluster itself: gateway, virtual user and stage', async () => {
    const entries = await auditEntries(`sentinel:enforce:${tenant.namespace}:remediator`);
    const real = entries.find(({ verb, requestURI }) => verb === 'patch' && !requestURI.includes('dryRun'));
    assert.equal(real?.user.username, 'system:serviceaccount:sentinel-system:sentinel-gateway');
    assert.deepEqual(real?.impersonatedUser?.extra?.['sentinel.dev/stage'], ['enforce']);
    assert.deepEqual(real?.impersonatedUser?.extra?.['sentinel.dev/action'], [action.metadata.uid]);
  });
});
