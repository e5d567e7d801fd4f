import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthority, issueServerCertificate } from '../certificates/issue.ts';
import { Pace, paceConnections } from './pace-connections.ts';

describe('The pace of an address', () => {
  const pace = () => new Pace({ burst: 3, perSecond: 10, waitMs: 250 });

  it('lets a burst begin at once, and what follows in even steps', () => {
    const paced = pace();
    const delays = Array.from({ length: 5 }, () => paced.delay('a', 1_000));
    assert.deepEqual(delays, [0, 0, 0, 100, 200]);
  });

  it('refuses what would wait too long, and does not count it', () => {
    const paced = pace();
    for (let at = 0; at < 5; at += 1) paced.delay('a', 1_000);
    assert.deepEqual([paced.delay('a', 1_000), paced.delay('a', 1_000), paced.delay('a', 1_100)], [undefined, undefined, 200]);
  });

  it('is that of each address alone', () => {
    const paced = pace();
    for (let at = 0; at < 9; at += 1) paced.delay('a', 1_000);
    assert.equal(paced.delay('b', 1_000), 0);
  });

  it('lets a burst begin again after a rest', () => {
    const paced = pace();
    for (let at = 0; at < 5; at += 1) paced.delay('a', 1_000);
    assert.deepEqual(
      Array.from({ length: 4 }, () => paced.delay('a', 2_000)),
      [0, 0, 0, 100],
    );
  });

  it('forgets addresses beyond a bound', () => {
    const paced = pace();
    for (let at = 0; at < 10_000; at += 1) assert.equal(paced.delay(`a-${at}`, 1_000), 0);
  });
});

describe('A server with a pace', () => {
  let server: ReturnType<typeof createServer>;
  let port: number;
  before(async () => {
    const { key, cert } = await issueServerCertificate(await createAuthority('test', 1), ['server.test'], 1);
    server = createServer({ key, cert }, (_request, response) => response.end('served'));
    paceConnections(server, { burst: 2, perSecond: 20, waitMs: 400 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  after(() => server.close());

  const ask = async () => {
    const begun = performance.now();
    const request = get({ host: '127.0.0.1', port, agent: false, rejectUnauthorized: false });
    const outcome = await new Promise<string>((resolve) => {
      request.on('response', (response) => response.resume().on('end', () => resolve('served')));
      request.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''));
    });
    return { outcome, ms: performance.now() - begun };
  };

  it('serves what arrives beyond it later, with the handshake that the client had sent meanwhile, and refuses the rest', async () => {
    const asked = await Promise.all(Array.from({ length: 40 }, ask));
    const served = asked.filter(({ outcome }) => outcome === 'served');
    // Ten if all arrive at the same time.
    assert.ok(served.length >= 10 && served.length < 40, `${served.length}`);
    assert.ok(Math.max(...served.map(({ ms }) => ms)) >= 300, JSON.stringify(asked));
    assert.deepEqual(new Set(asked.map(({ outcome }) => outcome)), new Set(['served', 'ECONNRESET']));
  });

  it('goes on when clients leave before their turn', async () => {
    await sleep(200);
    const sockets = Array.from({ length: 6 }, () => connect(port, '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => {});
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const socket of sockets) socket.resetAndDestroy();
    await sleep(300);
    assert.equal((await ask()).outcome, 'served');
  });
});
