import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createClient, silentLogger } from '@sentinel/kube';
import { MemoryApi } from '../enforce/memory-api.fixture.ts';
import { Ledger } from '../ledger/store.ts';
import { newRecording } from '../rehearse/recording.ts';
import type { Run } from '../run/run.ts';
import { keepRecordings } from './keep-recordings.ts';

const rehearsal = (name: string) =>
  ({ stage: 'rehearsal', jobUid: `job-${name}`, podUid: `uid-${name}`, podName: name, recording: newRecording('shop') }) as Run;
const connect = (isLost: (path: string) => boolean) =>
  new MemoryApi().connect(
    ({ path, body }) => (isLost(`${path} ${String(body)}`) ? 'lost' : undefined),
    () => false,
  );
const pod = (name: string, phase: string, uid = `uid-${name}`) => ({ metadata: { name, uid }, status: { phase } });

const replay = async () => undefined;
/** There is room for everything. */
const room = { reserve: () => undefined };

describe('A replica that ends', () => {
  it('keeps what it recorded of rehearsals whose pods have ended, are gone or were replaced, and no other', async () => {
    const client = createClient(
      connect(() => false),
      { readRetries: 0 },
    );
    const ledger = new Ledger(client);
    const running = ['ended', 'gone', 'replaced', 'running'].map(rehearsal);
    const shown = new Map(
      [pod('ended', 'Succeeded'), pod('replaced', 'Running', 'another'), pod('running', 'Running')].map((one) => [
        `sentinel-sandboxes/${one.metadata.name}`,
        one,
      ]),
    );
    const forgotten: string[] = [];
    const runs = {
      rehearsals: () => running.filter(({ jobUid }) => !forgotten.includes(jobUid)),
      forget: (job: string) => void forgotten.push(job),
    };
    const pods = { store: { get: (key: string) => shown.get(key) } } as never;
    assert.equal(await keepRecordings({ client, ledger, storage: room, replay, logger: silentLogger, runs, pods }), 1);
    assert.deepEqual(forgotten, ['job-ended', 'job-gone', 'job-replaced']);
    for (const job of forgotten) assert.notEqual(await ledger.recording(job), undefined);
    assert.equal(await ledger.recording('job-running'), undefined);
  });

  it('goes on with the others when one cannot be kept', async () => {
    const client = createClient(
      connect((asked) => asked.includes('job-a')),
      { readRetries: 0 },
    );
    const forgotten: string[] = [];
    const running = ['a', 'b'].map(rehearsal);
    const runs = {
      rehearsals: () => running.filter(({ jobUid }) => !forgotten.includes(jobUid)),
      forget: (job: string) => void forgotten.push(job),
    };
    const pods = { store: { get: () => undefined } } as never;
    assert.equal(
      await keepRecordings({ client, ledger: new Ledger(client), storage: room, replay, logger: silentLogger, runs, pods }),
      1,
    );
    assert.deepEqual(forgotten, ['job-b']);
  });
});
