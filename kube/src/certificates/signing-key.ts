import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../client/client.ts';
import { configmaps, secrets } from '../client/resources.ts';
import { isConflict, MissingObjectError } from '../errors.ts';
import type { AnyObject } from '../types.ts';

/** Those who verify watch the public keys: they have it before anything comes that is signed with it. */
const SETTLE_MS = 2_000;

/** A key that signs. The private half stays in a Secret that only its program can read. */
export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
}

interface Held extends SigningKey {
  readonly public: string;
}

export interface SigningKeyOptions {
  readonly client: KubeClient;
  /** The Secret that holds the private half. It comes with the installation. */
  readonly secret: { readonly namespace: string; readonly name: string };
  /** The ConfigMap that holds the public halves by their ids. It comes with the installation. */
  readonly published: { readonly namespace: string; readonly name: string };
  /** The name under which the public half is written; the id of the key is appended. */
  readonly fieldManager: string;
  /** An annotation of the Secret: with it, whatever its value, the key is replaced at once. */
  readonly rotate: string;
  /** A key that is older than this is replaced. */
  readonly maxAgeMs: number;
  /** How long a new key waits between its publication and its use. */
  readonly settleMs?: number;
}

/**
 * Keeps a key that signs (Ed25519): made when the Secret is empty, replaced when it is too old or when somebody asks (`rotate`). Of the
 * one before it nothing is kept but its public half, which stays published, so that what it signed still verifies.
 */
export class SigningKeeper {
  readonly #options: SigningKeyOptions;
  #held: Held | undefined;

  constructor(options: SigningKeyOptions) {
    this.#options = options;
  }

  /** The key to sign with now. Throws before the first `tend`. */
  current(): SigningKey {
    if (!this.#held) throw new Error('there is no key to sign with yet');
    return this.#held;
  }

  /**
   * Makes or replaces the key where that is due, and takes up what another replica made. Says whether the key is another now.
   * Throws MissingObjectError when the Secret or the ConfigMap is missing.
   */
  async tend(now: () => number = Date.now): Promise<boolean> {
    const held = await this.#ensure(now);
    await this.#publish(held);
    const changed = held.id !== this.#held?.id;
    this.#held = held;
    return changed;
  }

  async #ensure(now: () => number): Promise<Held> {
    const { client, secret: key } = this.#options;
    for (;;) {
      const secret = await client.get(secrets, key);
      if (!secret) throw new MissingObjectError('Secret', key);
      const held = read(secret);
      if (held && !this.#isDue(secret, now())) return held;
      try {
        await client.replace(secrets, this.#renewed(secret, now()));
      } catch (error) {
        // Another replica was quicker: what it wrote is read in the next turn.
        if (!isConflict(error)) throw error;
      }
    }
  }

  // Before anything is signed with it. Each key has a field manager of its own, so that none takes another away.
  async #publish(held: Held): Promise<void> {
    const { client, published: key, fieldManager, settleMs = SETTLE_MS } = this.#options;
    const object = await client.get(configmaps, key);
    if (!object) throw new MissingObjectError('ConfigMap', key);
    const published = object.data as Record<string, string> | undefined;
    if (published?.[held.id] === held.public) return;
    await client.patch(
      configmaps,
      key,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: key.name }, data: { [held.id]: held.public } },
      { type: 'apply', fieldManager: `${fieldManager}-${held.id}`, force: true },
    );
    await sleep(settleMs);
  }

  #isDue(secret: AnyObject, now: number): boolean {
    if (secret.metadata.annotations?.[this.#options.rotate] !== undefined) return true;
    const made = Date.parse(decode(secret, 'made') || (secret.metadata.creationTimestamp ?? ''));
    return Number.isNaN(made) || now - made > this.#options.maxAgeMs;
  }

  // The same Secret with another key in it: nothing of the old private half is left.
  #renewed(secret: AnyObject, now: number): AnyObject {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const encode = (text: string) => Buffer.from(text).toString('base64');
    const { [this.#options.rotate]: _, ...annotations } = secret.metadata.annotations ?? {};
    return {
      ...secret,
      metadata: { ...secret.metadata, annotations },
      data: {
        id: encode(`key-${randomBytes(4).toString('hex')}`),
        private: encode(privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')),
        public: encode(publicKey.export({ format: 'der', type: 'spki' }).toString('base64')),
        made: encode(new Date(now).toISOString()),
      },
    };
  }
}

function read(secret: AnyObject): Held | undefined {
  const [id, privateDer, publicDer] = [decode(secret, 'id'), decode(secret, 'private'), decode(secret, 'public')];
  if (!id || !privateDer || !publicDer) return undefined;
  const privateKey = createPrivateKey({ key: Buffer.from(privateDer, 'base64'), format: 'der', type: 'pkcs8' });
  return { id, privateKey, public: publicDer };
}

const decode = (secret: AnyObject, name: string) =>
  Buffer.from((secret.data as Record<string, string> | undefined)?.[name] ?? '', 'base64').toString('utf8');
