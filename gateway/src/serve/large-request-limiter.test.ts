import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '@sentinel/kube/testing';
import { LargeRequestLimiter } from './large-request-limiter.ts';

it('a namespace has one large request at work at a time; small ones and those of others do not wait for it', async () => {
  const turns = new LargeRequestLimiter(() => false);
  const order: string[] = [];
  let open = () => {};
  const held = new Promise<void>((resolve) => {
    open = resolve;
  });
  const work = (name: string, until?: Promise<void>) => async () => {
    order.push(`${name} begins`);
    await until;
    order.push(`${name} ends`);
  };
  const large = 100_000;
  const all = [turns.take('a', large, work('first', held)), turns.take('a', large, work('second'))];
  await new Promise((resolve) => setImmediate(resolve));
  await turns.take('a', 10, work('small'));
  await turns.take('b', large, work('other'));
  assert.deepEqual(order, ['first begins', 'small begins', 'small ends', 'other begins', 'other ends']);
  open();
  await Promise.all(all);
  assert.deepEqual(order.slice(-3), ['first ends', 'second begins', 'second ends']);
});

it('a large request that fails lets the next one through', async () => {
  const turns = new LargeRequestLimiter(() => false);
  const failing = turns.take('a', 100_000, () => Promise.reject(new Error('no')));
  const next = turns.take('a', 100_000, async () => 'yes');
  await assert.rejects(failing);
  assert.equal(await next, 'yes');
});

describe('large requests of one namespace', () => {
  const LARGE = 100_000;
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  // Sends large requests one after the other, each of which takes a time, for ten minutes; answers with the part of the time they had.
  async function partOf(isShared: boolean, takes: number) {
    const clock = new FakeClock();
    const turns = new LargeRequestLimiter(() => isShared, clock);
    let worked = 0;
    const work = () =>
      new Promise<void>((resolve) => {
        clock.setTimeout(() => {
          worked += takes;
          resolve();
        }, takes);
      });
    let isOver = false;
    const loop = (async () => {
      while (!isOver) await turns.take('hostile', LARGE, work);
    })();
    for (let at = 0; at < 600_000; at += 250) {
      clock.advance(250);
      await settled();
    }
    isOver = true;
    for (let at = 0; at < 100; at++) {
      clock.advance(1_000);
      await settled();
    }
    await loop;
    return worked / 600_000;
  }

  it('have an eighth of the time while others have sandboxes', async () => {
    const part = await partOf(true, 500);
    assert.ok(part > 0.1 && part < 0.14, String(part));
  });

  it('have all of it while nobody else has a sandbox', async () => assert.ok((await partOf(false, 500)) > 0.6));

  it('rest no longer for a request that others made slow', async () => assert.ok((await partOf(true, 8_000)) > 0.4));

  it('are not held up when they are few', async () => {
    const clock = new FakeClock();
    const turns = new LargeRequestLimiter(() => true, clock);
    const work = async () => clock.advance(500);
    for (let at = 0; at < 2; at++) await turns.take('calm', LARGE, work);
    assert.equal(clock.monotonic(), 1_000);
  });

  it('end their rest when the client is gone', async () => {
    const clock = new FakeClock();
    const turns = new LargeRequestLimiter(() => true, clock);
    const work = async () => clock.advance(1_000);
    for (let at = 0; at < 2; at++) await turns.take('hostile', LARGE, work);
    const gone = new AbortController();
    const waiting = turns.take('hostile', LARGE, work, gone.signal);
    await settled();
    gone.abort(new Error('gone'));
    await assert.rejects(waiting, /gone/);
    assert.equal(clock.monotonic(), 2_000);
  });
});
