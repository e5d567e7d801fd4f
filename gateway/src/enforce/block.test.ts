import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { intended } from '../ledger/entry.ts';
import { Overtaken } from '../ledger/store.ts';
import { block } from './block.ts';
import { JOB, LEDGER, scaleUp, World } from './world.fixture.ts';

const target = { index: 0, verb: 'patch', apiGroup: 'apps', version: 'v1', resource: 'deployments', name: 'web' } as const;

function blocking(code: Parameters<typeof block>[3], why = 'it is another write') {
  const world = new World(scaleUp);
  const { context, run } = world.replica('one');
  const enforcement = run.enforcement ?? assert.fail();
  return { context, run, world, enforcement, block: () => block(context, run, enforcement, code, why) };
}

describe('A run that is blocked', () => {
  it('is refused with the reason, and stays blocked for every replica', async () => {
    const { block: now, context, enforcement } = blocking('NotInApprovedPlan');
    const message = 'it is another write. The run is blocked: no further write is sent';
    await assert.rejects(now(), { status: 403, code: 'NotInApprovedPlan', message });
    const claim = await context.ledger.claimNamed('claim-x');
    assert.deepEqual([enforcement.blocked, claim.blocked, claim.blockedByUnknown], [message, message, false]);
  });

  it('says in the ledger when it is blocked by an unknown outcome alone', async () => {
    const { block: now, context } = blocking('EffectOutcomeUnknown');
    await assert.rejects(now(), { code: 'EffectOutcomeUnknown' });
    assert.equal((await context.ledger.claimNamed('claim-x')).blockedByUnknown, true);
  });

  it('keeps the first reason', async () => {
    const { block: now, enforcement } = blocking('NotInApprovedPlan');
    enforcement.blocked = 'earlier';
    await assert.rejects(now(), { code: 'RunBlocked', message: 'earlier' });
  });

  it('has room for a reason of any length', async () => {
    const { block: now, enforcement } = blocking('NotInApprovedPlan', 'x'.repeat(5000));
    await assert.rejects(now());
    assert.equal(enforcement.blocked?.length, 1800);
  });

  it('sends nothing that is only intended', async () => {
    const { block: now, context } = blocking('NotInApprovedPlan');
    await context.ledger.store(intended(JOB, target, { process: 'two', nonce: 'b' }, 1));
    await assert.rejects(now());
    assert.equal((await context.ledger.entry(JOB, 0))?.state, 'Refused');
  });

  it('is blocked although an intent was sent in between; any other failure is told', async () => {
    for (const [error, expected] of [
      [new Overtaken('effect 1'), /it is another write/],
      [new Error('no etcd'), /no etcd/],
    ] as const) {
      const { context, run, enforcement } = blocking('NotInApprovedPlan');
      await context.ledger.store(intended(JOB, target, { process: 'two', nonce: 'b' }, 1));
      context.ledger.store = () => Promise.reject(error);
      await assert.rejects(block(context, run, enforcement, 'NotInApprovedPlan', 'it is another write'), expected);
    }
  });

  it('is not called blocked where that cannot be stored', async () => {
    const { block: now, world } = blocking('NotInApprovedPlan');
    world.api.objects.delete(`${LEDGER}/configmaps/claim-x`);
    await assert.rejects(now(), { name: 'ApiError' });
  });
});
