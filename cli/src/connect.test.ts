import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Transport } from '@sentinel/kube';
import { connect, logging } from './connect.ts';
import { UsageError } from './session.ts';

const answering: Transport = {
  request: async () => ({ status: 200, headers: {}, body: Buffer.from(`{"a":"\u001b[2J${'x'.repeat(3_000)}"}`) }),
  stream: async () => {
    throw new Error('no\u202e answer');
  },
  close: async () => {},
};

async function printed(level: number, ask: (transport: Transport) => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  await ask(logging(answering, 'https://api.test', level, (line) => lines.push(line))).catch(() => {});
  return lines;
}

describe('-v', () => {
  it('prints each request from level 6 on, and no headers', async () => {
    const query = { labelSelector: 'a=b', limit: undefined };
    const headers = { authorization: 'Bearer secret' };
    const lines = await printed(6, (transport) => transport.request({ method: 'GET', path: '/api/v1/pods', query, headers }));
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^GET https:\/\/api\.test\/api\/v1\/pods\?labelSelector=a%3Db 200 in \d+ milliseconds$/);
  });

  it('prints the beginning of bodies from level 8 on, with nothing hostile in them', async () => {
    const lines = await printed(8, (transport) => transport.request({ method: 'POST', path: '/x', body: '{"b":1}' }));
    assert.equal(lines[0], 'request body: {"b":1}');
    assert.match(lines[2] ?? '', /^response body: \{"a":"\\u001b\[2Jx+…$/);
    assert.ok((lines[2] ?? '').length < 1_200);
  });

  it('prints what failed', async () => {
    const [line = ''] = await printed(6, (transport) => transport.stream({ method: 'GET', path: '/x' }));
    assert.match(line, /^GET https:\/\/api\.test\/x failed in \d+ milliseconds: no\\u202e answer$/);
  });
});

describe('the connection', () => {
  it('says which flags to check when the kubeconfig cannot be used', () => {
    const io = { error: () => {} };
    assert.throws(
      () => connect({ kubeconfig: '/does/not/exist' }, io),
      (error) => error instanceof UsageError && error.code === 'KubeconfigInvalid' && /check --kubeconfig/.test(error.message),
    );
  });
});
