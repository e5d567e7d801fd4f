import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalize } from '@sentinel/crds';

/** Public keys by their id: what seals are checked against. */
export type SealKeys = ReadonlyMap<string, KeyObject>;

/** A record that carries its own seal. The seal covers every other field, `key` included. */
export interface Sealed {
  readonly key: string;
  readonly seal: string;
}

/** Seals a record with an Ed25519 key: the seal is over the canonical form of everything else. */
export function sealRecord<T extends object>(record: T, keyId: string, privateKey: KeyObject): T & Sealed {
  const covered = { ...record, key: keyId };
  return { ...covered, seal: sign(null, Buffer.from(canonicalize(covered)), privateKey).toString('base64') };
}

/** Why a seal is not valid, or undefined if it is. A seal with an unknown key is not valid. */
export function sealFault(record: Sealed, keys: SealKeys): string | undefined {
  const { seal, ...covered } = record;
  const key = keys.get(record.key);
  if (!key) return `it is sealed with the key '${record.key}', which is not known`;
  try {
    return verify(null, Buffer.from(canonicalize(covered)), key, Buffer.from(seal, 'base64'))
      ? undefined
      : 'its seal does not verify';
  } catch {
    return 'its seal cannot be parsed';
  }
}

/** Reads public keys from the data of a ConfigMap: id → base64 of the DER form. What can't be read is left out. */
export function readSealKeys(data: Readonly<Record<string, string>> | undefined): SealKeys {
  const keys = new Map<string, KeyObject>();
  for (const [id, encoded] of Object.entries(data ?? {})) {
    try {
      keys.set(id, createPublicKey({ key: Buffer.from(encoded, 'base64'), format: 'der', type: 'spki' }));
    } catch {
      // An unreadable key seals nothing: records that name it are refused as unknown.
    }
  }
  return keys;
}

/** The private key from its DER form in base64. Throws when it is not one. */
export function readPrivateKey(encoded: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(encoded, 'base64'), format: 'der', type: 'pkcs8' });
}
