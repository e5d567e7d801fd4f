import type { ErrorTable } from '@sentinel/crds';

/** What the evidence store refuses, in `details.causes` of its answer. */
export const evidenceErrors = {
  FrontProxyRequired: {
    when: 'The caller did not show the client certificate of the aggregation layer, so who it is for is not known.',
    next: 'Send the request to the API server: `kubectl get --raw /apis/evidence.sentinel.dev/v1alpha1/namespaces/NAMESPACE/evidence/DIGEST`.',
  },
  WriterTokenInvalid: {
    when: 'Evidence was sent without a token of the operator for the evidence store, or with one that is not valid.',
    next: 'Only the operator stores evidence. If it is refused, look at the log of the evidence store and at its right to create TokenReviews.',
  },
  EvidenceNotFound: {
    when: 'There is no evidence with this digest in this namespace: it was never stored there, or its time of retention is over.',
    next: 'Compare namespace and digest with the audit record that names them.',
  },
  EvidenceAccessDenied: {
    when: 'You may not `get` the AgentAction that the evidence belongs to, whether the action still exists or not. For evidence of a namespace that was deleted, also if its name is used again, you need that right in all namespaces.',
    next: 'An admin grants the verb `get` on `agentactions` with a RoleBinding, for a deleted namespace with a ClusterRoleBinding.',
  },
  EvidenceAccessNotChecked: {
    when: 'The API server did not answer whether you may read the evidence, so the request is refused.',
    next: 'Try again in some seconds.',
  },
  EvidenceAltered: {
    when: 'What is stored no longer has the digest under which it was stored, so it is not shown.',
    next: 'Somebody or something changed the volume. Keep it for an investigation; the audit record and the digest in it stay valid.',
  },
  EvidenceStorageFull: {
    when: 'The evidence store holds as much as `evidence.limit` of the chart allows, or the namespace has as much of it as is left for all others.',
    next: 'Raise `evidence.limit` and the size of the volume, or shorten `dataHandling.retainFor` of policies.',
  },
  EvidenceInvalid: {
    when: 'What was sent to be stored is not evidence as the operator of the same version sends it.',
    next: 'Run operator and evidence store in the same version.',
  },
  EvidenceTooLarge: {
    when: 'What was sent to be stored is larger than what is read.',
    next: 'Run operator and evidence store in the same version: the operator shortens logs before it sends them.',
  },
  EvidencePathUnknown: {
    when: 'The evidence store does not serve this path.',
    next: 'Use the path in the documentation of the evidence store.',
  },
  EvidenceMethodNotAllowed: {
    when: 'Evidence can be read, and nothing else, by its API.',
    next: 'Use GET. Evidence is deleted by retention alone.',
  },
  EvidenceBusy: {
    when: 'Too many requests are in progress, or too many invalid tokens came from one address.',
    next: 'Try again in some seconds.',
  },
  EvidenceStoreFailed: {
    when: 'The evidence store failed to answer.',
    next: 'Try again; if it lasts, look at the log of the evidence store.',
  },
} as const satisfies ErrorTable;

/** The code of what the evidence store refuses. */
export type EvidenceErrorCode = keyof typeof evidenceErrors;
