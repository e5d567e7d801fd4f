import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { type Answer, configMap, FakeClock, json, scriptedServer } from '../testing.ts';
import { type EventInput, EventRecorder, referenceTo, trimToBytes } from './event-recorder.ts';

const input: EventInput = {
  name: 'e',
  regarding: { name: 'a', namespace: 'ns' },
  reason: 'Ended',
  action: 'End',
  note: 'it has ended',
};

/** A recorder, and the Events that reach a server that answers as it is told. */
async function world(answer: Answer = json(201, {}), instance = 'pod') {
  const sent: { url: string | undefined; body: Record<string, unknown> }[] = [];
  const handle: Answer = async (request, response) => {
    sent.push({ url: request.url, body: JSON.parse(await text(request)) as Record<string, unknown> });
    answer(request, response);
  };
  const server = await scriptedServer({ other: [handle] });
  const clock = new FakeClock();
  clock.advance(1_500);
  return {
    sent,
    recorder: new EventRecorder({ client: server.client, controller: 'example.org/test', instance, clock }),
    [Symbol.asyncDispose]: server.close,
  };
}

describe('An Event', () => {
  it('is written as events.k8s.io/v1 wants it', async () => {
    await using all = await world();
    assert.deepEqual(await all.recorder.record(input), { ok: true, created: true });
    assert.deepEqual(all.sent, [
      {
        url: '/apis/events.k8s.io/v1/namespaces/ns/events',
        body: {
          apiVersion: 'events.k8s.io/v1',
          kind: 'Event',
          metadata: { name: 'e', namespace: 'ns' },
          eventTime: '1970-01-01T00:00:01.500000Z',
          reportingController: 'example.org/test',
          reportingInstance: 'pod',
          type: 'Normal',
          reason: 'Ended',
          action: 'End',
          note: 'it has ended',
          regarding: { name: 'a', namespace: 'ns' },
        },
      },
    ]);
  });

  it('is in its own namespace, else in that of its object, else in default', async () => {
    await using all = await world();
    await all.recorder.record({ ...input, namespace: 'own' });
    await all.recorder.record({ ...input, regarding: { name: 'cluster-wide' } });
    assert.deepEqual(
      all.sent.map(({ url }) => url?.split('/')[5]),
      ['own', 'default'],
    );
  });

  it('has no field that is longer than the API server takes, and one line in which every character can be seen', async () => {
    await using all = await world(json(201, {}), 'p'.repeat(300));
    const long = 'x'.repeat(300);
    await all.recorder.record({
      ...input,
      type: 'Warning',
      reason: long,
      action: long,
      note: `a\n\u001b[31m${'é'.repeat(1000)}`,
      related: { name: 'b' },
    });
    const { reason, action, reportingInstance, note, type, related } = (all.sent[0]?.body ?? {}) as Record<string, string>;
    assert.deepEqual([reason?.length, action?.length, reportingInstance?.length], [128, 128, 128]);
    assert.deepEqual([type, related], ['Warning', { name: 'b' }]);
    assert.ok(Buffer.byteLength(note ?? '') <= 1024);
    assert.doesNotMatch(note ?? '', /[\n\u001b]/);
  });

  const answers: readonly [what: string, answer: Answer, outcome: { ok: boolean; created?: boolean }][] = [
    ['is there already', json(409, { kind: 'Status', code: 409, reason: 'AlreadyExists' }), { ok: true, created: false }],
    ['meets a conflict', json(409, { kind: 'Status', code: 409, reason: 'Conflict' }), { ok: false }],
    ['is not allowed', json(403, { kind: 'Status', code: 403 }), { ok: false }],
    ['is for a namespace that ends', json(404, { kind: 'Status', code: 404 }), { ok: false }],
    ['meets a server that is busy', json(429, { kind: 'Status', code: 429 }, { 'retry-after': '1' }), { ok: false }],
    ['gets no answer', (request) => request.socket.resetAndDestroy(), { ok: false }],
    ['gets an answer that is not JSON', (_request, response) => response.end('<html>'), { ok: false }],
  ];
  for (const [what, answer, expected] of answers)
    it(`that ${what} is no reason to throw, and is sent once`, async () => {
      await using all = await world(answer);
      const { error: _, ...outcome } = { error: undefined, ...(await all.recorder.record(input)) };
      assert.deepEqual(outcome, expected);
      assert.equal(all.sent.length, 1);
    });

  it('is not waited for when its signal aborts', { timeout: 5_000 }, async () => {
    await using all = await world(() => undefined);
    const reason = new Error('the lease is lost');
    assert.deepEqual(await all.recorder.record(input, AbortSignal.abort(reason)), { ok: false, error: reason });
    const stop = new AbortController();
    const recording = all.recorder.record(input, stop.signal);
    while (all.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    stop.abort(reason);
    assert.deepEqual(await recording, { ok: false, error: reason });
  });
});

describe('A text that is cut', () => {
  const rows: readonly [text: string, max: number, cut: string][] = [
    ['abc', 3, 'abc'],
    ['abcd', 3, '…'],
    ['abcdef', 5, 'ab…'],
    ['éé', 4, 'éé'],
    ['ééé', 5, 'é…'],
    ['ééé', 4, '…'],
    ['a😀😀', 8, 'a😀…'],
    ['a😀😀', 7, 'a…'],
    ['\ud800x', 10, '\ufffdx'],
    ['\ud800xxxx', 6, '\ufffd…'],
  ];
  for (const [text, max, cut] of rows)
    it(`${JSON.stringify(text)} has at most ${max} bytes`, () => {
      assert.equal(trimToBytes(text, max), cut);
      assert.ok(Buffer.byteLength(cut) <= max && cut.isWellFormed());
    });
});

it('a reference names kind, place, uid and version, and nothing else of an object', () =>
  assert.deepEqual(referenceTo(configMap('a', '7')), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: 'a',
    namespace: 'ns',
    uid: 'uid-a',
    resourceVersion: '7',
  }));
