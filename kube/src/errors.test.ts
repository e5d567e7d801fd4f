import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, isTooLarge } from './errors.ts';

describe('An answer that says that something is too large', () => {
  const rows: Record<string, { status: number; message: string; isIt: boolean }> = {
    'is one of the API server, about the request': { status: 413, message: 'limit is 3145728', isIt: true },
    'is one of etcd, about the object (seen with 1.36.3)': {
      status: 500,
      message: 'etcdserver: request is too large',
      isIt: true,
    },
    'is one of the client of etcd': {
      status: 500,
      message: 'rpc error: code = ResourceExhausted desc = trying to send message larger than max (2113041 vs. 2097152)',
      isIt: true,
    },
    'is not one about anything else': { status: 500, message: 'etcdserver: request timed out', isIt: false },
    'is not one about a field': { status: 422, message: 'metadata.annotations: Too long', isIt: false },
  };
  for (const [name, { status, message, isIt }] of Object.entries(rows))
    it(name, () => assert.equal(isTooLarge(new ApiError({ status, reason: 'Unknown', message })), isIt));
  it('is no error of the connection', () => assert.equal(isTooLarge(new Error('request is too large')), false));
});
