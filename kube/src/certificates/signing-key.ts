import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../client/client.ts';
import { configmaps, secrets } from '../client/resources.ts';
import { isConflict, MissingObjectError } from '../errors.ts';
import type { AnyObject } from '../types.ts';

/** How long a new public key is published before its use: verifiers watch the keys, so they have it before the first signature. */
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
  /** An annotation of the Secret: any value causes a rotation at once. */
  readonly rotate: string;
  /** A key that is older than this is replaced. */
  readonly maxAgeMs: number;
  /** How long a new key waits between its publication and its use. */
  readonly settleMs?: number;
}

/**
 * Manages a signing key (Ed25519): created if the Secret is empty, replaced if it is too old or on request (`rotate`). Only the public half of
 * the previous key is kept and stays published, so that its signatures still verify.
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
   * Creates or replaces the key when necessary, and loads a key of another replica. Returns whether the key changed.
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
        // Another replica was first: its result is read in the next iteration.
        if (!isConflict(error)) throw error;
      }
    }
  }

  // Before the first signature. Each key has a separate field manager, so that no key removes another.
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

  // The Secret is overwritten, so that nothing of the old private half remains.
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
