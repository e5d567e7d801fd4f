import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Intake } from './intake.ts';

const BUSY_MS = 20;
const LARGE = JSON.stringify('x'.repeat(100_000));

/** What is judged takes the thread for a while, and notes when. */
const turns: { body: unknown; start: number; end: number }[] = [];
function work(body: unknown): Promise<void> {
  const start = performance.now();
  while (performance.now() - start < BUSY_MS);
  turns.push({ body, start, end: performance.now() });
  return Promise.resolve();
}

describe('Large bodies', () => {
  const intake = new Intake();
  const server = createServer((incoming, response) => {
    intake.run(incoming, work).then(
      () => response.end(),
      () => response.writeHead(500).end(),
    );
  });
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());

  const send = (body: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const headers = { 'content-length': body.length };
      const sent = request({ host: '127.0.0.1', port, method: 'POST', headers, agent: false }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      });
      sent.once('error', reject).end(body);
    });

  it('leave the thread to others for longer than they take it', async () => {
    const statuses = await Promise.all(Array.from({ length: 5 }, () => send(LARGE)));
    assert.deepEqual(new Set(statuses), new Set([200]));
    const pauses = turns.slice(1).map(({ start }, at) => start - (turns[at]?.end ?? start));
    assert.ok(pauses.length === 4 && pauses.every((pause) => pause >= 2.5 * BUSY_MS), pauses.join());
  });
});
