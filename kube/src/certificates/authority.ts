import { randomBytes } from 'node:crypto';
import type { KubeClient } from '../client/client.ts';
import { secrets } from '../client/resources.ts';
import { isConflict, MissingObjectError } from '../errors.ts';
import type { AnyObject } from '../types.ts';
import { createAuthority, daysLeft, type KeyPair } from './issue.ts';

/**
 * An authority as its Secret holds it. `bundle` is what clients trust: the authority that issues, the one that will follow it,
 * and the one before it.
 */
export interface Authority {
  readonly current: KeyPair;
  readonly bundle: string;
}

/** The parts of an authority; `since` says from when on clients could read that `next` is to be trusted. */
interface Parts {
  readonly current: KeyPair;
  readonly next?: KeyPair & { readonly since: number };
  readonly previous?: string | undefined;
}

const CA_DAYS = 365;
const RENEW_DAYS = 30;
/** Nothing is issued under a new authority before clients had this long to learn of it. */
const SETTLE_MS = 3600_000;

/**
 * The certificate authority that a Secret holds, made when the Secret is empty. 30 days before its end the next one is made and
 * published beside it, and an hour later takes its place, so that at no moment anybody meets a certificate that they do not trust
 * yet. Any number of replicas may call this at any time: the API server lets one of them write, and all read what was written.
 * Throws MissingObjectError when there is no Secret.
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
      // Another replica was quicker: what it wrote is read in the next turn.
      if (!isConflict(error)) throw error;
    }
  }
}

/** Where an authority is to be now; the same object when nothing is to be done. */
export async function advance(held: Parts | undefined, commonName: string, now: number): Promise<Parts> {
  // Names that differ: a verifier that looks for an issuer by name must not find the wrong one of two.
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
