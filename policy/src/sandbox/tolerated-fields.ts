import {
  added,
  dropsAll,
  either,
  type FieldCheck,
  hasAllEntries,
  hasAllKeys,
  is,
  isAmount,
  isInteger,
  isLimitUpTo,
  isList,
  isObject,
  isReferences,
  isSeparateLevel,
  isText,
} from './field-checks.ts';

/**
 * Fields that others set in a Job or a pod beside what Sentinel sends, and which values they may have: Kubernetes itself, and what is
 * found on real distributions. None can change what runs, as whom, what it reaches, or how it is set apart. The path is that in the
 * object; `[]` stands for each entry of a list. What is not here is a difference. Decision 0021 gives the reasons.
 */
export type ToleratedFields = Readonly<Record<string, FieldCheck>>;

// GKE Autopilot raises requests to its minimums, and limits with them on clusters without bursting; LimitRanges and the
// VerticalPodAutoscaler do the same. Limits stay limits: at most these, where less was rendered.
const resources: ToleratedFields = {
  'resources.requests.cpu': isAmount,
  'resources.requests.memory': isAmount,
  'resources.requests.ephemeral-storage': isAmount,
  'resources.limits.cpu': isLimitUpTo('4'),
  'resources.limits.memory': isLimitUpTo('8Gi'),
  'resources.limits.ephemeral-storage': isAmount,
};

// What is so already, said once more, or tighter: SecurityContextConstraints of OpenShift (apiserver-library-go, `sccmatching`),
// GKE Autopilot, and policies that write out the Pod Security Standard "restricted".
const security: ToleratedFields = {
  'securityContext.privileged': is(false),
  'securityContext.procMount': is('Default'),
  'securityContext.runAsNonRoot': is(true),
  'securityContext.capabilities.drop': dropsAll,
  'securityContext.seccompProfile': is({ type: 'RuntimeDefault' }),
  'securityContext.appArmorProfile': is({ type: 'RuntimeDefault' }),
  'securityContext.seLinuxOptions': isSeparateLevel,
};

const container: ToleratedFields = {
  // Defaults of the pod API (pkg/apis/core/v1/defaults.go).
  terminationMessagePath: is('/dev/termination-log'),
  terminationMessagePolicy: is('File'),
  // The admission plugin AlwaysPullImages, and policies that do the same.
  imagePullPolicy: is('Always'),
  ...resources,
  ...security,
};

function podFields(path: string): ToleratedFields {
  const lists = ['initContainers', 'containers'];
  return {
    // Defaults of the pod API, the same in a template and in a pod.
    [`${path}.serviceAccount`]: is('sandbox'),
    [`${path}.volumes[].projected.defaultMode`]: is(0o644),
    [`${path}.volumes[].projected.sources[].downwardAPI.items[].fieldRef.apiVersion`]: is('v1'),
    // Where the pod runs, and who binds it: the guard lets only schedulers bind. PodNodeSelector, PodTolerationRestriction,
    // ExtendedResourceToleration, the optimize-utilization profile of GKE, Kyverno. The gate looks at the network of each node.
    [`${path}.schedulerName`]: either(is('default-scheduler'), added(isText)),
    [`${path}.nodeSelector`]: hasAllKeys,
    [`${path}.tolerations`]: hasAllEntries,
    [`${path}.affinity`]: isObject,
    [`${path}.topologySpreadConstraints`]: isList,
    // The kubelet alone reads these, to pull the image that the pod names. The admission plugin ServiceAccount, registries' operators.
    [`${path}.imagePullSecrets`]: isReferences,
    // No resolver is asked: the one of a sandbox is its own loopback.
    [`${path}.dnsConfig.options`]: isList,
    [`${path}.os`]: is({ name: 'linux' }),
    [`${path}.securityContext.seLinuxOptions`]: isSeparateLevel,
    [`${path}.securityContext.appArmorProfile`]: is({ type: 'RuntimeDefault' }),
    ...Object.fromEntries(
      lists.flatMap((list) => Object.entries(container).map(([field, check]) => [`${path}.${list}[].${field}`, check])),
    ),
  };
}

/** Of a Job: defaults of the batch API (pkg/apis/batch/v1/defaults.go), the generated selector, and what policies do to templates. */
export const toleratedInJobs: ToleratedFields = {
  'spec.completionMode': is('NonIndexed'),
  'spec.manualSelector': is(false),
  'spec.selector': (value, { job }) =>
    ['batch.kubernetes.io/controller-uid', 'controller-uid'].some((label) => {
      const matchLabels = { [label]: job.uid };
      return is({ matchLabels })(value, { job, wanted: undefined });
    }),
  'spec.template.metadata.creationTimestamp': is(null),
  ...podFields('spec.template.spec'),
};

/**
 * Of a pod: the same, the binding by the scheduler, and what the built-in admission plugins set: Priority, DefaultTolerationSeconds,
 * RuntimeClass (its overhead, node selector and tolerations).
 */
export const toleratedInPods: ToleratedFields = {
  ...podFields('spec'),
  'spec.nodeName': isText,
  'spec.priority': isInteger,
  'spec.priorityClassName': isText,
  'spec.preemptionPolicy': isText,
  'spec.overhead': isObject,
};
