import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { boundConnections, type ConnectionBounds, type ConnectionShare } from './bound-connections.ts';

/** Gives each address as many as it asks for, up to the bound of an address. */
const only = (most: number): ConnectionShare & { held: number } => ({
  held: 0,
  tryTake() {
    if (this.held >= most) return undefined;
    this.held += 1;
    return () => {
      this.held -= 1;
    };
  },
});

async function listen(bounds: ConnectionBounds) {
  const server = createServer();
  boundConnections(server, bounds);
  server.on('connection', (socket) => socket.destroyed || socket.write('x'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  const open = async () => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    const isServed = await Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);
    return { socket, isServed };
  };
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { open, close };
}

describe('Connections', () => {
  it('are open up to a bound, and a closed one makes room', async () => {
    const { open, close } = await listen({ open: only(2), perAddress: 9 });
    const first = await open();
    const second = await open();
    assert.deepEqual([first.isServed, second.isServed, (await open()).isServed], [true, true, false]);
    first.socket.destroy();
    while (!(await open()).isServed);
    close();
  });

  it('begin up to a bound within a second, and again in the next one', async () => {
    const share = only(9);
    const { open, close } = await listen({ open: share, perAddress: 9, begun: only(2) });
    assert.deepEqual([(await open()).isServed, (await open()).isServed, (await open()).isServed], [true, true, false]);
    assert.equal(share.held, 2);
    await sleep(1_100);
    assert.equal((await open()).isServed, true);
    close();
  });
});
