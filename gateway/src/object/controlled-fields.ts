/**
 * The fields that controllers of Kubernetes write into objects of others, in addition to the status. An object that differs only in these
 * fields counts as unchanged. Sources are the controllers of kubernetes/kubernetes.
 */
interface ControlledField {
  /** Group and resource; left out if the path is sufficient. */
  readonly of?: readonly [group: string, resource: string];
  /** JSON pointers to the field and everything in it. */
  readonly path: RegExp;
  /** Written once, and relevant for the consequences of a delete, so approvers must have seen it. */
  readonly counts?: true;
  readonly source: string;
}

const controlledFields: readonly ControlledField[] = [
  {
    path: /^\/metadata\/annotations\/deployment\.kubernetes\.io~1(revision|revision-history|desired-replicas|max-replicas)$/,
    source: 'controller/deployment/util SetNewReplicaSetAnnotations, SetReplicasAnnotations',
  },
  { path: /^\/metadata\/annotations\/pv\.kubernetes\.io~1[a-z-]+$/, source: 'controller/volume/persistentvolume' },
  {
    path: /^\/metadata\/annotations\/volume\.(beta\.)?kubernetes\.io~1[a-z-]+$/,
    source: 'controller/volume/persistentvolume, scheduler: provisioner and node of a claim',
  },
  { path: /^\/metadata\/annotations\/batch\.kubernetes\.io~1[a-z-]+$/, source: 'controller/job, controller/cronjob' },
  {
    path: /^\/metadata\/annotations\/endpoints\.kubernetes\.io~1[a-z-]+$/,
    source: 'controller/endpoint, controller/endpointslice: time of the last trigger',
  },
  {
    path: /^\/metadata\/annotations\/control-plane\.alpha\.kubernetes\.io~1leader$/,
    source: 'client-go tools/leaderelection of older programs: renewed every few seconds',
  },
  { of: ['coordination.k8s.io', 'leases'], path: /^\/spec\/renewTime$/, source: 'API reference, Lease: set by the holder' },
  { path: /^\/metadata\/finalizers(\/|$)/, counts: true, source: 'storage protection, and who waits for the deletion' },
  { of: ['', 'pods'], path: /^\/spec\/nodeName$/, source: 'scheduler' },
  { path: /^\/spec\/volumeName$/, counts: true, source: 'controller/volume/persistentvolume: the volume of a claim' },
  { path: /^\/spec\/nodeSelector\/kubernetes\.io~1hostname$/, source: 'scheduler, of a claim that waits for its consumer' },
];

const isOf = ({ of }: ControlledField, group: string, resource: string) =>
  of === undefined || (of[0] === group && of[1] === resource);

/** Whether a controller writes this field, so that a difference in it is not a change by somebody. */
export const isControlled = (path: string, group: string, resource: string): boolean =>
  controlledFields.some((field) => isOf(field, group, resource) && field.path.test(path));

/** Whether controllers write this field repeatedly, so that a difference in it does not mean that the object changed. */
export const isSettledByControllers = (path: string, group: string, resource: string): boolean =>
  controlledFields.some((field) => !field.counts && isOf(field, group, resource) && field.path.test(path));
