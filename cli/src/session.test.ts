import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { terminalOf } from './session.ts';

describe('Colours', () => {
  const coloured = (stdout: boolean, env: Readonly<Record<string, string>>) => {
    const quiet = { write: () => true };
    return terminalOf({ stdout: quiet, stderr: quiet, stdin: Readable.from([]), isTTY: { stdin: true, stdout }, env }).colour;
  };
  it('are for a terminal alone, and not with NO_COLOR or on a dumb one', () => {
    assert.equal(coloured(true, {}), true);
    assert.equal(coloured(true, { NO_COLOR: '' }), true);
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) assert.equal(coloured(true, env), false);
    assert.equal(coloured(false, {}), false);
  });
});

describe('A long text with a short form', () => {
  const shownOn = async (stdout: boolean, pager: string) => {
    let out = '';
    const io = {
      stdout: { write: (text: string) => (out += text) },
      stderr: { write: () => true },
      stdin: Readable.from([]),
      isTTY: { stdin: false, stdout },
      env: { KUBECTL_SENTINEL_PAGER: pager },
    };
    const paged = await terminalOf(io).page('whole', 'short');
    return { paged, out };
  };

  it('is whole in the pager, and only there', async () => {
    assert.deepEqual(await shownOn(true, 'test "$(/bin/cat)" = whole'), { paged: true, out: '' });
    assert.deepEqual(await shownOn(false, 'test "$(/bin/cat)" = whole'), { paged: false, out: 'short\n' });
  });

  it('is short if the pager cannot be started or is not a program', async () => {
    assert.deepEqual(await shownOn(true, '/no/such/pager'), { paged: false, out: 'short\n' });
    assert.deepEqual(await shownOn(true, 'cat'), { paged: false, out: 'short\n' });
  });
});
