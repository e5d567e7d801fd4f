import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BodyRefused, Intake } from './intake.ts';

// The API server sends the reviews of all namespaces. Tenants of many of them, who always have more reviews of their own, must not keep the
// reviews of another one out, nor make it wait for a turn of each of them.

const NOISY = 40;
/** How many reviews each of them has under way at all times. Together they are more than there is memory for. */
const EACH = { small: 3, large: 2 };
/** How long a review waits for answers of the API server. */
const JUDGED_MS = 200;
const LARGE = 64 * 1024;
const SIZE = { small: 60_000, large: 300_000 };

const bodyOf = (namespace: string, size: number) =>
  JSON.stringify({ request: { uid: 'u', namespace, operation: 'CREATE', object: { pad: 'x'.repeat(size) } } });

describe(`A namespace beside ${NOISY} that always have more reviews`, { timeout: 300_000 }, () => {
  const intake = new Intake();
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  let judged = 0;
  /** How many reviews of the others have begun, and how many had when the last one of the quiet namespace did. */
  const begun = { small: 0, large: 0 };
  let quietAt = 0;
  const server = createServer((incoming, response) => {
    const work = async (body: unknown) => {
      const { namespace, object } = (body as { request: { namespace: string; object: { pad: string } } }).request;
      const lane = object.pad.length < LARGE ? 'small' : 'large';
      if (namespace === 'quiet') quietAt = begun[lane];
      else begun[lane] += 1;
      await sleep(JUDGED_MS);
      judged += 1;
    };
    intake.run(incoming, work).then(
      () => response.end(),
      (error) => {
        incoming.resume();
        response.writeHead(error instanceof BodyRefused ? error.status : 500).end();
      },
    );
  });
  const send = (body: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const headers = { 'content-length': body.length };
      const sent = request({ host: '127.0.0.1', port, method: 'POST', headers, agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      });
      sent.once('error', reject).end(body);
    });

  let isOver = false;
  const noise: Promise<void>[] = [];
  const crowd = async (namespace: string, size: number) => {
    const body = bodyOf(namespace, size);
    while (!isOver) {
      // The API server sends it again a while after a refusal.
      if ((await send(body)) === 429) await sleep(200);
    }
  };
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    for (let at = 0; at < NOISY; at++)
      for (const lane of ['small', 'large'] as const)
        for (let one = 0; one < EACH[lane]; one++) noise.push(crowd(`noisy-${at}`, SIZE[lane]));
    // Each of them has had its turn then.
    while (judged < 3 * NOISY) await sleep(50);
  });
  after(async () => {
    isOver = true;
    await Promise.all(noise);
    agent.destroy();
    server.close();
  });

  // While one of the largest is sent, others begin: how many, depends on how busy the machine is.
  for (const [size, lane, bytes, rounds] of [
    ['small', 'small', 10_000, 1],
    ['large', 'large', 200_000, 1],
    ['largest', 'large', 3_400_000, 5],
  ] as const)
    it(`has each of its reviews judged, and does not wait for ${rounds} of each other namespace: ${size} ones`, async () => {
      const body = bodyOf('quiet', bytes);
      const before: number[] = [];
      for (let at = 0; at < 3; at++) {
        const start = begun[lane];
        assert.equal(await send(body), 200, `review ${at}`);
        before.push(quietAt - start);
      }
      const median = before.sort((a, b) => a - b)[1] ?? 0;
      assert.ok(median < rounds * NOISY, before.join());
    });
});
