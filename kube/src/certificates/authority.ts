import { randomBytes } from 'node:crypto';
import type { KubeClient } from '../client/client.ts';
import { secrets } from '../client/resources.ts';
import { isConflict, MissingObjectError } from '../errors.ts';
import type { AnyObject } from '../types.ts';
import { createAuthority, daysLeft, type KeyPair } from './issue.ts';

/**
 * A certificate authority in its Secret. `bundle` is what clients trust: the current authority, the next one, and the previous
 * one.
 */
export interface Authority {
  readonly current: KeyPair;
  readonly bundle: string;
}

/** The parts of an authority; `since` says since when clients can read `next` in the bundle. */
interface Parts {
  readonly current: KeyPair;
  readonly next?: KeyPair & { readonly since: number };
  readonly previous?: string | undefined;
}

const CA_DAYS = 365;
const RENEW_DAYS = 30;
/** How long a new authority is published before it issues certificates, so that clients trust it by then. */
const SETTLE_MS = 3600_000;

/**
 * The certificate authority in a Secret, created if the Secret is empty. 30 days before its expiry the next one is created and published in
 * addition, and an hour later it replaces the current one, so that no client ever gets a certificate that it does not trust yet. Any number of
 * replicas may call this at any time: the API server accepts the write of one of them, and all read the result.
 * Throws MissingObjectError if the Secret does not exist.
 */
export async function ensureAuthority(
  client: KubeClient,
  key: { namespace: string; name: string },
  commonName: string,
): Promise<Authority> {
  for (;;) {
    const secret = await client.get(secrets, key);
    if (!secret) throw new MissingObjectError('Secret', key);
    const held = read(secret);
    const wanted = await advance(held, commonName, Date.now());
    if (wanted === held) return { current: wanted.current, bundle: bundleOf(wanted) };
    try {
      await write(client, secret, wanted);
    } catch (error) {
      // Another replica was first: its result is read in the next iteration.
      if (!isConflict(error)) throw error;
    }
  }
}

/** The next state of an authority at the given time; the same object if nothing must be done. */
export async function advance(held: Parts | undefined, commonName: string, now: number): Promise<Parts> {
  // The names differ, so that a verifier that searches an issuer by name finds the right one.
  const make = () => createAuthority(`${commonName}-${randomBytes(4).toString('hex')}`, CA_DAYS);
  if (!held) return { current: await make() };
  const left = daysLeft(held.current.cert, now);
  if (!held.next)
    return left >= RENEW_DAYS ? held : await advance({ ...held, next: { ...(await make()), since: now } }, commonName, now);
  if (now - held.next.since < SETTLE_MS && left >= 1) return held;
  const { cert, key } = held.next;
  return { current: { cert, key }, previous: held.current.cert };
}

const bundleOf = ({ current, next, previous }: Parts) =>
  [current.cert, next?.cert, previous].filter((cert) => cert !== undefined).join('\n');

async function write(client: KubeClient, secret: AnyObject, parts: Parts): Promise<void> {
  const { current, next, previous } = parts;
  const plain = {
    'tls.crt': current.cert,
    'tls.key': current.key,
    'ca.crt': bundleOf(parts),
    ...(next ? { 'next.crt': next.cert, 'next.key': next.key, 'next.since': new Date(next.since).toISOString() } : {}),
    ...(previous === undefined ? {} : { 'previous.crt': previous }),
  };
  const data = Object.fromEntries(Object.entries(plain).map(([name, text]) => [name, Buffer.from(text).toString('base64')]));
  await client.replace(secrets, { ...secret, data });
}

function read(secret: AnyObject): Parts | undefined {
  const data = (secret.data ?? {}) as Record<string, string>;
  const text = (name: string) => (data[name] ? Buffer.from(data[name], 'base64').toString('utf8') : undefined);
  const pair = (name: string): KeyPair | undefined => {
    const [cert, key] = [text(`${name}.crt`), text(`${name}.key`)];
    return cert && key ? { cert, key } : undefined;
  };
  const [current, next] = [pair('tls'), pair('next')];
  if (!current) return undefined;
  const since = Date.parse(text('next.since') ?? '');
  return {
    current,
    ...(next && !Number.isNaN(since) ? { next: { ...next, since } } : {}),
    ...(text('previous.crt') === undefined ? {} : { previous: text('previous.crt') }),
  };
}
