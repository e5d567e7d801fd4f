import { EVIDENCE_GROUP, EVIDENCE_VERSION, Evidence, type EvidenceObject, GROUP } from '@sentinel/crds';
import { type AccessSubject, firstAllowed, type KubeClient } from '@sentinel/kube';
import { DigestMismatch, type EvidenceStore } from '../store/evidence-store.ts';
import { Refused } from './refused.ts';

const PATH = new RegExp(
  `^/apis/${EVIDENCE_GROUP.replaceAll('.', '\\.')}/${EVIDENCE_VERSION}/namespaces/([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)/evidence/(sha256:[0-9a-f]{64})$`,
);

/** Evidence by its namespace and digest. */
export interface EvidenceKey {
  readonly namespace: string;
  readonly digest: string;
}

/** What a path asks for; undefined unless it is the path of evidence. It is decoded once, and only a namespace and a digest fit. */
export function evidenceKeyOf(path: string): EvidenceKey | undefined {
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const [, namespace, digest] = PATH.exec(plain) ?? [];
  return namespace === undefined || digest === undefined ? undefined : { namespace, digest };
}

export interface ReadContext {
  readonly store: Pick<EvidenceStore, 'get'>;
  readonly client: Pick<KubeClient, 'subjectAccessReview'>;
}

/**
 * Evidence for somebody who may `get` its action, which need not exist any more. The API server has checked already that they may `get`
 * evidence in the namespace. Throws Refused for everybody else, and for what does not exist.
 */
export async function readEvidence(
  { store, client }: ReadContext,
  caller: AccessSubject,
  { namespace, digest }: EvidenceKey,
): Promise<EvidenceObject> {
  const content = await store.get(digest).catch((error: unknown) => {
    if (error instanceof DigestMismatch)
      throw new Refused(500, 'EvidenceAltered', 'the evidence was altered in the volume, so it is not shown');
    throw error;
  });
  const evidence = content && Evidence.parse(JSON.parse(content.toString('utf8')));
  // Evidence of another namespace does not exist in this one.
  if (evidence?.action.namespace !== namespace)
    throw new Refused(404, 'EvidenceNotFound', `there is no evidence '${digest}' in namespace '${namespace}'`);
  const { name } = evidence.action;
  const right = { group: GROUP, version: 'v1alpha1', resource: 'agentactions', verb: 'get', namespace, name };
  const allowed = await firstAllowed(client, caller, [right]).catch(() => {
    throw new Refused(
      503,
      'EvidenceAccessNotChecked',
      'the API server did not answer whether you may read this evidence; try again',
    );
  });
  if (!allowed)
    throw new Refused(
      403,
      'EvidenceAccessDenied',
      `'${caller.user}' may not read this evidence: it needs the verb get on the AgentAction that it belongs to`,
    );
  return {
    apiVersion: `${EVIDENCE_GROUP}/${EVIDENCE_VERSION}`,
    kind: 'Evidence',
    metadata: { name: digest, namespace },
    spec: evidence,
  };
}
