import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { namespaces } from '@sentinel/crds';
import { type AnyObject, configmaps, isAlreadyExists, type KubeClient, secrets } from '@sentinel/kube';
import { readPrivateKey, readSealKeys, type SealKeys } from '@sentinel/policy';

const SECRET = { namespace: namespaces.system, name: 'sentinel-webhook-seal' };
const PUBLISHED = { namespace: namespaces.system, name: 'sentinel-seal-keys' };

/** The key that seals decisions. The private half stays in a Secret that only the webhook can read. */
export interface SealKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  /** All public keys, older ones included: seals outlive a rotation. */
  readonly keys: () => SealKeys;
}

/**
 * The sealing key, made when there is none. Its public half is in the ConfigMap sentinel-seal-keys before anything is sealed
 * with it; keys that are already there are kept, so that what they sealed still verifies.
 */
export async function ensureSealKey(client: KubeClient): Promise<SealKey> {
  const secret = (await client.get(secrets, SECRET)) ?? (await create(client));
  const data = (secret.data ?? {}) as Record<string, string>;
  const decode = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString('utf8');
  const [id, privateDer, publicDer] = [decode('id'), decode('private'), decode('public')];
  await client.patch(
    configmaps,
    PUBLISHED,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: PUBLISHED.name }, data: { [id]: publicDer } },
    { type: 'apply', fieldManager: `sentinel-webhook-${id}`, force: true },
  );
  const published = (await client.getOrThrow(configmaps, PUBLISHED)).data as Record<string, string> | undefined;
  const keys = readSealKeys(published);
  return { id, privateKey: readPrivateKey(privateDer), keys: () => keys };
}

async function create(client: KubeClient): Promise<AnyObject> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const data = {
    id: encode(`key-${randomBytes(4).toString('hex')}`),
    private: encode(privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')),
    public: encode(publicKey.export({ format: 'der', type: 'spki' }).toString('base64')),
  };
  try {
    return await client.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...SECRET },
      type: 'sentinel.dev/seal-key',
      data,
    });
  } catch (error) {
    if (isAlreadyExists(error)) return await client.getOrThrow(secrets, SECRET);
    throw error;
  }
}
