import type { KubeClient } from '../client.ts';
import { isAlreadyExists, isConflict } from '../errors.ts';
import { secrets } from '../resources.ts';
import type { AnyObject } from '../types.ts';
import { createAuthority, daysLeft, type KeyPair } from './issue.ts';

/** An authority as its Secret holds it. `bundle` is what clients trust: the authority in use, and the one before while leaves of it live. */
export interface Authority {
  readonly current: KeyPair;
  readonly bundle: string;
}

const CA_DAYS = 365;
const RENEW_DAYS = 30;

/**
 * The certificate authority that a Secret holds, made when there is none and renewed 30 days before its end. Any number of
 * replicas may call this at once: the API server lets one of them write, and all read what was written.
 */
export async function ensureAuthority(
  client: KubeClient,
  key: { namespace: string; name: string },
  commonName: string,
): Promise<Authority> {
  for (;;) {
    const secret = await client.get(secrets, key);
    const held = secret ? read(secret) : undefined;
    if (held && daysLeft(held.current.cert, Date.now()) >= RENEW_DAYS) return held;
    try {
      return await write(client, key, commonName, secret, held);
    } catch (error) {
      // Another replica was quicker: what it wrote is read in the next turn.
      if (!isAlreadyExists(error) && !isConflict(error)) throw error;
    }
  }
}

async function write(
  client: KubeClient,
  key: { namespace: string; name: string },
  commonName: string,
  secret: AnyObject | null,
  held: Authority | undefined,
): Promise<Authority> {
  const current = await createAuthority(commonName, CA_DAYS);
  const bundle = held ? `${current.cert}\n${held.current.cert}` : current.cert;
  const data = { 'tls.crt': encode(current.cert), 'tls.key': encode(current.key), 'ca.crt': encode(bundle) };
  if (secret) await client.replace(secrets, { ...secret, data });
  else await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { ...key }, type: 'kubernetes.io/tls', data });
  return { current, bundle };
}

function read(secret: AnyObject): Authority | undefined {
  const data = (secret.data ?? {}) as Record<string, string>;
  const [cert, keyPem, bundle] = ['tls.crt', 'tls.key', 'ca.crt'].map((name) => decode(data[name]));
  return cert && keyPem && bundle ? { current: { cert, key: keyPem }, bundle } : undefined;
}

const encode = (text: string) => Buffer.from(text).toString('base64');
const decode = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8'));
