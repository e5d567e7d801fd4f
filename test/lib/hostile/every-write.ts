import { randomBytes } from 'node:crypto';
import type { Method } from '@sentinel/kube';
import { loadedImages } from '../images.ts';

// Real writes of every kind, in a namespace of this process: none of them is a dry-run.

/** In the name of all that is made. */
export const suffix = randomBytes(3).toString('hex');
export const namespace = `gw-lock-${suffix}`;
export const group = `gw-${suffix}.example.com`;

/** A request to the API server. */
export interface Try {
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  readonly type?: string;
}

export const core = `/api/v1/namespaces/${namespace}`;
export const apps = `/apis/apps/v1/namespaces/${namespace}`;
const json = 'application/json-patch+json';
export const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';
const apply = 'application/apply-patch+yaml';
export const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { a: 'changed' },
});
export const labels = { metadata: { labels: { 'gw-slipped': 'yes' } } };
export const widget = (name: string) => ({ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name }, spec: {} });
export const crd = (of: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${of}` },
  spec: {
    group: of,
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});
const container = () => ({ name: 'web', image: loadedImages().tools, resources: { requests: { cpu: '5m', memory: '8Mi' } } });
export const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { app: name } },
  spec: { schedulerName: 'nobody', containers: [container()] },
});
export const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container()] } },
  },
};
const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] };
const webhooks = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: `gw-${suffix}` },
  webhooks: [],
};

/** The writes; `node` is a node of the cluster. */
export const everyWrite = (node: string): Try[] => [
  { name: 'create', method: 'POST', path: `${core}/configmaps`, body: configMap('made') },
  {
    name: 'create of a Secret',
    method: 'POST',
    path: `${core}/secrets`,
    body: { ...configMap('made'), kind: 'Secret', data: {} },
  },
  { name: 'create of a pod', method: 'POST', path: `${core}/pods`, body: pod('made') },
  { name: 'PUT', method: 'PUT', path: `${core}/configmaps/held`, body: configMap('held') },
  { name: 'merge patch', method: 'PATCH', path: `${core}/configmaps/held`, type: merge, body: labels },
  { name: 'strategic patch', method: 'PATCH', path: `${core}/configmaps/held`, type: strategic, body: labels },
  {
    name: 'JSON patch',
    method: 'PATCH',
    path: `${core}/configmaps/held`,
    type: json,
    body: [{ op: 'add', path: '/data/a', value: 'changed' }],
  },
  {
    name: 'apply',
    method: 'PATCH',
    path: `${core}/configmaps/held?fieldManager=x&force=true`,
    type: apply,
    body: configMap('held'),
  },
  {
    name: 'apply that creates',
    method: 'PATCH',
    path: `${core}/configmaps/made?fieldManager=x`,
    type: apply,
    body: configMap('made'),
  },
  { name: 'scale', method: 'PATCH', path: `${apps}/deployments/web/scale`, type: merge, body: { spec: { replicas: 3 } } },
  {
    name: 'status',
    method: 'PATCH',
    path: `${apps}/deployments/web/status`,
    type: merge,
    body: { status: { observedGeneration: 77 } },
  },
  {
    name: 'ephemeral containers',
    method: 'PATCH',
    path: `${core}/pods/held/ephemeralcontainers`,
    type: strategic,
    body: { spec: { ephemeralContainers: [{ name: 'debug', image: container().image }] } },
  },
  {
    name: 'resize',
    method: 'PATCH',
    path: `${core}/pods/held/resize`,
    type: strategic,
    body: { spec: { containers: [{ name: 'web', resources: { requests: { cpu: '7m' } } }] } },
  },
  {
    name: 'eviction',
    method: 'POST',
    path: `${core}/pods/held/eviction`,
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'held', namespace } },
  },
  {
    name: 'binding of a pod',
    method: 'POST',
    path: `${core}/pods/held/binding`,
    body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'held' }, target: { kind: 'Node', name: node } },
  },
  {
    name: 'binding',
    method: 'POST',
    path: `${core}/bindings`,
    body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'held' }, target: { kind: 'Node', name: node } },
  },
  {
    name: 'token request',
    method: 'POST',
    path: `${core}/serviceaccounts/default/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  },
  {
    name: 'CRD',
    method: 'POST',
    path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    body: crd(`made.${group}`),
  },
  { name: 'custom resource', method: 'POST', path: `/apis/${group}/v1/namespaces/${namespace}/widgets`, body: widget('made') },
  {
    name: 'patch of a custom resource',
    method: 'PATCH',
    path: `/apis/${group}/v1/namespaces/${namespace}/widgets/held`,
    type: merge,
    body: labels,
  },
  {
    name: 'status of a custom resource',
    method: 'PATCH',
    path: `/apis/${group}/v1/namespaces/${namespace}/widgets/held/status`,
    type: merge,
    body: { status: { ok: true } },
  },
  {
    name: 'event',
    method: 'POST',
    path: `${core}/events`,
    body: { apiVersion: 'v1', kind: 'Event', metadata: { name: 'made' }, involvedObject: { namespace } },
  },
  {
    name: 'lease',
    method: 'POST',
    path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
    body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'made' } },
  },
  {
    name: 'Role',
    method: 'POST',
    path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
    body: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'made' }, rules: [rule] },
  },
  {
    name: 'ClusterRole',
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: `gw-made-${suffix}` },
      rules: [rule],
    },
  },
  {
    name: 'webhook configuration',
    method: 'POST',
    path: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    body: webhooks,
  },
  {
    name: 'APIService',
    method: 'POST',
    path: '/apis/apiregistration.k8s.io/v1/apiservices',
    body: {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `v9.${group}` },
      spec: { group, version: 'v9', groupPriorityMinimum: 1, versionPriority: 1 },
    },
  },
  { name: 'node', method: 'PATCH', path: `/api/v1/nodes/${node}`, type: merge, body: labels },
  {
    name: 'namespace',
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${namespace}-made` } },
  },
  {
    name: 'finalize',
    method: 'PUT',
    path: `${core}/finalize`,
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: { finalizers: [] } },
  },
  { name: 'delete', method: 'DELETE', path: `${core}/configmaps/held` },
  { name: 'delete of the namespace', method: 'DELETE', path: core },
  { name: 'delete whose body has no dryRun', method: 'DELETE', path: `${core}/configmaps/held?dryRun=All`, body: {} },
  {
    name: 'delete whose body is options without dryRun',
    method: 'DELETE',
    path: `${core}/configmaps/held?dryRun=All`,
    body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 },
  },
  { name: 'deletecollection', method: 'DELETE', path: `${core}/configmaps` },
  { name: 'deletecollection with a body', method: 'DELETE', path: `${core}/configmaps?dryRun=All`, body: {} },
  ...['dryRun=All;x=1', 'dryrun=All', 'DryRun=All', 'dryRun[]=All', 'dryRun%5B%5D=All'].map((query) => ({
    name: `create with ?${query}`,
    method: 'POST' as const,
    path: `${core}/configmaps?${query}`,
    body: configMap('made'),
  })),
];
