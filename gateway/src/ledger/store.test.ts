import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import type { MemoryApi } from '../enforce/memory-api.fixture.ts';
import { done, intended, send } from './entry.ts';
import { action, LEDGER, open, rehearsal, replica, run } from './store.fixture.ts';
import { type Ledger, Overtaken } from './store.ts';

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

  it('forgets the parts of large writes and recordings as well, and the claim of an action that never ran', async () => {
    const { api, ledger } = open();
    const large = randomBytes(300_000).toString('base64');
    await ledger.claimEnd(action, replica, 1);
    assert.deepEqual(await ledger.runs(), [{ jobUid: 'a', action }]);
    await ledger.keepRecording('a', { large });
    assert.ok(api.objects.size > 2);
    await ledger.forget('a');
    assert.deepEqual([...api.objects.keys()], []);
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
