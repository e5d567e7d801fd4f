import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MemoryApi } from '../enforce/memory-api.fixture.ts';
import { action, LEDGER, open, replica, run } from './store.fixture.ts';

describe('The claim of a run in the ledger', () => {
  it('is that of the first pod, for every other one as well', async () => {
    const { ledger } = open();
    const first = await ledger.claim(run);
    const second = await ledger.claim({ ...run, jobUid: 'j2', podUid: 'p2' });
    assert.deepEqual([first.pod, second.pod, second.job], ['p1', 'p1', 'j1']);
  });

  it('is not made up where it could not be stored', async () => {
    const { ledger } = open((method) => (method === 'POST' ? 500 : undefined));
    await assert.rejects(ledger.claim(run), /injected 500/);
    await assert.rejects(ledger.claimEnd(action, replica, 1), /injected 500/);
  });

  it('is found by its Job, beside other objects of that Job', async () => {
    const { api, ledger } = open();
    api.put(`${LEDGER}/configmaps/a-refusal`, { data: {} });
    api.change(`${LEDGER}/configmaps/a-refusal`, ({ metadata }) =>
      Object.assign(metadata, { labels: { 'sentinel.dev/job': 'j1' } }),
    );
    assert.equal(await ledger.claimOf('j1'), undefined);
    await ledger.claim(run);
    assert.equal((await ledger.claimOf('j1'))?.pod, 'p1');
    assert.equal(await ledger.claimOf('j2'), undefined);
  });

  it('of an action that ended is that of its run, or one that no run can claim any more', async () => {
    const { ledger } = open();
    await ledger.claim(run);
    assert.equal((await ledger.claimEnd(action, replica, 5)).plan, 'sha256:aa');
    const unrun = open().ledger;
    assert.deepEqual([(await unrun.claimEnd(action, replica, 5)).closed, (await unrun.claim(run)).closed], [true, true]);
  });

  it('of an action that ended is that of the run that was claimed in between', async () => {
    const { api, ledger } = open();
    const { name } = await ledger.claim(run);
    const path = `${LEDGER}/configmaps/${name}`;
    const held = api.objects.get(path) ?? assert.fail();
    const late = open((method) => {
      if (method === 'POST') late.api.objects.set(path, held);
      return undefined;
    });
    assert.equal((await late.ledger.claimEnd(action, replica, 5)).plan, 'sha256:aa');
  });

  it('is taken over once, by the version that was read', async () => {
    const { ledger } = open();
    const claim = await ledger.claim(run);
    const taken = await ledger.takeOverClaim(claim, { address: '10.0.0.2', process: 'two' });
    assert.deepEqual([taken.replica, taken.process], ['10.0.0.2', 'two']);
    await assert.rejects(ledger.takeOverClaim(claim, replica), {
      name: 'Overtaken',
      message: `claim ${claim.name} was changed by another process`,
    });
    assert.equal((await ledger.claimNamed(claim.name)).process, 'two');
  });

  it('is not called overtaken where the API server fails', async () => {
    const { ledger } = open((method) => (method === 'PATCH' ? 500 : undefined));
    const claim = await ledger.claim(run);
    await assert.rejects(ledger.takeOverClaim(claim, replica), /injected 500/);
    await assert.rejects(ledger.close(claim.name), /injected 500/);
  });

  it('keeps the first reason of a block, and says whether that was an unknown outcome', async () => {
    for (const [cause, byUnknown] of [
      ['OutcomeUnknown', true],
      [undefined, false],
    ] as const) {
      const { ledger } = open();
      const { name } = await ledger.claim(run);
      await ledger.block(name, 'first', cause);
      await ledger.block(name, 'second', byUnknown ? undefined : 'OutcomeUnknown');
      const claim = await ledger.claimNamed(name);
      assert.deepEqual([claim.blocked, claim.blockedByUnknown], ['first', byUnknown]);
    }
  });

  it('is changed although somebody else changes it at the same time', async () => {
    let conflicts = 2;
    const { ledger } = open((method) => (method === 'PATCH' && conflicts-- > 0 ? 409 : undefined));
    const { name } = await ledger.claim(run);
    await ledger.close(name);
    assert.equal((await ledger.claimNamed(name)).closed, true);
  });

  const written = (api: MemoryApi) => api.persisted.filter((one) => one.startsWith('PATCH')).length;
  it('is closed once, and notes once that all went well', async () => {
    const { api, ledger } = open();
    const { name } = await ledger.claim(run);
    for (let time = 0; time < 2; time++) await ledger.close(name);
    assert.equal(written(api), 1);
    for (let time = 0; time < 2; time++) await ledger.noteGoodEnd(name);
    assert.equal(written(api), 2);
    assert.equal((await ledger.claimNamed(name)).endedWell, true);
  });

  it('begins a rollback, and closes the run with it', async () => {
    const { api, ledger } = open();
    const { name } = await ledger.claim(run);
    assert.deepEqual([await ledger.beginRollback(name), await ledger.beginRollback(name)], [true, true]);
    const claim = await ledger.claimNamed(name);
    assert.deepEqual([claim.rollingBack, claim.closed, written(api)], [true, true, 1]);
  });

  it('has ended with the first reason; then nothing begins and nothing ended well', async () => {
    const { ledger } = open();
    const { name } = await ledger.claim(run);
    assert.deepEqual(
      (await ledger.openRuns()).map((claim) => claim.name),
      [name],
    );
    await ledger.endRun(name, 'not yet', () => false);
    assert.equal((await ledger.claimNamed(name)).over, undefined);
    await ledger.endRun(name, 'verified');
    await ledger.endRun(name, 'again');
    assert.equal(await ledger.beginRollback(name), false);
    await ledger.noteGoodEnd(name);
    const { over, closed, rollingBack, endedWell } = await ledger.claimNamed(name);
    assert.deepEqual([over, closed, rollingBack, endedWell], ['verified', true, false, false]);
    assert.deepEqual(await ledger.openRuns(), []);
  });
});
