import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { describe, it } from 'node:test';
import { createAuthority, issueServerCertificate } from '../certificates/index.ts';
import { failedWith, get, type Handle, ok, world } from './server.fixture.ts';
import { createTransport } from './transport.ts';

describe('Credentials', () => {
  const rotated = (accept: string) => {
    const asked: boolean[] = [];
    const auth = async (fresh = false) => {
      asked.push(fresh);
      return { authorization: fresh ? 'Bearer new' : 'Bearer old' };
    };
    // A body of some size keeps its connection until it was read.
    const handle: Handle = (request, response) => {
      const isGood = request.headers.authorization === accept;
      response.writeHead(isGood ? 200 : 401).end(isGood ? '{}' : 'x'.repeat(100_000));
    };
    return { asked, auth, handle };
  };

  it('are read again after a 401, and the request, a write as well, is sent once more', async () => {
    const { asked, auth, handle } = rotated('Bearer new');
    const { transport, seen } = await world(handle, { config: { auth }, options: { connections: 1 } });
    const { status } = await transport.request({ method: 'POST', path: '/api', body: '{"a":1}', timeoutMs: 1_000 });
    assert.deepEqual([status, asked], [200, [false, true]]);
    assert.deepEqual(await Promise.all(seen.map(({ body }) => body)), ['{"a":1}', '{"a":1}']);
  });

  it('are read again once for a request, also of a stream', async () => {
    const { asked, auth, handle } = rotated('Bearer never');
    const { transport, seen } = await world(handle, { config: { auth } });
    assert.equal((await transport.request(get)).status, 401);
    const { status, body } = await transport.stream(get);
    body.destroy();
    assert.deepEqual([status, seen.length, asked], [401, 4, [false, true, false, true]]);
  });

  it('are those of the configuration, whatever the headers of a request say', async () => {
    const { transport, seen } = await world(ok);
    await transport.request({ ...get, headers: { authorization: 'Bearer forged', 'user-agent': 'me' } });
    assert.deepEqual([seen[0]?.headers.authorization, seen[0]?.headers['user-agent']], ['Bearer old', 'me']);
  });

  it('that cannot be read again fail the request, and leave its connection to others', async () => {
    const auth = async (fresh = false) => {
      if (fresh) throw new Error('no such token');
      return { authorization: 'Bearer old' };
    };
    const refuse: Handle = (request, response) => {
      if (request.url === '/open') ok(request, response);
      else response.writeHead(401).end('x'.repeat(1024 * 1024));
    };
    const { transport } = await world(refuse, { config: { auth }, options: { connections: 1 } });
    for (let count = 0; count < 3; count += 1)
      await assert.rejects(transport.request({ ...get, timeoutMs: 1_000 }), /no such token/);
    assert.equal((await transport.request({ ...get, path: '/open', timeoutMs: 1_000 })).status, 200);
  });

  it('that do not come are waited for no longer than the request may take', { timeout: 5_000 }, async () => {
    const auth = () => new Promise<never>(() => undefined);
    const { transport, seen } = await world(ok, { config: { auth } });
    await assert.rejects(transport.request({ ...get, timeoutMs: 20 }), failedWith('TIMEOUT', true));
    await assert.rejects(transport.stream({ ...get, timeoutMs: 20 }), failedWith('TIMEOUT', true));
    const [stop, reason] = [new AbortController(), new Error('stop')];
    const asking = transport.request({ ...get, signal: stop.signal });
    stop.abort(reason);
    await assert.rejects(asking, (error) => error === reason);
    assert.equal(seen.length, 0);
  });
});

describe('TLS', () => {
  it('is refused without the right authority or name, and nothing was sent', async () => {
    const [own, other] = [await createAuthority('own', 1), await createAuthority('other', 1)];
    const pair = await issueServerCertificate(own, ['api.test'], 1);
    const { transport, seen, server, origin } = await world(ok, {
      server: createTlsServer({ key: pair.key, cert: pair.cert }) as unknown as Server,
      config: { ca: own.cert, tlsServerName: 'api.test' },
    });
    assert.equal((await transport.request(get)).status, 200);
    for (const config of [{ ca: other.cert, tlsServerName: 'api.test' }, { ca: own.cert, tlsServerName: 'evil.test' }, {}]) {
      const auth = async () => ({ authorization: 'Bearer secret' });
      const stranger = createTransport(
        { server: origin, namespace: '', currentContext: '', auth, ...config },
        { userAgent: 't' },
      );
      await assert.rejects(stranger.request(get), failedWith(/UNABLE_TO_VERIFY|SELF_SIGNED|ALTNAME/, false));
      await stranger.close();
    }
    assert.equal(seen.length, 1);
    // A certificate that is renewed under the same authority is believed.
    const renewed = await issueServerCertificate(own, ['api.test'], 1);
    (server as unknown as ReturnType<typeof createTlsServer>).setSecureContext({ key: renewed.key, cert: renewed.cert });
    const again = createTransport(
      { server: origin, namespace: '', currentContext: '', ca: own.cert, tlsServerName: 'api.test', auth: async () => ({}) },
      { userAgent: 't' },
    );
    assert.equal((await again.request(get)).status, 200);
    await again.close();
  });
});
