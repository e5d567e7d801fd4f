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
  const open = (limit = 1_000, perItem = 0) => DirectoryStore.open({ folder, limit, perItem });
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
        perItem: 0,
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
    const store = await open(7);
    await store.put(...content('one'), meta);
    await assert.rejects(store.put(...content('forty'), meta), (error: unknown) => {
      assert.ok(error instanceof StorageFull);
      assert.match(error.message, /3 of 7 bytes are used, and 5 more do not fit/);
      return true;
    });
    // What is stored already takes no room again.
    await store.put(...content('one'), meta);
    await store.remove(digestOf('one'));
    await store.put(...content('two'), meta);
    assert.deepEqual(store.use(), { used: 3, limit: 7, items: 1 });
  });

  it('gives a namespace no more than what is left for all others, so that none of them fills it', async () => {
    const of = (namespace: string) => ({ ...meta, action: { ...meta.action, namespace } });
    const text = (namespace: string, number: number) => `${namespace} ${number}`.padEnd(100);
    const fill = async (store: DirectoryStore, namespace: string) => {
      for (let number = 0; ; number++)
        try {
          await store.put(...content(text(namespace, number)), of(namespace));
        } catch (error) {
          assert.ok(error instanceof StorageFull);
          assert.match(error.message, new RegExp(`namespace '${namespace}' has \\d+ bytes, and may have no more than the`));
          return;
        }
    };
    const store = await open();
    await fill(store, 'greedy');
    assert.equal(store.use().used, 500);
    const reopened = await open();
    await fill(reopened, 'greedy');
    assert.equal(reopened.use().used, 500, 'a restart gives it more');
    await fill(reopened, 'hungry');
    await reopened.put(...content(text('other', 0)), of('other'));
    for (const number of [0, 1, 2]) await reopened.remove(digestOf(text('greedy', number)));
    await reopened.put(...content(text('greedy', 9)), of('greedy'));
  });

  it('counts what an item takes beside its content, so that many small ones fill neither the disk nor the memory', async () => {
    const store = await DirectoryStore.open({ folder, limit: 1_000_000 });
    await store.put(...content('one'), meta);
    assert.ok(store.use().used >= 8 * 1024, `${store.use().used} bytes`);
    const large = await DirectoryStore.open({ folder, limit: 100 * 1024 ** 3 });
    assert.ok(large.use().limit / large.use().used < 250_000);
    await large.remove(digestOf('one'));
    assert.equal(large.use().used, 0);
  });

  it('counts what is stored together, also when it comes at the same time', async () => {
    const store = await open(17);
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

  it('opens where one description was damaged, without that item, and keeps its files', async () => {
    const store = await open();
    await store.put(...content('one'), meta);
    await store.put(...content('two'), meta);
    const damaged = join(folder, 'meta', digestOf('one').slice(7));
    for (const left of ['', '{}', '\u0000\u0000']) {
      writeFileSync(damaged, left);
      const unreadable: string[] = [];
      const options = { folder, limit: 1_000, perItem: 0, onUnreadable: (digest: string) => void unreadable.push(digest) };
      const opened = await DirectoryStore.open(options);
      assert.deepEqual([unreadable, opened.list().map(({ digest }) => digest)], [[digestOf('one')], [digestOf('two')]]);
      assert.equal(readdirSync(join(folder, 'objects')).length, 2);
      assert.equal(readFileSync(damaged, 'utf8'), left);
    }
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
