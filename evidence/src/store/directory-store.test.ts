import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DirectoryStore } from './directory-store.ts';
import { DigestMismatch, type EvidenceMeta, StorageFull } from './evidence-store.ts';

const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const meta: EvidenceMeta = { action: { namespace: 'shop', name: 'repair', uid: 'u1' }, storedAt: 1, retainMs: 60_000 };
const content = (text: string): [string, Buffer] => [digestOf(text), Buffer.from(text)];

describe('A store in a folder', () => {
  let folder: string;
  const open = (limit = 1_000) => DirectoryStore.open({ folder, limit });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'evidence-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps content under its digest, also after a restart', async () => {
    const store = await open();
    await store.put(...content('one'), meta);
    for (const opened of [store, await open()]) {
      assert.equal((await opened.get(digestOf('one')))?.toString(), 'one');
      assert.deepEqual(opened.list(), [{ digest: digestOf('one'), bytes: 3, meta }]);
      assert.equal(await opened.get(digestOf('two')), undefined);
    }
  });

  it('takes content only under its own digest', async () => {
    const store = await open();
    await assert.rejects(store.put(digestOf('two'), Buffer.from('one'), meta), DigestMismatch);
    assert.deepEqual(store.list(), []);
  });

  it('takes nothing but a digest as a name, so that no path leads out of the folder', async () => {
    const store = await open();
    writeFileSync(join(folder, 'outside'), 'secret');
    for (const name of [
      '../outside',
      'sha256:../outside',
      'sha256:..',
      '',
      `sha256:${'a'.repeat(63)}/`,
      'sha256:A'.padEnd(71, 'A'),
    ]) {
      assert.equal(await store.get(name), undefined, name);
      await assert.rejects(store.put(name, Buffer.from('x'), meta), TypeError, name);
      await assert.rejects(store.remove(name), TypeError, name);
    }
    assert.equal(readFileSync(join(folder, 'outside'), 'utf8'), 'secret');
  });

  it('does not answer content that was altered', async () => {
    const store = await open();
    await store.put(...content('one'), meta);
    writeFileSync(join(folder, 'objects', digestOf('one').slice(7)), 'won');
    await assert.rejects(store.get(digestOf('one')), DigestMismatch);
  });

  for (const part of ['meta', 'objects'])
    it(`has all of it or nothing after a crash before the file in ${part}/ has its name`, async () => {
      const crashing = await DirectoryStore.open({
        folder,
        limit: 1_000,
        beforeRename: (path) => {
          if (path.includes(`/${part}/`)) throw new Error('crash');
        },
      });
      await assert.rejects(crashing.put(...content('one'), meta), /crash/);
      assert.equal(await crashing.get(digestOf('one')), undefined);
      assert.equal(readdirSync(join(folder, 'tmp')).length, 1);
      const store = await open();
      assert.deepEqual([store.list(), store.use().used], [[], 0]);
      for (const left of ['tmp', 'objects', 'meta']) assert.deepEqual(readdirSync(join(folder, left)), [], left);
      await store.put(...content('one'), meta);
      assert.equal((await store.get(digestOf('one')))?.toString(), 'one');
    });

  it('refuses what does not fit, and takes it once there is room', async () => {
    const store = await open(5);
    await store.put(...content('one'), meta);
    await assert.rejects(store.put(...content('two'), meta), (error: unknown) => {
      assert.ok(error instanceof StorageFull);
      assert.match(error.message, /3 of 5 bytes are used, and 3 more do not fit/);
      return true;
    });
    // What is stored already takes no room again.
    await store.put(...content('one'), meta);
    await store.remove(digestOf('one'));
    await store.put(...content('two'), meta);
    assert.deepEqual(store.use(), { used: 3, limit: 5, items: 1 });
  });

  it('counts what is stored together, also when it comes at the same time', async () => {
    const store = await open(10);
    const all = await Promise.allSettled(['aaaa', 'bbbb', 'cccc'].map((text) => store.put(...content(text), meta)));
    assert.deepEqual(all.map(({ status }) => status).sort(), ['fulfilled', 'fulfilled', 'rejected']);
    assert.equal(store.use().used, 8);
  });

  it('changes how long content is kept, and never the content', async () => {
    const store = await open();
    await store.put(...content('one'), meta);
    await store.put(...content('one'), { ...meta, storedAt: 9, retainMs: 5 });
    await store.noteEnd(digestOf('one'), 77);
    for (const opened of [store, await open()]) assert.deepEqual(opened.list()[0]?.meta, { ...meta, retainMs: 5, endedAt: 77 });
    await store.noteEnd(digestOf('one'), undefined);
    assert.equal((await open()).list()[0]?.meta.endedAt, undefined);
  });

  it('removes content with its description', async () => {
    const store = await open();
    await store.put(...content('one'), meta);
    await store.remove(digestOf('one'));
    await store.remove(digestOf('one'));
    assert.deepEqual([store.list(), await store.get(digestOf('one'))], [[], undefined]);
    for (const left of ['objects', 'meta']) assert.deepEqual(readdirSync(join(folder, left)), []);
  });
});
