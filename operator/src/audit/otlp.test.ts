import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { AuditRecord } from '@sentinel/crds';
import { type Chain, OtlpSink } from './otlp.ts';
import { spanIdOf, traceIdOf } from './spans.ts';

const chain: Chain = { kind: 'Action', name: 'restart', namespace: 'shop', uid: 'u1' };
const record: AuditRecord = {
  sequence: 3,
  action: 'u1',
  time: '2026-01-01T12:00:00Z',
  transition: 'Ended',
  actor: 'ada',
  summary: 'the action has ended',
  previous: 'sha256:aa',
  hash: 'sha256:bb',
  plan: 'sha256:cc',
  job: 'j1',
  details: [
    { name: 'sentinel.effects.done', value: '2' },
    { name: 'sentinel.agent.model', value: '7' },
  ],
};

interface LogsRequest {
  readonly resourceLogs: {
    readonly scopeLogs: {
      readonly logRecords: (Readonly<Record<string, unknown>> & { readonly attributes: { key: string; value: unknown }[] })[];
    }[];
  }[];
}

type Handle = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A sink on the loopback that answers as it is told, and what it was sent. */
async function sinkOf(handle: Handle) {
  const sent: { path: string | undefined; type: string | undefined; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    sent.push({ path: request.url, type: request.headers['content-type'], body: JSON.parse(body) });
    handle(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { sent, sink: new OtlpSink(endpoint), endpoint, close, [Symbol.asyncDispose]: close };
}

const answers =
  (status: number, body = ''): Handle =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);

describe('The sink of the audit trail', () => {
  const acknowledged: readonly string[] = [
    '',
    '{}',
    '{"partialSuccess":{}}',
    '{"partialSuccess":{"rejectedLogRecords":0}}',
    '{"partialSuccess":{"rejectedLogRecords":"0","errorMessage":"a warning"}}',
  ];
  for (const body of acknowledged)
    it(`has what was sent when it answers 200 with '${body}'`, async () => {
      await using world = await sinkOf(answers(200, body));
      await world.sink.sendRecords(chain, [record]);
      assert.equal(world.sent.length, 1);
    });

  const refused: readonly [what: string, status: number, body: string, message: RegExp][] = [
    ['a rejected record', 200, '{"partialSuccess":{"rejectedLogRecords":1,"errorMessage":"full"}}', /rejected 1 of .*: full/],
    ['a rejected record as proto3 JSON writes it', 200, '{"partialSuccess":{"rejectedLogRecords":"2"}}', /rejected 2 of/],
    ['a rejected span', 200, '{"partialSuccess":{"rejectedSpans":"1"}}', /rejected 1 of/],
    ['a count that is not a number', 200, '{"partialSuccess":{"rejectedLogRecords":"many"}}', /rejectedLogRecords/],
    ['a page of a proxy', 200, '<html>Sign in</html>', /the sink answered with something that is not JSON: "<html>/],
    ['a list', 200, '[]', /expected object/],
    ['202', 202, '{}', /the sink of the audit trail answered with HTTP status 202/],
    ['204', 204, '', /the sink of the audit trail answered with HTTP status 204/],
    ['400', 400, 'bad', /the sink of the audit trail answered with HTTP status 400: bad/],
    ['429', 429, 'later', /the sink of the audit trail answered with HTTP status 429: later/],
    ['500', 500, `${'x'.repeat(300)}`, /the sink of the audit trail answered with HTTP status 500: x{200}$/],
    ['a redirect', 307, '', /the sink of the audit trail answered with HTTP status 307/],
  ];
  for (const [what, status, body, message] of refused)
    it(`does not have what was sent when it answers with ${what}`, async () => {
      await using world = await sinkOf(answers(status, body));
      await assert.rejects(world.sink.sendRecords(chain, [record]), message);
      await assert.rejects(world.sink.sendSpans([]), message);
      // Whether it is sent again is decided elsewhere.
      assert.equal(world.sent.length, 2);
    });

  it('does not have what was sent when the answer is cut', async () => {
    await using world = await sinkOf((request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"partial');
      setTimeout(() => request.socket.resetAndDestroy(), 5);
    });
    await assert.rejects(world.sink.sendRecords(chain, [record]), Error);
  });

  it('does not have what was sent when the connection is closed before the answer', async () => {
    await using world = await sinkOf((request) => request.socket.destroy());
    await assert.rejects(world.sink.sendRecords(chain, [record]), Error);
  });

  it('is not waited for when the signal aborts', { timeout: 5_000 }, async () => {
    await using world = await sinkOf(() => undefined);
    const [stop, reason] = [new AbortController(), new Error('the lease is lost')];
    const sending = world.sink.sendRecords(chain, [record], stop.signal);
    while (world.sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    stop.abort(reason);
    await assert.rejects(sending, (error) => error === reason);
  });

  it('is sent records in the form of OTLP/HTTP, at the path of logs', async () => {
    await using world = await sinkOf(answers(200, '{}'));
    await new OtlpSink(`${world.endpoint}//`).sendRecords(chain, [record]);
    assert.deepEqual([world.sent[0]?.path, world.sent[0]?.type], ['/v1/logs', 'application/json']);
    const sent = (world.sent[0]?.body as LogsRequest | undefined)?.resourceLogs[0]?.scopeLogs[0]?.logRecords[0];
    assert.ok(sent);
    assert.deepEqual(
      [sent.timeUnixNano, sent.traceId, sent.spanId, sent.eventName, sent.body],
      [
        '1767268800000000000',
        traceIdOf('u1'),
        spanIdOf('u1', 'action'),
        'sentinel.Ended',
        { stringValue: 'the action has ended' },
      ],
    );
    assert.deepEqual(Object.fromEntries(sent.attributes.map(({ key, value }) => [key, value])), {
      'k8s.namespace.name': { stringValue: 'shop' },
      'sentinel.action.name': { stringValue: 'restart' },
      'sentinel.action.uid': { stringValue: 'u1' },
      'sentinel.transition': { stringValue: 'Ended' },
      'sentinel.actor': { stringValue: 'ada' },
      'sentinel.record.sequence': { intValue: 3 },
      'sentinel.record.hash': { stringValue: 'sha256:bb' },
      'sentinel.record.previous': { stringValue: 'sha256:aa' },
      'sentinel.plan.digest': { stringValue: 'sha256:cc' },
      'k8s.job.uid': { stringValue: 'j1' },
      'sentinel.effects.done': { intValue: 2 },
      'sentinel.agent.model': { stringValue: '7' },
    });
  });

  it('is sent acts with the namespace of their object, so that they go where the trail of a tenant goes', async () => {
    await using world = await sinkOf(answers(200, '{}'));
    const act = { ...record, details: [{ name: 'sentinel.object.namespace', value: 'shop' }] };
    await world.sink.sendRecords({ kind: 'Acts', name: 'acts', uid: 'u2' }, [act]);
    const text = JSON.stringify(world.sent[0]?.body);
    assert.match(text, /"k8s\.namespace\.name","value":\{"stringValue":"shop"\}/);
    assert.match(text, /"sentinel\.trail\.uid","value":\{"stringValue":"u2"\}/);
  });

  it('is told apart from another one by its address, whose last slashes do not count', () => {
    assert.equal(new OtlpSink('http://sink:4318').id, new OtlpSink('http://sink:4318/').id);
    assert.notEqual(new OtlpSink('http://sink:4318').id, new OtlpSink('http://sink:4319').id);
    assert.match(new OtlpSink('http://sink:4318').id, /^[0-9a-f]{16}$/);
  });

  it('has no more than its time for the whole answer, also when it goes on sending', { timeout: 5_000 }, async () => {
    let drip: NodeJS.Timeout | undefined;
    await using world = await sinkOf((_request, response) => {
      response.writeHead(200);
      drip = setInterval(() => response.write(' '), 2);
    });
    const sink = new OtlpSink(world.endpoint, 40);
    await assert.rejects(sink.sendRecords(chain, [record]), /no complete answer of the sink within 0\.04 s/);
    clearInterval(drip);
  });

  it('is not listened to beyond what an answer may have', { timeout: 5_000 }, async () => {
    let open = true;
    await using world = await sinkOf((_request, response) => {
      response.writeHead(200).once('close', () => {
        open = false;
      });
      // More than is read, and an end so that a reader that reads on ends as well.
      let left = 32;
      const pour = () => {
        left -= 1;
        if (left === 0) response.end();
        else if (open) response.write(Buffer.alloc(64 * 1024, ' '), pour);
      };
      pour();
    });
    await assert.rejects(world.sink.sendRecords(chain, [record]), /the answer of the sink has more than 65536 bytes/);
  });
});
