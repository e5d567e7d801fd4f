import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { namespaces } from '@sentinel/crds';
import { type AnyObject, configmaps, isConflict, type KubeClient, MissingObjectError, secrets } from '@sentinel/kube';
import { readPrivateKey } from '@sentinel/policy';

const SECRET = { namespace: namespaces.system, name: 'sentinel-webhook-seal' };
const PUBLISHED = { namespace: namespaces.system, name: 'sentinel-seal-keys' };
/** With this annotation on the Secret, whatever its value, the key is replaced at once. */
export const ROTATE = 'sentinel.dev/rotate';
/** Those who verify watch the public keys: they have it before anything comes that is sealed with it. */
const SETTLE_MS = 2_000;

/** The key that seals decisions. The private half stays in a Secret that only the webhook can read. */
export interface SealKey {
  readonly id: string;
  readonly privateKey: KeyObject;
}

interface Held extends SealKey {
  readonly public: string;
}

/**
 * Keeps the key that seals: made when the Secret is empty, replaced when it is too old or when somebody asks (`ROTATE`). The
 * Secret and the ConfigMap themselves come with the installation. Of the one before it nothing is kept but its public half, which stays in the ConfigMap
 * sentinel-seal-keys, so that what it sealed still verifies.
 */
export class SealKeeper {
  readonly #client: KubeClient;
  readonly #maxAgeMs: number;
  #held: Held | undefined;

  constructor(client: KubeClient, maxAgeMs: number) {
    this.#client = client;
    this.#maxAgeMs = maxAgeMs;
  }

  /** The key to seal with now. Throws before the first `tend`. */
  current(): SealKey {
    if (!this.#held) throw new Error('there is no key to seal with yet');
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
    for (;;) {
      const secret = await this.#client.get(secrets, SECRET);
      if (!secret) throw new MissingObjectError('Secret', SECRET);
      const held = read(secret);
      if (held && !isDue(secret, this.#maxAgeMs, now())) return held;
      try {
        await this.#client.replace(secrets, renewed(secret, now()));
      } catch (error) {
        // Another replica was quicker: what it wrote is read in the next turn.
        if (!isConflict(error)) throw error;
      }
    }
  }

  // Before anything is sealed with it. Each key has a field manager of its own, so that none takes another away.
  async #publish(held: Held): Promise<void> {
    const object = await this.#client.get(configmaps, PUBLISHED);
    if (!object) throw new MissingObjectError('ConfigMap', PUBLISHED);
    const published = object.data as Record<string, string> | undefined;
    if (published?.[held.id] === held.public) return;
    await this.#client.patch(
      configmaps,
      PUBLISHED,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: PUBLISHED.name }, data: { [held.id]: held.public } },
      { type: 'apply', fieldManager: `sentinel-webhook-${held.id}`, force: true },
    );
    await sleep(SETTLE_MS);
  }
}

function isDue(secret: AnyObject, maxAgeMs: number, now: number): boolean {
  if (secret.metadata.annotations?.[ROTATE] !== undefined) return true;
  const made = Date.parse(decode(secret, 'made') || (secret.metadata.creationTimestamp ?? ''));
  return Number.isNaN(made) || now - made > maxAgeMs;
}

function read(secret: AnyObject): Held | undefined {
  const [id, privateDer, publicDer] = [decode(secret, 'id'), decode(secret, 'private'), decode(secret, 'public')];
  return id && privateDer && publicDer ? { id, privateKey: readPrivateKey(privateDer), public: publicDer } : undefined;
}

const decode = (secret: AnyObject, name: string) =>
  Buffer.from((secret.data as Record<string, string> | undefined)?.[name] ?? '', 'base64').toString('utf8');

// The same Secret with another key in it: nothing of the old private half is left.
function renewed(secret: AnyObject, now: number): AnyObject {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const { [ROTATE]: _, ...annotations } = secret.metadata.annotations ?? {};
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
