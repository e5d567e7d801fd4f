/** What is known about stored evidence beside its content. */
export interface EvidenceMeta {
  /** Its action. The right to get this action is the right to read it. */
  readonly action: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** When it was stored, in milliseconds since the epoch. */
  readonly storedAt: number;
  /** How long it is kept after the end of the action, in milliseconds; undefined: it is not deleted. */
  readonly retainMs?: number | undefined;
  /** When the action ended or was deleted, as far as that was seen. */
  readonly endedAt?: number | undefined;
}

/** Stored evidence as it is listed. */
export interface EvidenceEntry {
  readonly digest: string;
  readonly bytes: number;
  readonly meta: EvidenceMeta;
}

/** What is stored, with what each item takes beside its content, and what may be, in bytes. */
export interface EvidenceUse {
  readonly used: number;
  readonly limit: number;
  readonly items: number;
}

/**
 * Where evidence is kept: content by its digest, which never changes. This is the one interface behind which the directory of a volume is;
 * an object store would be another implementation.
 */
export interface EvidenceStore {
  /**
   * Stores content, so that it survives a crash once this resolves. Storing it again changes only how long it is kept.
   * @throws StorageFull when it does not fit, or when its namespace would have more than what is left for all others. Throws DigestMismatch
   * when the digest is not that of the content.
   */
  put(digest: string, content: Buffer, meta: EvidenceMeta): Promise<void>;
  /** The content; undefined if there is none. Throws DigestMismatch when what is stored was altered. */
  get(digest: string): Promise<Buffer | undefined>;
  /** Everything that is stored. */
  list(): readonly EvidenceEntry[];
  /** Notes when the action ended; undefined if it has not. */
  noteEnd(digest: string, endedAt: number | undefined): Promise<void>;
  /** Removes content; nothing happens if there is none. */
  remove(digest: string): Promise<void>;
  /** Throws StorageFull if that many bytes of a namespace would not fit now. */
  requireRoom(bytes: number, namespace: string): void;
  use(): EvidenceUse;
}

/** The store has no room for the content, or not for this namespace: `own` is what that has. */
export class StorageFull extends Error {
  constructor(bytes: number, { used, limit }: EvidenceUse, namespace?: string, own = 0) {
    super(
      namespace === undefined
        ? `the evidence store is full: ${used} of ${limit} bytes are used, and ${bytes} more do not fit`
        : `the evidence store is full for this namespace: with ${bytes} more, namespace '${namespace}' has ${own + bytes} bytes, and may have no more than the ${limit - used - bytes} that are left for all others`,
    );
    this.name = 'StorageFull';
  }
}

/** Content does not have the digest under which it is stored or was sent. */
export class DigestMismatch extends Error {
  constructor(digest: string, found: string) {
    super(`the content of '${digest}' has the digest '${found}'`);
    this.name = 'DigestMismatch';
  }
}

const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** The hexadecimal part of a digest; undefined for anything that is not a digest, so nothing else becomes part of a path. */
export const hexOf = (digest: string): string | undefined => DIGEST.exec(digest)?.[1];
