import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { connect } from 'node:tls';
import type { KubeClient } from '../client/client.ts';
import { MissingObjectError } from '../errors.ts';
import type { AnyObject } from '../types.ts';
import { advance, ensureAuthority } from './authority.ts';
import { createAuthority, issueServerCertificate, type KeyPair } from './issue.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;

describe('An authority', () => {
  const at = (days: number) => Date.now() + days * DAY;

  it('is made when there is none', async () => {
    const made = await advance(undefined, 'ca', Date.now());
    assert.match(new X509Certificate(made.current.cert).subject, /^CN=ca-[0-9a-f]{8}$/);
    assert.equal(made.next, undefined);
  });

  it('stays as it is until 30 days before its end', async () => {
    const held = await advance(undefined, 'ca', Date.now());
    assert.equal(await advance(held, 'ca', at(334)), held);
    assert.notEqual(await advance(held, 'ca', at(336)), held);
  });

  it('has its next one published beside it for an hour, and then is followed by it', async () => {
    const held = await advance(undefined, 'ca', Date.now());
    const now = at(336);
    const beside = await advance(held, 'ca', now);
    assert.deepEqual(beside.current, held.current);
    assert.equal(beside.next?.since, now);
    assert.equal(await advance(beside, 'ca', now + HOUR - 1), beside);
    const followed = await advance(beside, 'ca', now + HOUR);
    assert.equal(followed.current.cert, beside.next?.cert);
    assert.equal(followed.current.key, beside.next?.key);
    assert.equal(followed.previous, held.current.cert);
    assert.equal(followed.next, undefined);
  });

  it('is followed at once when it is at its end, however late that is noticed', async () => {
    const held = await advance(undefined, 'ca', Date.now());
    for (const days of [364.5, 400]) {
      const followed = await advance(held, 'ca', at(days));
      assert.notEqual(followed.current.cert, held.current.cert);
      assert.equal(followed.previous, held.current.cert);
    }
  });

  it('fills the Secret of the installation, and creates none if there is none', async () => {
    let secret: AnyObject | null = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'ca', labels: { a: 'b' } },
      type: 'Opaque',
    };
    const client = {
      get: () => Promise.resolve(secret),
      replace: (_: unknown, object: AnyObject) => {
        secret = object;
        return Promise.resolve(object);
      },
      create: () => assert.fail('it creates a Secret'),
    } as unknown as KubeClient;
    const key = { namespace: 'system', name: 'ca' };
    const made = await ensureAuthority(client, key, 'ca');
    assert.deepEqual([secret.type, secret.metadata.labels], ['Opaque', { a: 'b' }]);
    assert.equal((await ensureAuthority(client, key, 'ca')).current.cert, made.current.cert);
    secret = null;
    await assert.rejects(ensureAuthority(client, key, 'ca'), MissingObjectError);
  });

  it('is found by name among two that are trusted, in either order', async () => {
    const [one, two] = await Promise.all([advance(undefined, 'ca', 0), advance(undefined, 'ca', 0)]);
    for (const { current } of [one, two])
      for (const bundle of [
        [one, two],
        [two, one],
      ])
        assert.equal(await handshake(current, bundle.map((each) => each.current.cert).join('\n')), 'trusted');
    const stranger = await createAuthority('stranger', 1);
    assert.match(await handshake(stranger, one.current.cert), /unable to verify|self.signed|local issuer/);
  });
});

/** What a client says of a certificate under `authority` when it trusts `ca`. */
async function handshake(authority: KeyPair, ca: string): Promise<string> {
  const server = createServer(await issueServerCertificate(authority, ['server.test'], 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'server.test' });
  const said = await Promise.race([
    once(socket, 'secureConnect').then(() => 'trusted'),
    once(socket, 'error').then(([error]) => String(error)),
  ]).catch(String);
  socket.destroy();
  server.close();
  return said;
}
