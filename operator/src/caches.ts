import {
  ACTS_JOURNAL,
  type AgentAction,
  type AgentPolicy,
  agentActions,
  agentPolicies,
  annotations,
  type ClusterAgentPolicy,
  clusterAgentPolicies,
  namespaces as own,
  type Playbook,
  playbooks,
  SEAL_KEYS,
} from '@sentinel/crds';
import {
  type AnyObject,
  configmaps,
  createInformer,
  type Informer,
  jobs,
  type KubeClient,
  type Logger,
  namespaces,
  pods,
} from '@sentinel/kube';

/** The collections that the operator watches: one informer each, shared by its controllers. */
export interface Caches {
  /** By index `parent` for NAMESPACE/NAME of the action that they name as their parent. */
  readonly actions: Informer<AgentAction>;
  readonly playbooks: Informer<Playbook>;
  readonly policies: Informer<AgentPolicy>;
  readonly clusterPolicies: Informer<ClusterAgentPolicy>;
  readonly namespaces: Informer<AnyObject>;
  /** Jobs of the sandbox namespace, by index `action` for NAMESPACE/NAME of their action. */
  readonly jobs: Informer<AnyObject>;
  /** Pods of the sandbox namespace, by index `job` for the uid of their Job. */
  readonly pods: Informer<AnyObject>;
  readonly sealKeys: Informer<AnyObject>;
  /** The acts of people, as recorded by the webhook. */
  readonly acts: Informer<AnyObject>;
}

const RESYNC_MS = 600_000;

/** Creates the caches, not yet started. */
export function createCaches(client: KubeClient, logger: Logger): Caches {
  const common = { client, logger };
  return {
    actions: createInformer({ ...common, resource: agentActions, resyncMs: RESYNC_MS, indexers: { parent: parentKey } }),
    playbooks: createInformer({ ...common, resource: playbooks }),
    policies: createInformer({ ...common, resource: agentPolicies }),
    clusterPolicies: createInformer({ ...common, resource: clusterAgentPolicies }),
    namespaces: createInformer({ ...common, resource: namespaces }),
    jobs: createInformer({ ...common, resource: jobs, namespace: own.sandboxes, indexers: { action: actionKey } }),
    pods: createInformer({ ...common, resource: pods, namespace: own.sandboxes, indexers: { job: ownerJobs } }),
    sealKeys: createInformer({
      ...common,
      resource: configmaps,
      namespace: own.system,
      fieldSelector: `metadata.name=${SEAL_KEYS}`,
    }),
    acts: createInformer({
      ...common,
      resource: configmaps,
      namespace: own.system,
      fieldSelector: `metadata.name=${ACTS_JOURNAL}`,
    }),
  };
}

const parentKey = ({ metadata, spec }: AgentAction) =>
  spec.intent.parentAction === undefined ? [] : [`${metadata.namespace ?? ''}/${spec.intent.parentAction}`];

const actionKey = ({ metadata }: AnyObject) => {
  const key = metadata.annotations?.[annotations.action];
  return key === undefined ? [] : [key];
};

const ownerJobs = (pod: AnyObject) =>
  (pod.metadata.ownerReferences ?? []).filter(({ kind, controller }) => kind === 'Job' && controller).map(({ uid }) => uid);
