import { EVIDENCE_GROUP, EVIDENCE_VERSION, Evidence, type EvidenceObject, GROUP } from '@sentinel/crds';
import { type AccessSubject, firstAllowed, type KubeClient, namespaces } from '@sentinel/kube';
import { DigestMismatch, type EvidenceStore } from '../store/evidence-store.ts';
import { Refused } from './refused.ts';

/** The path of evidence, for the router. */
export const EVIDENCE_PATH = `/apis/${EVIDENCE_GROUP}/${EVIDENCE_VERSION}/namespaces/:namespace/evidence/:digest`;

const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Evidence by its namespace and digest. */
export interface EvidenceKey {
  readonly namespace: string;
  readonly digest: string;
}

/** What the parameters of that path, which the router has decoded once, ask for; undefined unless they are a namespace and a digest. */
export function evidenceKeyOf(params: unknown): EvidenceKey | undefined {
  const { namespace = '', digest = '' } = (params ?? {}) as Partial<EvidenceKey>;
  return NAMESPACE.test(namespace) && DIGEST.test(digest) ? { namespace, digest } : undefined;
}

export interface ReadContext {
  readonly store: Pick<EvidenceStore, 'get'>;
  readonly client: Pick<KubeClient, 'subjectAccessReview' | 'get'>;
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
  await requireRight(client, caller, evidence.action).catch((error: unknown) => {
    if (error instanceof Refused) throw error;
    throw new Refused(
      503,
      'EvidenceAccessNotChecked',
      'the API server did not answer whether you may read this evidence; try again',
    );
  });
  return {
    apiVersion: `${EVIDENCE_GROUP}/${EVIDENCE_VERSION}`,
    kind: 'Evidence',
    metadata: { name: digest, namespace },
    spec: evidence,
  };
}

// A right in a namespace is given by its owner, who is another one once the namespace was deleted and its name is used again. So it counts
// for the evidence of this namespace alone, by uid; what earlier ones left is for those with the right in all namespaces.
async function requireRight(
  client: ReadContext['client'],
  caller: AccessSubject,
  { namespace, namespaceUid, name }: Evidence['action'],
): Promise<void> {
  const anywhere = { group: GROUP, version: 'v1alpha1', resource: 'agentactions', verb: 'get' };
  const isGranted = await firstAllowed(client, caller, [{ ...anywhere, namespace, name }]);
  // After the right, and not before it: where the namespace is still the same one, the right was given in it.
  const isSame = namespaceUid !== undefined && (await client.get(namespaces, { name: namespace }))?.metadata.uid === namespaceUid;
  if (isGranted && isSame) return;
  if (!isSame && (await firstAllowed(client, caller, [anywhere]))) return;
  const needed = isSame
    ? 'it needs the verb get on the AgentAction that it belongs to'
    : `namespace '${namespace}' is not the one that it belongs to, which was deleted, so it needs the verb get on the AgentActions of all namespaces`;
  throw new Refused(403, 'EvidenceAccessDenied', `'${caller.user}' may not read this evidence: ${needed}`);
}
