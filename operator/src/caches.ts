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
  cronjobs,
  type Informer,
  jobs,
  type KubeClient,
  type KubeObject,
  type Logger,
  namespaces,
  pods,
} from '@sentinel/kube';
import { isSchedule } from '@sentinel/policy';
import { activityOf } from './facts/activity.ts';

/** The collections that the operator watches: one informer each, shared by its controllers. */
export interface Caches {
  /**
   * By index `parent` for NAMESPACE/NAME of the action that they name as their parent; by index `schedule` for that of the Playbook whose schedule
   * filed them; by index `undoes` for the uid of the action that they undo.
   */
  readonly actions: Informer<AgentAction>;
  readonly playbooks: Informer<Playbook>;
  readonly policies: Informer<AgentPolicy>;
  readonly clusterPolicies: Informer<ClusterAgentPolicy>;
  readonly namespaces: Informer<AnyObject>;
  /** Jobs of the sandbox namespace, by index `action` for NAMESPACE/NAME of their action. */
  readonly jobs: Informer<AnyObject>;
  /** Pods of the sandbox namespace, by index `job` for the uid of their Job. */
  readonly pods: Informer<AnyObject>;
  /** CronJobs of the namespace of the schedules. */
  readonly cronJobs: Informer<AnyObject>;
  readonly sealKeys: Informer<AnyObject>;
  /** The acts of people, as recorded by the webhook. */
  readonly acts: Informer<AnyObject>;
}

const RESYNC_MS = 600_000;
/** An object may have 1.4 MB, and a page is in memory several times while it is read: the default of 500 objects was more than the heap. */
const PAGE_SIZE = 32;

/** Creates the caches, not yet started. */
export function createCaches(client: KubeClient, logger: Logger): Caches {
  const common = { client, logger };
  const paged = { ...common, pageSize: PAGE_SIZE };
  return {
    actions: createInformer({
      ...paged,
      resource: agentActions,
      resyncMs: RESYNC_MS,
      indexers: { parent: parentKey, schedule: scheduleKey, undoes: undoesKey },
    }),
    playbooks: createInformer({ ...paged, resource: playbooks, transform: withoutCopies }),
    policies: createInformer({ ...paged, resource: agentPolicies, transform: withoutCopies }),
    clusterPolicies: createInformer({ ...paged, resource: clusterAgentPolicies, transform: withoutCopies }),
    namespaces: createInformer({ ...common, resource: namespaces }),
    jobs: createInformer({ ...common, resource: jobs, namespace: own.sandboxes, indexers: { action: actionKey } }),
    pods: createInformer({ ...common, resource: pods, namespace: own.sandboxes, indexers: { job: ownerJobs } }),
    cronJobs: createInformer({ ...common, resource: cronjobs, namespace: own.schedules }),
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

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

// Field managers name all fields once more, and `kubectl apply` keeps a copy of the whole object. Nothing here reads either.
function withoutCopies<T extends KubeObject>(object: T): T {
  const { managedFields: _, annotations: all, ...metadata } = object.metadata;
  if (all === undefined) return { ...object, metadata };
  const { [LAST_APPLIED]: __, ...kept } = all;
  return { ...object, metadata: { ...metadata, annotations: kept } };
}

const parentKey = ({ metadata, spec }: AgentAction) =>
  spec.intent.parentAction === undefined ? [] : [`${metadata.namespace ?? ''}/${spec.intent.parentAction}`];

const undoesKey = ({ spec }: AgentAction) => (spec.rollbackOf === undefined ? [] : [spec.rollbackOf.uid]);

const scheduleKey = (action: AgentAction) =>
  isSchedule(activityOf(action).requester) ? [`${action.metadata.namespace ?? ''}/${action.spec.playbookRef?.name ?? ''}`] : [];

const actionKey = ({ metadata }: AnyObject) => {
  const key = metadata.annotations?.[annotations.action];
  return key === undefined ? [] : [key];
};

const ownerJobs = (pod: AnyObject) =>
  (pod.metadata.ownerReferences ?? []).filter(({ kind, controller }) => kind === 'Job' && controller).map(({ uid }) => uid);
