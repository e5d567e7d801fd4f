import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fromPlain, pack, toPlain, unpack } from './codec.ts';
import type { Sending } from './entry.ts';

describe('A payload of the ledger', () => {
  // What does not compress, so that it takes several parts.
  const value = { text: randomBytes(1_200_000).toString('base64'), absent: undefined };

  it('comes back as it was, from parts that one object each can hold', () => {
    const { digest, parts } = pack(value);
    assert.ok(parts.length > 1 && parts.every(({ length }) => length <= 700 * 1024));
    assert.deepEqual(unpack(digest, parts), { text: value.text });
  });

  const { digest, parts } = pack(value);
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = parts;
  const altered = Buffer.from(first);
  altered[100] = (altered[100] ?? 0) ^ 1;
  const broken: Record<string, readonly Buffer[]> = {
    'without a part': parts.slice(1),
    'without its last part': parts.slice(0, -1),
    'without any part': [],
    'whose parts are in another order': [second, first, ...parts.slice(2)],
    'with a part twice': [first, ...parts],
    'with a bit that changed': [altered, ...parts.slice(1)],
  };
  for (const [what, given] of Object.entries(broken))
    it(`is not read ${what}`, () => assert.throws(() => unpack(digest, given), /an entry of the ledger is not complete/));

  it('is not unpacked into more than was ever packed', () => {
    const bomb = gzipSync(Buffer.alloc(129 * 1024 * 1024, ' '));
    assert.throws(() => unpack(createHash('sha256').update(bomb).digest('hex'), [bomb]), /larger than/);
  });

  it('keeps a write as it was sent, its bytes included', () => {
    const body = Buffer.from([0, 255, 10, 200]);
    const sending = {
      request: { version: 'v1', base: 'pods', body, query: new Map([['fieldManager', 'kubectl']]) },
      preconditions: { uid: 'u' },
      change: [],
      promised: null,
    } as unknown as Sending;
    const { digest: of, parts: kept } = pack(toPlain(sending));
    assert.deepEqual(fromPlain(unpack(of, kept)), sending);
  });
});
