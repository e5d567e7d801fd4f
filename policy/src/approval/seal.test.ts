import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { it } from 'node:test';
import { sealFault, sealRecord } from './seal.ts';

it('a seal does not hold under a key that cannot verify anything', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { publicKey: exchange } = generateKeyPairSync('x25519');
  const record = sealRecord({ user: 'ada' }, 'k', privateKey);
  assert.equal(sealFault(record, new Map([['k', exchange]])), 'its seal cannot be parsed');
});
