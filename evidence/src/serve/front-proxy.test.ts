import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readFrontProxy } from './front-proxy.ts';
import { tlsOf } from './server.ts';

describe('How the aggregation layer authenticates', () => {
  const data = {
    'client-ca-file': 'people',
    'requestheader-client-ca-file': 'proxy',
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-username-headers': '["X-Remote-User"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
  };

  it('is read from what the API server publishes, and the authority of people is not that of the proxy', () => {
    assert.deepEqual(readFrontProxy(data), {
      authority: 'proxy',
      names: ['front-proxy-client'],
      userHeaders: ['x-remote-user'],
      uidHeaders: [],
      groupHeaders: ['x-remote-group'],
      extraPrefixes: ['x-remote-extra-'],
    });
  });

  it('has no certificate believed where it is unknown, also none of the authorities that Node knows', () => {
    assert.deepEqual(tlsOf({ key: '', cert: '' }, undefined).ca, []);
  });

  it('is unknown in a cluster without an aggregation layer', () => {
    for (const none of [undefined, {}, { 'client-ca-file': 'people' }]) assert.equal(readFrontProxy(none), undefined);
  });

  it('is an error where it cannot be understood, and not a list without names, which allows any', () => {
    for (const text of ['front-proxy-client', '{}', '[1]', '"x"'])
      assert.throws(
        () => readFrontProxy({ ...data, 'requestheader-allowed-names': text }),
        /requestheader-allowed-names is not a list of names/,
      );
  });
});
