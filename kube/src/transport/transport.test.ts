import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { TransportError } from '../errors.ts';
import { until } from '../testing.ts';
import { failedWith, get, type Handle, ok, world } from './server.fixture.ts';

describe('A request', () => {
  it('is sent as it is, below the path of the server, without parameters that are not set', async () => {
    const { transport, seen } = await world(ok, { config: { server: '/cluster//' } });
    const query = { limit: 5, watch: true, labelSelector: 'a in (b,c)&d', continue: undefined };
    await transport.request({ method: 'PATCH', path: '/api/v1/x%2Fy', query, body: '{}', headers: { 'content-type': 'a/b' } });
    assert.equal(seen[0]?.url, '/cluster/api/v1/x%2Fy?limit=5&watch=true&labelSelector=a+in+%28b%2Cc%29%26d');
    assert.deepEqual(
      [seen[0]?.method, seen[0]?.headers['content-type'], seen[0]?.headers.accept],
      ['PATCH', 'a/b', 'application/json'],
    );
  });

  it('was not sent when nobody listens', async () => {
    const { transport, server } = await world(ok);
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(transport.request(get), failedWith('ECONNREFUSED', false));
  });

  it('may have happened when the connection is lost before the answer, and is not sent again', async () => {
    const { transport, seen } = await world((request) => request.socket.resetAndDestroy());
    for (const method of ['GET', 'POST'] as const)
      await assert.rejects(transport.request({ ...get, method }), failedWith(/ECONNRESET|UND_ERR_SOCKET/, true));
    assert.equal(seen.length, 2);
  });

  it('may have happened when its answer is cut', async () => {
    const { transport } = await world((request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('{"a":');
      setTimeout(() => request.socket.destroy(), 5);
    });
    await assert.rejects(
      transport.request(get),
      failedWith(/UND_ERR_SOCKET|ECONNRESET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH/, true),
    );
  });

  it('may have happened when its answer is not HTTP', async () => {
    const { transport } = await world((request) => request.socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    await assert.rejects(transport.request(get), failedWith(/^(HPE_.*|UNKNOWN)$/, true));
  });

  it('ends at its time, also within an answer that goes on coming', { timeout: 5_000 }, async () => {
    let drip: NodeJS.Timeout | undefined;
    let closed = 0;
    const { transport } = await world((_request, response) => {
      response.once('close', () => (closed += 1)).writeHead(200);
      drip = setInterval(() => response.write(' '), 2);
    });
    await assert.rejects(transport.request({ ...get, timeoutMs: 40 }), failedWith('TIMEOUT', true));
    await until(() => closed === 1, 'the end of the connection');
    clearInterval(drip);
  });

  it('ends with the reason of its signal within its answer, and its connection with it', async () => {
    const [stop, reason] = [new AbortController(), new Error('the lease is lost')];
    let closed = 0;
    const { transport, seen } = await world((_request, response) => {
      response.once('close', () => (closed += 1)).writeHead(200);
      response.write('{');
    });
    const asking = transport.request({ ...get, signal: stop.signal });
    await until(() => seen.length === 1);
    stop.abort(reason);
    await assert.rejects(asking, (error) => error === reason);
    await until(() => closed === 1, 'the end of the connection');
  });

  it('is not sent when its signal has aborted before', async () => {
    const { transport, seen } = await world(ok);
    const [signal, reason] = [new AbortController(), new Error('stop')];
    signal.abort(reason);
    await assert.rejects(transport.request({ ...get, signal: signal.signal }), (error) => error === reason);
    await assert.rejects(transport.stream({ ...get, signal: signal.signal }), (error) => error === reason);
    assert.equal(seen.length, 0);
  });

  it('leaves nothing behind on a signal that lives long, well or not', async () => {
    const { signal } = new AbortController();
    const { transport } = await world((request, response) =>
      request.url === '/reset' ? request.socket.destroy() : ok(request, response),
    );
    for (let count = 0; count < 3; count += 1) {
      await transport.request({ ...get, signal });
      await assert.rejects(transport.request({ ...get, path: '/reset', signal }), TransportError);
      await assert.rejects(transport.stream({ ...get, path: '/reset', signal }), TransportError);
      const { body } = await transport.stream({ ...get, signal });
      await text(body);
    }
    await until(() => getEventListeners(signal, 'abort').length === 0, 'no listener');
  });

  it('waits for a connection of the pool, and ends at its time while it waits', async () => {
    const { transport, seen } = await world(() => undefined, { options: { connections: 1 } });
    const first = assert.rejects(transport.request({ ...get, timeoutMs: 60 }), failedWith('TIMEOUT', true));
    await until(() => seen.length === 1);
    await assert.rejects(transport.request({ ...get, timeoutMs: 20 }), failedWith('TIMEOUT', true));
    assert.equal(seen.length, 1);
    await first;
  });
});

describe('A stream', () => {
  const drip: Handle = (_request, response) => {
    response.writeHead(200);
    response.write('first');
  };

  it('lives longer than the time to its headers, and ends with the reason of its signal', async () => {
    const [stop, reason] = [new AbortController(), new Error('stop')];
    const { transport } = await world(drip);
    const { body } = await transport.stream({ ...get, signal: stop.signal, timeoutMs: 200 });
    const reading = text(body);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(body.destroyed, false);
    stop.abort(reason);
    await assert.rejects(reading, (error) => error === reason);
  });

  it('that nobody reads yet is stopped by its signal, and nobody has to listen for that', async () => {
    const stop = new AbortController();
    const { transport } = await world(drip);
    const { body } = await transport.stream({ ...get, signal: stop.signal });
    stop.abort(new Error('stop'));
    await until(() => body.closed, 'the end of the stream');
    await assert.rejects(text(body));
  });

  it('is given up when its headers do not come in time', async () => {
    let closed = 0;
    const { transport } = await world((_request, response) => response.once('close', () => (closed += 1)));
    await assert.rejects(transport.stream({ ...get, timeoutMs: 20 }), failedWith('TIMEOUT', true));
    await until(() => closed === 1, 'the end of the connection');
  });

  it('takes no connection from requests', async () => {
    const { transport } = await world((request, response) => (request.url === '/watch' ? drip : ok)(request, response), {
      options: { connections: 1 },
    });
    const streams = await Promise.all(Array.from({ length: 5 }, () => transport.stream({ ...get, path: '/watch' })));
    assert.equal((await transport.request({ ...get, timeoutMs: 1_000 })).status, 200);
    for (const { body } of streams) body.destroy();
  });

  it('is broken off when the transport is closed, and so is a request', async () => {
    const { transport, seen } = await world(drip);
    const { body } = await transport.stream(get);
    const reading = assert.rejects(text(body));
    const asking = assert.rejects(transport.request(get), TransportError);
    await until(() => seen.length === 2);
    await transport.close();
    await Promise.all([reading, asking]);
  });
});
