import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { createClient } from '@sentinel/kube';
import { type Fault, MemoryApi } from '../enforce/memory-api.fixture.ts';
import type { ClaimRequest } from './claim.ts';
import { done, intended, send } from './entry.ts';
import { Ledger, Overtaken } from './store.ts';

const LEDGER = '/api/v1/namespaces/sentinel-ledger';
const action = { namespace: 'shop', name: 'fix', uid: 'a' };
const replica = { address: '10.0.0.1', process: 'one' };
const plan = { digest: 'sha256:aa', effects: 1, risk: 'Low', rollback: 'PreImages', checks: 0 } as const;
const rehearsal: ClaimRequest = { jobUid: 'j1', podUid: 'p1', replica, action, account: 'x', now: 1 };
const run: ClaimRequest = { ...rehearsal, plan };

/** A ledger on an empty API server; `fault` says what goes wrong with a request. */
function open(fault: (method: string, path: string) => Fault | undefined = () => undefined) {
  const api = new MemoryApi();
  const transport = api.connect(
    ({ method, path }) => fault(method, path),
    () => false,
  );
  return { api, ledger: new Ledger(createClient(transport, { readRetries: 0 })) };
}

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

  it('is ended with the first reason; then nothing begins and nothing ended well', async () => {
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

describe('The entries of a run in the ledger', () => {
  const owner = { process: 'one', nonce: 'a' };
  const of = (index: number, jobUid = 'j1') =>
    intended(jobUid, { index, verb: 'patch', apiGroup: 'apps', version: 'v1', resource: 'deployments', name: 'web' }, owner, 7);
  const sending = (text: string) => ({
    request: { version: 'v1', base: 'deployments', query: new Map(), body: Buffer.from(text) } as never,
    preconditions: { uid: 'u', resourceVersion: '1' },
    change: [],
    promised: { live: {}, result: {} },
  });

  it('come in the order of their effects, those of other runs apart', async () => {
    const { ledger } = open();
    for (const entry of [of(10), of(2), of(0, 'j2')]) await ledger.store(entry);
    assert.deepEqual(
      (await ledger.entries('j1')).map(({ target }) => target.index),
      [2, 10],
    );
    assert.deepEqual(
      (await ledger.states('j1')).map(({ target, state }) => [target.index, state]),
      [
        [2, 'Intended'],
        [10, 'Intended'],
      ],
    );
    assert.equal((await ledger.entry('j2', 0))?.jobUid, 'j2');
    assert.equal(await ledger.entry('j2', 1), undefined);
  });

  it('are those of the states that are asked for', async () => {
    const { ledger } = open();
    await ledger.store(send(await ledger.store(of(0)), owner, sending('x')));
    await ledger.store(of(1));
    const indices = async (...states: Parameters<Ledger['entries']>[1] & object) =>
      (await ledger.entries('j1', states)).map(({ target }) => target.index);
    assert.deepEqual([await indices('Sent'), await indices('Intended', 'Sent'), await indices('Done')], [[0], [0, 1], []]);
  });

  it('are stored once for each effect, and moved by the version that was read', async () => {
    const { ledger } = open();
    const first = await ledger.store(of(0));
    await assert.rejects(ledger.store(of(0)), { message: 'effect 1 was changed by another process' });
    await ledger.store(send(first, owner, sending('x')));
    await assert.rejects(ledger.store(send(first, owner, sending('y'))), Overtaken);
    assert.equal((await ledger.entry('j1', 0))?.sending?.request.body.toString(), 'x');
  });

  it('are not called overtaken where the API server fails', async () => {
    const { ledger } = open((method) => (method === 'POST' ? 500 : undefined));
    await assert.rejects(ledger.store(of(0)), /injected 500/);
  });

  it('say when they were stored, by the clock of the API server', async () => {
    const { api, ledger } = open();
    api.skewMs = 3_600_000;
    const { storedAt = 0, since } = await ledger.store(of(0));
    assert.ok(Math.abs(storedAt - Date.now() - 3_600_000) < 600_000, String(storedAt));
    assert.equal((await ledger.entry('j1', 0))?.storedAt, storedAt);
    assert.equal(since, 7);
  });

  const parts = (api: MemoryApi) => [...api.objects.keys()].filter((path) => path.includes('-part-'));
  it('hold a small write themselves, and name the objects of a large one, which never change', async () => {
    const { api, ledger } = open();
    await ledger.store(send(await ledger.store(of(0)), owner, sending('small')));
    assert.deepEqual(parts(api), []);
    const large = randomBytes(300_000).toString('base64');
    const sent = await ledger.store(send(await ledger.store(of(1)), owner, sending(large)));
    const named = parts(api);
    assert.equal(named.length, 1);
    await ledger.store(done(sent, owner, { uid: 'u', resourceVersion: '2' }));
    const read = await ledger.entry('j1', 1);
    assert.equal(read?.sending?.request.body.toString(), large);
    assert.deepEqual(read?.stored, { uid: 'u', resourceVersion: '2' });
    await ledger.store({ ...(read ?? assert.fail()), rollback: 'Restoring' });
    assert.deepEqual(parts(api), named);
  });

  it('do not lead to objects that are incomplete', async () => {
    const { api, ledger } = open();
    await ledger.store(send(await ledger.store(of(0)), owner, sending(randomBytes(300_000).toString('base64'))));
    const [part = ''] = parts(api);
    api.change(part, (object) => Object.assign(object, { data: {} }));
    await assert.rejects(ledger.entry('j1', 0), /an entry of the ledger is not complete/);
  });
});

describe('The recording of a rehearsal in the ledger', () => {
  it('is the first one, and is as it is read', async () => {
    const { ledger } = open();
    assert.equal(await ledger.recording('j1'), undefined);
    assert.deepEqual(await ledger.keepRecording('j1', { a: 1, absent: undefined }), { a: 1 });
    assert.deepEqual(await ledger.keepRecording('j1', { a: 2 }), { a: 1 });
    assert.deepEqual([await ledger.recording('j1'), await ledger.recording('j2')], [{ a: 1 }, undefined]);
  });

  it('is that of another process that was first in between', async () => {
    const { api, ledger } = open();
    await ledger.keepRecording('j1', { a: 1 });
    const path = `${LEDGER}/secrets/recording-j1`;
    const held = api.objects.get(path) ?? assert.fail();
    const late = open((method, asked) => {
      if (method === 'POST' && asked.endsWith('/secrets')) late.api.objects.set(path, held);
      return undefined;
    });
    assert.deepEqual(await late.ledger.keepRecording('j1', { a: 2 }), { a: 1 });
  });

  it('is not said to be kept where it could not be stored', async () => {
    const { ledger } = open((method) => (method === 'POST' ? 500 : undefined));
    await assert.rejects(ledger.keepRecording('j1', { a: 1 }), /injected 500/);
  });
});

describe('The ledger as a whole', () => {
  it('knows each run with its action, and forgets one, its claim last', async () => {
    const { api, ledger } = open();
    const { name } = await ledger.claim(run);
    await ledger.claim({ ...rehearsal, jobUid: 'j2', action: { ...action, name: 'other', uid: 'b' } });
    await ledger.store(intended('j1', { index: 0, verb: 'get' } as never, { process: 'one', nonce: 'a' }, 1));
    await ledger.keepRecording('j2', {});
    assert.deepEqual(await ledger.runs(), [
      { jobUid: 'j1', action },
      { jobUid: 'j2', action: { ...action, name: 'other', uid: 'b' } },
    ]);
    await ledger.forget('j1');
    assert.deepEqual(
      api.persisted.filter((one) => one.startsWith('DELETE')),
      [`DELETE ${LEDGER}/secrets/intent-j1-0`, `DELETE ${LEDGER}/configmaps/${name}`],
    );
    assert.deepEqual([...api.objects.keys()].sort(), [`${LEDGER}/configmaps/claim-j2`, `${LEDGER}/secrets/recording-j2`]);
  });

  it('names no run for an object that does not say for which action it is', async () => {
    const { api, ledger } = open();
    for (const [name, labels, data] of [
      ['x', { 'sentinel.dev/job': 'j1' }, { action: 'shop' }],
      ['y', { 'sentinel.dev/job': '' }, { action: 'shop/fix', actionUid: 'a' }],
      ['z', {}, { action: 'shop/fix', actionUid: 'a' }],
      ['w', { 'sentinel.dev/job': 'j1' }, undefined],
    ] as const) {
      api.put(`${LEDGER}/configmaps/${name}`, { data });
      api.change(`${LEDGER}/configmaps/${name}`, ({ metadata }) => Object.assign(metadata, { labels }));
    }
    assert.deepEqual(await ledger.runs(), []);
  });
});
