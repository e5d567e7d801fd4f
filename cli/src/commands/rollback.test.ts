import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, AgentActionSpec } from '@sentinel/crds';
import { rollbackFor } from './rollback.ts';

const original = (more: object = {}): AgentAction =>
  ({
    metadata: { name: 'set-image-abc', namespace: 'shop', uid: 'u1' },
    spec: { intent: { summary: 'Set the image' }, playbookRef: { name: 'set-image' }, target: { namespaces: ['shop', 'bank'] } },
    status: { account: 'remediator' },
    ...more,
  }) as unknown as AgentAction;

describe('rollback', () => {
  it('creates an action that names the other one, its uid and its account', () => {
    const { metadata, spec } = rollbackFor(original(), { reason: 'it did harm' });
    assert.match(metadata.name, /^rollback-set-image-abc-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.deepEqual(spec, {
      intent: { summary: "Roll back 'set-image-abc': Set the image", reason: 'it did harm' },
      rollbackOf: { name: 'set-image-abc', uid: 'u1' },
      account: 'remediator',
      target: { namespaces: ['shop', 'bank'] },
      mode: 'Apply',
      cancelled: false,
    });
    assert.ok(AgentActionSpec.safeParse(spec).success);
  });

  it('keeps summaries and names within their limits', () => {
    const long = original({ metadata: { name: 'a'.repeat(100), uid: 'u' }, spec: { intent: { summary: 's'.repeat(512) } } });
    const { metadata, spec } = rollbackFor(long, {});
    assert.ok(metadata.name.length <= 100);
    assert.equal(spec.intent.summary.length, 512);
  });

  it('says that there is nothing to roll back before an action is admitted, and refuses flags that are not valid', () => {
    assert.throws(() => rollbackFor(original({ status: {} }), {}), /was not admitted, so it changed nothing/);
    assert.throws(() => rollbackFor(original(), { mode: 'Maybe' }), /--mode must be Apply or DryRun/);
    assert.throws(() => rollbackFor(original(), { summary: ' ' }), /--summary must have 1 to 512 characters/);
  });
});
