import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '@sentinel/crds';
import { changesBetween } from '../effect/change.ts';
import { request } from '../effect/request.fixture.ts';
import { scaleUp, World } from '../enforce/world.fixture.ts';
import { BLOCKED_WRITE, type BlockedWrite } from './blocked-write.ts';
import { noteBlockedWrite } from './note-blocked-write.ts';

const observation = (after: object) => ({
  ...{ name: 'other', uid: 'u', resourceVersion: '1', live: {}, result: after },
  changes: changesBetween({}, after),
});

async function noted(offer: (() => Promise<{ work: string; reason?: string }>) | undefined, body = Buffer.from('{}')) {
  const world = new World(scaleUp);
  const { context, run } = world.replica('one');
  const held = run.enforcement ?? assert.fail();
  const spec = { ...held.plan.spec, playbook: { name: 'fix', digest: digestOf('fix') } };
  const enforcement = { ...held, plan: { ...held.plan, metadata: { name: 'a-1' }, spec } };
  const requester = { user: 'agent', groups: [] };
  const permission = { ...context.permission, ...(offer ? { offer } : {}) };
  await noteBlockedWrite({ ledger: context.ledger, permission }, { ...run, requester }, enforcement, {
    request: { ...request(), body },
    observed: observation({ data: { a: 'b' } }),
    why: 'it is another write',
  });
  return await context.ledger.recording<BlockedWrite>(run.jobUid, BLOCKED_WRITE);
}
const work = digestOf('work');

describe('The write that blocks a run', () => {
  it('is kept with the reason that its claim will have, to be rehearsed again', async () => {
    const write = (await noted(async () => ({ work }))) ?? assert.fail();
    assert.equal(write.blocked, 'it is another write. The run is blocked: no further write is sent');
    assert.deepEqual([write.reason, write.work, write.requester, write.round], [undefined, work, 'agent', 0]);
    assert.equal(Buffer.from(write.request?.body ?? '', 'base64').toString(), '{}');
  });

  it('is not kept where policy refuses it, and the reason is', async () => {
    const write = await noted(async () => ({ work, reason: 'Hands off.' }));
    assert.deepEqual([write?.reason, write?.request], ['Hands off.', undefined]);
  });

  it('is not kept if it is too large', async () => {
    const write = await noted(async () => ({ work }), Buffer.alloc(256 * 1024 + 1));
    assert.deepEqual([write?.reason, write?.request], ['the refused write is too large to be kept', undefined]);
  });

  it('blocks the run without an offer where policy cannot be asked', async () => {
    assert.equal(await noted(() => Promise.reject(new Error('no etcd'))), undefined);
    assert.equal(await noted(undefined), undefined);
  });
});
