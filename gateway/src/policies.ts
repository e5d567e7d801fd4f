import type { AgentPolicy, ClusterAgentPolicy } from '@sentinel/crds';
import type { AnyObject, Informer } from '@sentinel/kube';
import { type PolicySet, policySet } from '@sentinel/policy';
import { forbidden } from './request/refused.ts';
import type { Run } from './run/run.ts';

/** The informers of policies and namespaces. */
export interface PolicyInformers {
  readonly namespaces: Pick<Informer<AnyObject>, 'store'>;
  readonly policies: Pick<Informer<AgentPolicy>, 'store'>;
  readonly clusterPolicies: Pick<Informer<ClusterAgentPolicy>, 'store'>;
}

/** The policies that apply to a run, as the informers have them. Throws Refused when its namespace is not known. */
export function policiesOf({ namespaces, policies, clusterPolicies }: PolicyInformers, run: Run): PolicySet {
  const namespace = namespaces.store.get(run.namespace);
  if (!namespace?.metadata.name) throw forbidden('NamespaceNotObserved', `namespace '${run.namespace}' is not known here yet`);
  const sources = {
    namespace: { metadata: { ...namespace.metadata, name: namespace.metadata.name } },
    clusterPolicies: clusterPolicies.store.list(),
    policies: policies.store.list(),
  };
  return policySet(sources, run.requester);
}
