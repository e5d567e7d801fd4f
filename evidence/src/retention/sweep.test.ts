import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { KubeClient } from '@sentinel/kube';
import { DirectoryStore } from '../store/directory-store.ts';
import type { EvidenceMeta } from '../store/evidence-store.ts';
import { decideRetention, type Retention } from './decide.ts';
import { sweepEvidence } from './sweep.ts';

const meta: EvidenceMeta = { action: { namespace: 'shop', name: 'repair', uid: 'u1' }, storedAt: 0, retainMs: 100 };

describe('The retention of evidence', () => {
  const action = (endedAt?: number) => ({ uid: 'u1', endedAt });
  const ended = { ...meta, endedAt: 50 };
  const { retainMs: _, ...forever } = ended;
  const cases: [
    what: string,
    meta: EvidenceMeta,
    action: { uid: string; endedAt: number | undefined } | undefined,
    now: number,
    expected: Retention,
  ][] = [
    ['of an action that lives is not over, however old it is', meta, action(), 10_000, { kind: 'Keep' }],
    ['of an action that ended and exists is not over', ended, action(50), 10_000, { kind: 'Keep' }],
    ['notes when the action ended', meta, action(50), 60, { kind: 'NoteEnd', endedAt: 50 }],
    ['begins again when the action was started again', ended, action(), 10_000, { kind: 'NoteEnd', endedAt: undefined }],
    ['begins when an action is missed whose end was not seen', meta, undefined, 60, { kind: 'NoteEnd', endedAt: 60 }],
    ['is not over before its time', ended, undefined, 149, { kind: 'Keep' }],
    ['is over at its time', ended, undefined, 150, { kind: 'Delete' }],
    ['is never over where no policy sets a time', forever, undefined, 10_000, { kind: 'Keep' }],
  ];
  for (const [what, of, living, now, expected] of cases)
    it(what, () => assert.deepEqual(decideRetention(of, living, now), expected));
});

describe('A sweep', () => {
  let folder: string;
  let store: DirectoryStore;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'evidence-'));
    store = await DirectoryStore.open({ folder, limit: 1_000_000 });
    for (const uid of ['living', 'ended', 'deleted', 'stored']) {
      const content = Buffer.from(uid);
      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
      const retainMs = uid === 'stored' ? undefined : 100;
      await store.put(digest, content, { action: { ...meta.action, uid }, storedAt: 0, retainMs });
    }
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const actions = [
    { metadata: { uid: 'living' }, status: {} },
    { metadata: { uid: 'ended' }, status: { finishedAt: new Date(10).toISOString() } },
  ];
  const client = (items: readonly object[] = actions) =>
    ({
      listMapped: async (_: unknown, __: unknown, keep: (item: object) => object) => ({
        items: items.map(keep),
        resourceVersion: '',
      }),
    }) as unknown as Pick<KubeClient, 'listMapped'>;
  const unexpected = (error: unknown) => assert.fail(String(error));
  const held = () =>
    store
      .list()
      .map(({ meta: { action } }) => action.uid)
      .sort();

  it('deletes evidence whose time is over, and nothing of an action that exists', async () => {
    assert.equal(await sweepEvidence(client(), store, () => 20, unexpected), 0);
    assert.deepEqual(held(), ['deleted', 'ended', 'living', 'stored']);
    assert.equal(await sweepEvidence(client(), store, () => 10_000, unexpected), 1);
    assert.deepEqual(held(), ['ended', 'living', 'stored']);
    // Its end was seen while it existed, so that counts and not when it was missed.
    assert.equal(await sweepEvidence(client([]), store, () => 10_000, unexpected), 1);
    assert.deepEqual(held(), ['living', 'stored']);
    assert.equal(await sweepEvidence(client([]), store, () => 10_100, unexpected), 1);
    assert.deepEqual(held(), ['stored']);
  });

  it('deletes what it can while the disk takes no notes, so that a full one has room again', async () => {
    const full = await DirectoryStore.open({
      folder,
      limit: 1_000_000,
      beforeRename: () => {
        throw new Error('ENOSPC: no space left on device');
      },
    });
    const failures: unknown[] = [];
    const sweep = (now: number) =>
      sweepEvidence(
        client(),
        full,
        () => now,
        (error) => void failures.push(error),
      );
    assert.equal(await sweep(20), 0);
    assert.equal(failures.length, 3);
    assert.equal(await sweep(10_000), 1);
    assert.deepEqual(
      full
        .list()
        .map(({ meta: { action } }) => action.uid)
        .sort(),
      ['ended', 'living', 'stored'],
    );
  });

  it('deletes nothing while the actions cannot be listed', async () => {
    await sweepEvidence(client(), store, () => 20, unexpected);
    const failing = { listMapped: () => Promise.reject(new Error('404 page not found')) } as unknown as Pick<
      KubeClient,
      'listMapped'
    >;
    await assert.rejects(sweepEvidence(failing, store, () => 10_000, unexpected));
    assert.equal(held().length, 4);
  });
});
