import { canonicalize, digestOf, EvidenceRequest } from '@sentinel/crds';
import { type EvidenceStore, StorageFull } from '../store/evidence-store.ts';
import { Refused } from './refused.ts';

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

function parse(body: Buffer): EvidenceRequest {
  try {
    return EvidenceRequest.parse(JSON.parse(body.toString('utf8')));
  } catch {
    throw new Refused(400, 'EvidenceInvalid', 'the body is not evidence as this version of the evidence store reads it');
  }
}
