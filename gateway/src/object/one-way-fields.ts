/**
 * Fields that the API server, or a controller, does not allow to restore. Sources are places in the code of kubernetes/kubernetes unless
 * stated otherwise. Rules of custom resources are unknown here.
 */

/** A field of the table, by JSON pointer; what is inside of it counts as well. */
export interface OneWayField {
  /** API group and resource; left out for all of them. */
  readonly of?: readonly [group: string, resource: string];
  /** Only in writes to this subresource. */
  readonly subresource?: string;
  readonly path: string;
  /** The part of the field that can be restored nevertheless. */
  readonly except?: RegExp;
  /** Which changes of the field count; all of them when left out. */
  readonly when?: (change: OneWayChange) => boolean;
  /** Why, as a part of a sentence. */
  readonly why: string;
  readonly source: string;
}

/** A change of such a field, and the object before the write. */
export interface OneWayChange {
  readonly before: unknown;
  readonly after: unknown;
  readonly live: unknown;
  /** Every path that the write changes. */
  readonly paths: readonly string[];
}

const isSetFirst = ({ before, after }: OneWayChange) => before === undefined && after !== undefined;
const namesIn = (list: unknown): unknown[] =>
  Array.isArray(list) ? list.map((entry) => (entry as { name?: unknown }).name) : [];

const immutable = (resource: string): OneWayField => ({
  of: ['', resource],
  path: '/immutable',
  when: ({ after }) => after === true,
  why: 'what is immutable stays so',
  source: `core/validation ValidateConfigMapUpdate, ValidateSecretUpdate: immutable cannot be unset`,
});

// A number that is set first, or becomes less.
const isLess = ({ before, after }: OneWayChange) => typeof after === 'number' && !(typeof before === 'number' && before <= after);

const endsJob = (field: string): OneWayField => ({
  of: ['batch', 'jobs'],
  path: `/spec/${field}`,
  when: isLess,
  why: 'a Job that has failed does not go on',
  source: 'controller/job pastActiveDeadline, exceedsBackoffLimit: the condition Failed is final',
});

const deletesJobs = (field: string): OneWayField => ({
  of: ['batch', 'cronjobs'],
  path: `/spec/${field}`,
  when: isLess,
  why: 'the Jobs that are too many are deleted',
  source: 'controller/cronjob cleanupFinishedJobs',
});

const deletesRevisions = (resource: string): OneWayField => ({
  of: ['apps', resource],
  path: '/spec/revisionHistoryLimit',
  when: isLess,
  why: 'older revisions are deleted, and nobody goes back to them any more',
  source: 'controller/deployment cleanupDeployment, controller/history truncateHistory',
});

export const oneWayFields: readonly OneWayField[] = [
  {
    of: ['batch', 'jobs'],
    path: '/spec/ttlSecondsAfterFinished',
    when: isLess,
    why: 'a Job whose time is over is deleted',
    source: 'controller/ttlafterfinished',
  },
  ...['activeDeadlineSeconds', 'backoffLimit'].map(endsJob),
  ...['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'].map(deletesJobs),
  ...['deployments', 'statefulsets', 'daemonsets'].map(deletesRevisions),
  {
    path: '/metadata/ownerReferences',
    why: 'the object may be deleted when its owners are gone',
    source: 'controller/garbagecollector',
  },
  {
    path: '/metadata/finalizers',
    when: ({ live }) =>
      (live as { metadata?: { deletionTimestamp?: string } } | undefined)?.metadata?.deletionTimestamp !== undefined,
    why: 'an object that is being deleted gets no new finalizers',
    source: 'apimachinery/pkg/api/validation ValidateObjectMetaUpdate: no new finalizers if the object is being deleted',
  },
  immutable('configmaps'),
  immutable('secrets'),
  {
    of: ['', 'persistentvolumeclaims'],
    path: '/spec',
    except: /^\/spec\/volumeAttributesClassName$/,
    why: 'a claim does not shrink, and what it is bound to stays',
    source: 'core/validation ValidatePersistentVolumeClaimUpdate: not less than status.capacity; immutable once bound',
  },
  {
    of: ['', 'persistentvolumeclaims'],
    path: '/spec/volumeAttributesClassName',
    when: isSetFirst,
    why: 'the class of a claim cannot be unset',
    source: 'core/validation ValidatePersistentVolumeClaimUpdate',
  },
  {
    of: ['', 'persistentvolumes'],
    path: '/spec/nodeAffinity',
    when: isSetFirst,
    why: 'the node affinity of a volume cannot be unset',
    source: 'core/validation ValidatePersistentVolumeUpdate',
  },
  {
    of: ['', 'pods'],
    path: '/spec',
    except: /^\/spec\/(c|initC)ontainers\/\d+\/(image|resources)(\/|$)/,
    why: 'the spec of a pod changes in one direction only',
    source:
      'core/validation ValidatePodUpdate: tolerations are only added, scheduling gates only removed, deadlines only shortened',
  },
  {
    of: ['', 'services'],
    path: '/spec/loadBalancerClass',
    when: (change) => isSetFirst(change) && !change.paths.includes('/spec/type'),
    why: 'the class of a load balancer stays as long as the type of the Service',
    source: 'core/validation validateLoadBalancerClassField',
  },
  ...['podCIDR', 'podCIDRs', 'providerID'].map(
    (field): OneWayField => ({
      of: ['', 'nodes'],
      path: `/spec/${field}`,
      why: 'what a node got once stays',
      source: 'core/validation ValidateNodeUpdate',
    }),
  ),
  {
    of: ['', 'namespaces'],
    subresource: 'finalize',
    path: '',
    why: 'a namespace that is finalized is gone',
    source: 'registry/core/namespace/storage FinalizeREST',
  },
  {
    of: ['certificates.k8s.io', 'certificatesigningrequests'],
    path: '/status',
    why: 'a certificate that is approved, denied or issued stays so',
    source: 'certificates/validation ValidateCertificateSigningRequestApprovalUpdate, …StatusUpdate',
  },
  {
    of: ['apiextensions.k8s.io', 'customresourcedefinitions'],
    path: '/spec/versions',
    when: ({ before, after }) => {
      const kept = new Set(namesIn(after));
      return !Array.isArray(before) || namesIn(before).some((name) => !kept.has(name));
    },
    why: 'objects lose what their kind no longer describes',
    source:
      'apiextensions-apiserver: objects of a removed version cannot be read, and unknown fields are pruned when they are stored',
  },
  {
    of: ['apiextensions.k8s.io', 'customresourcedefinitions'],
    path: '/spec/preserveUnknownFields',
    why: 'unknown fields are pruned when objects are stored',
    source: 'apiextensions/validation: preserveUnknownFields must be false',
  },
];
