import { digestOf, type EvidenceObject, evidencePath } from '@sentinel/crds';
import { ApiError, isNotFound } from '@sentinel/kube';
import { type Session, UsageError } from '../../session.ts';

/**
 * Reads evidence by its digest, and compares it with that. `what` is the stage that it is of, for messages. Throws UsageError if the cluster
 * does not have it, or answers something else.
 */
export async function readEvidence(
  { client, namespace }: Pick<Session, 'client' | 'namespace'>,
  digest: string,
  what?: string,
): Promise<EvidenceObject> {
  const answer = await client.raw({ method: 'GET', path: evidencePath(namespace, digest) }).catch((error: unknown) => {
    throw isNotFound(error) ? notFound(error, digest, what) : error;
  });
  const found = JSON.parse(answer.body.toString('utf8')) as EvidenceObject;
  // The audit record names the digest, so what is shown must have it.
  if (digestOf(found.spec) !== digest)
    throw new UsageError(
      'EvidenceDigestMismatch',
      `the evidence store answered something else than '${digest}'; it is not shown`,
    );
  return found;
}

// The evidence store names a cause; the API server knows nothing of evidence where none is installed.
function notFound(error: unknown, digest: string, what: string | undefined): UsageError {
  const isStore = error instanceof ApiError && error.causes.some(({ reason }) => reason === 'EvidenceNotFound');
  const of = what === undefined ? `the evidence '${digest}'` : `the evidence of the ${what} ('${digest}')`;
  // An action names what was stored; a digest that somebody types may never have been.
  const never = what === undefined ? ', or it was never stored in this namespace' : '';
  return isStore
    ? new UsageError(
        'EvidenceDeleted',
        `the evidence store does not have ${of}: its time of retention is over, or it was deleted with its action${never}; the sink of the audit trail has the records`,
      )
    : new UsageError(
        'EvidenceStoreMissing',
        `${of} cannot be read: the cluster serves no evidence store (evidence.enabled of the chart)`,
      );
}
