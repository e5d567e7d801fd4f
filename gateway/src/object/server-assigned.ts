/**
 * The fields that the API server assigns regardless of the request, and those that it assigns if the request leaves them out. This table is the
 * only reason why a persisted field is not part of a change. Sources are places in the code of kubernetes/kubernetes; "seen" is what an API
 * server of Kubernetes 1.36.3 answered.
 */

/** A field of the table. In a path, `*` stands for every entry of a list. */
export interface AssignedField {
  /** API group and resource; left out for all of them. */
  readonly of?: { readonly group: string; readonly resource: string };
  readonly path: string;
  /** Why the request cannot set it, or the evidence for it. */
  readonly source: string;
}

/** Never taken from the body of a write: the API server drops or refuses values of the request. */
export const alwaysAssigned: readonly AssignedField[] = [
  {
    path: '/metadata/resourceVersion',
    source: 'storage/etcd3 PrepareObjectForStorage clears it; in a request it is a precondition',
  },
  { path: '/metadata/selfLink', source: 'storage/etcd3 PrepareObjectForStorage clears it' },
  { path: '/metadata/uid', source: 'registry/rest FillObjectMetaSystemFields; in an update a precondition' },
  { path: '/metadata/creationTimestamp', source: 'registry/rest FillObjectMetaSystemFields; BeforeUpdate copies the old one' },
  { path: '/metadata/deletionTimestamp', source: 'registry/rest BeforeCreate clears it; ValidateObjectMetaUpdate: immutable' },
  {
    path: '/metadata/deletionGracePeriodSeconds',
    source: 'registry/rest BeforeCreate clears it; ValidateObjectMetaUpdate: immutable',
  },
  {
    path: '/metadata/managedFields',
    source: 'handlers/fieldmanager computes it; the gateway refuses a request that sets it, and an apply shows its manager',
  },
  ...['username', 'uid', 'groups', 'extra'].map((field) => ({
    of: { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' },
    path: `/spec/${field}`,
    source: 'registry/certificates/certificates/strategy.go PrepareForCreate: taken from the user of the request',
  })),
];

/**
 * Counted by the server, but persisted from the body of a create where the kind does not count: seen for a ConfigMap. An update
 * cannot change it.
 */
export const GENERATION = '/metadata/generation';

/** Assigned where the request leaves them out. A dry-run answers with placeholders for them (seen: 10.96.0.0, 32769 and up). */
export const assignedUnlessSet: readonly AssignedField[] = [
  '/clusterIP',
  '/clusterIPs/*',
  '/healthCheckNodePort',
  '/ports/*/nodePort',
].map((field) => ({
  of: { group: '', resource: 'services' },
  path: `/spec${field}`,
  source: 'registry/core/service/storage/alloc.go; in a dry-run the allocators persist nothing',
}));

/** Where the API server writes the uid of a new Job: registry/batch/job/strategy.go generateSelector. A dry-run makes up a uid. */
export const uidLabels: readonly string[] = [
  '/metadata/labels',
  '/spec/selector/matchLabels',
  '/spec/template/metadata/labels',
].flatMap((path) => [`${path}/batch.kubernetes.io~1controller-uid`, `${path}/controller-uid`]);

/**
 * The volume of the token that the ServiceAccount admission adds to a new pod, with a random ending:
 * plugin/pkg/admission/serviceaccount/admission.go, names.SimpleNameGenerator.
 */
export const TOKEN_VOLUME = /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/;

/** Subresources whose writes leave the status alone: registry/…/strategy.go of each resets it (Scale: autoscaling API reference). */
export const withoutStatus: ReadonlySet<string> = new Set(['scale', 'ephemeralcontainers', 'resize']);

/** Kinds with a status subresource that take the status from a create: registry/core/node/strategy.go PrepareForCreate. */
export const statusOnCreate: ReadonlySet<string> = new Set(['/nodes']);
