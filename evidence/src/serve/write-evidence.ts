import { canonicalize, digestOf, EvidenceRequest } from '@sentinel/crds';
import { type EvidenceStore, StorageFull } from '../store/evidence-store.ts';
import { Refused } from './refused.ts';

/** What a stage mostly has at most: two MiB of logs, and its results. */
const STAGE_BYTES = 3 * 1024 * 1024;

/** Stores evidence that the operator sent, and answers with its digest. Throws Refused if it is invalid or does not fit. */
export async function writeEvidence(
  store: Pick<EvidenceStore, 'put'>,
  body: Buffer,
  now: number,
): Promise<{ readonly digest: string }> {
  const { evidence, retainMs } = parse(body);
  const content = Buffer.from(canonicalize(evidence));
  const digest = digestOf(evidence);
  try {
    await store.put(digest, content, { action: evidence.action, storedAt: now, retainMs });
  } catch (error) {
    if (error instanceof StorageFull) throw new Refused(507, 'EvidenceStorageFull', error.message);
    throw error;
  }
  return { digest };
}

/** Answers whether a stage of a namespace would fit now. Throws Refused if it would not, or if the query names no namespace. */
export function requireRoom(store: Pick<EvidenceStore, 'requireRoom'>, query: unknown): object {
  const { namespace } = (query ?? {}) as { readonly namespace?: unknown };
  if (typeof namespace !== 'string' || namespace === '')
    throw new Refused(400, 'EvidenceInvalid', 'the request names no namespace');
  try {
    store.requireRoom(STAGE_BYTES, namespace);
  } catch (error) {
    if (error instanceof StorageFull) throw new Refused(507, 'EvidenceStorageFull', error.message);
    throw error;
  }
  return {};
}

function parse(body: Buffer): EvidenceRequest {
  try {
    return EvidenceRequest.parse(JSON.parse(body.toString('utf8')));
  } catch {
    throw new Refused(400, 'EvidenceInvalid', 'the body is not evidence as this version of the evidence store reads it');
  }
}
