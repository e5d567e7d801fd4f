import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { TransportError } from '../errors.ts';
import { watchEvents } from './watch-stream.ts';

const added = (name: string) => ({ type: 'ADDED', object: { metadata: { name } } });
const line = (name: string) => `${JSON.stringify(added(name))}\n`;

/** What a watch gives until it ends, how it ended, and how often it was alive. */
async function read(chunks: Iterable<Buffer | string> | Readable) {
  const body = chunks instanceof Readable ? chunks : Readable.from([...chunks].map((chunk) => Buffer.from(chunk)));
  const names: string[] = [];
  let [alive, error]: [number, unknown] = [0, undefined];
  try {
    for await (const { object } of watchEvents(body, () => (alive += 1)))
      names.push((object as { metadata?: { name?: string } }).metadata?.name ?? '');
  } catch (thrown) {
    error = thrown;
  }
  assert.equal(body.destroyed, true);
  return { names, alive, code: error instanceof TransportError ? error.code : error };
}

describe('The events of a watch', () => {
  it('come in their order, however they are cut, within characters as well', async () => {
    const whole = Buffer.from(`${line('a')}${line('größe-😀')}${line('c')}`);
    for (let size = 1; size <= whole.length; size += 1) {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
        whole.subarray(at * size, (at + 1) * size),
      );
      const { names, alive, code } = await read(chunks);
      assert.deepEqual([names, alive, code], [['a', 'größe-😀', 'c'], chunks.length, undefined], `${size}`);
    }
  });

  it('are missing in an empty stream and in empty lines, and one in a line that ends with a carriage return', async () => {
    assert.deepEqual((await read([])).names, []);
    assert.deepEqual((await read(['\n\n', line('a'), '\n', line('b').replace('\n', '\r\n')])).names, ['a', 'b']);
  });

  const cut: readonly [what: string, chunks: string[], code: string][] = [
    ['ends within a line', [line('a'), '{"type":"ADDED"'], 'CUT'],
    ['ends within a line that would be an event', [line('a'), line('b').trimEnd()], 'CUT'],
    ['has a line that is not JSON', [line('a'), '<html>\n', line('b')], 'MALFORMED'],
    ['has a line that is not an object', [line('a'), 'null\n', line('b')], 'MALFORMED'],
    ['has an event without a type', [line('a'), '{"object":{}}\n', line('b')], 'MALFORMED'],
    ['has an event whose type is no text', [line('a'), '{"type":1,"object":{}}\n', line('b')], 'MALFORMED'],
    ['has an event without an object', [line('a'), '{"type":"ADDED"}\n', line('b')], 'MALFORMED'],
    ['has an event whose object is null', [line('a'), '{"type":"ADDED","object":null}\n', line('b')], 'MALFORMED'],
    ['has an event whose object is a text', [line('a'), '{"type":"ADDED","object":"x"}\n', line('b')], 'MALFORMED'],
  ];
  for (const [what, chunks, code] of cut)
    it(`end with an error before anything is lost when the stream ${what}`, async () => {
      const { names, code: ended } = await read(chunks);
      assert.deepEqual([names, ended], [['a'], code]);
    });

  it('end with an error of the network as it is called there', async () => {
    const body = Readable.from(
      (async function* () {
        yield Buffer.from(line('a'));
        throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      })(),
    );
    const { names, code } = await read(body);
    assert.deepEqual([names, code], [['a'], 'ECONNRESET']);
  });

  it('close the connection when nobody wants more of them', async () => {
    const body = Readable.from(
      (async function* () {
        for (;;) yield Buffer.from(line('a'));
      })(),
    );
    for await (const { type } of watchEvents(body, () => undefined)) {
      assert.equal(type, 'ADDED');
      break;
    }
    assert.equal(body.destroyed, true);
  });
});
