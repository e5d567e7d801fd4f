import { escapeKey } from '../object/pointer.ts';

/** Full objects for tests, each with what the API server fills in, so that nothing of them is assigned by it unless the table says so. */
export interface Example {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly hasStatus: boolean;
  readonly object: Readonly<Record<string, unknown>>;
}

const metadata = (name: string) => ({
  name,
  labels: { app: name },
  annotations: { note: 'first' },
  finalizers: ['example.com/held'],
  ownerReferences: [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'owner',
      uid: '11111111-2222-3333-4444-555555555555',
      controller: false,
      blockOwnerDeletion: false,
    },
  ],
});

const container = {
  name: 'web',
  image: 'registry.example.com/web:1',
  command: ['serve', '--port=8080'],
  args: ['--verbose'],
  workingDir: '/srv',
  ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
  env: [
    { name: 'MODE', value: 'fast' },
    { name: 'NODE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } } },
  ],
  envFrom: [{ prefix: 'X_', configMapRef: { name: 'config', optional: true } }],
  resources: { limits: { cpu: '2', memory: '64Mi' }, requests: { cpu: '1', memory: '32Mi' } },
  volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: false, subPath: 'sub' }],
  livenessProbe: {
    httpGet: { path: '/live', port: 8080, scheme: 'HTTP' },
    initialDelaySeconds: 1,
    timeoutSeconds: 2,
    periodSeconds: 3,
    successThreshold: 1,
    failureThreshold: 4,
  },
  lifecycle: { preStop: { exec: { command: ['stop'] } } },
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'IfNotPresent',
  securityContext: {
    privileged: false,
    runAsUser: 1000,
    runAsNonRoot: true,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
  },
};

const podSpec = {
  initContainers: [{ name: 'prepare', image: 'registry.example.com/prepare:1', args: ['now'] }],
  containers: [container, { name: 'side', image: 'registry.example.com/side:1' }],
  volumes: [
    { name: 'data', emptyDir: { sizeLimit: '1Gi' } },
    { name: 'conf', configMap: { name: 'config', defaultMode: 420, items: [{ key: 'a', path: 'b' }] } },
  ],
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  nodeSelector: { disk: 'ssd' },
  serviceAccountName: 'default',
  automountServiceAccountToken: false,
  hostNetwork: false,
  securityContext: { runAsUser: 1000, fsGroup: 2000 },
  imagePullSecrets: [{ name: 'pull' }],
  hostname: 'host',
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }],
      },
    },
  },
  schedulerName: 'default-scheduler',
  tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'web', effect: 'NoExecute', tolerationSeconds: 60 }],
  hostAliases: [{ ip: '10.0.0.1', hostnames: ['db'] }],
  enableServiceLinks: true,
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } },
  ],
};

const widget = (plural: string, kind: string, hasStatus: boolean): Example => ({
  group: 'change.example.com',
  version: 'v1',
  resource: plural,
  kind,
  hasStatus,
  object: {
    apiVersion: 'change.example.com/v1',
    kind,
    metadata: metadata(plural.slice(0, -1)),
    spec: {
      size: 1,
      on: true,
      name: 'x',
      list: [
        { name: 'a', value: 1 },
        { name: 'b', value: 1 },
      ],
      words: ['one', 'two'],
    },
    status: { phase: 'Ready', conditions: [{ type: 'Ready', status: 'True', message: 'fine' }] },
  },
});

export const examples: readonly Example[] = [
  {
    group: '',
    version: 'v1',
    resource: 'services',
    kind: 'Service',
    hasStatus: true,
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('service'),
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.96.77.77',
        clusterIPs: ['10.96.77.77'],
        ports: [
          { name: 'http', protocol: 'TCP', appProtocol: 'http', port: 80, targetPort: 8080, nodePort: 30980 },
          { name: 'more', protocol: 'TCP', port: 81, targetPort: 'more', nodePort: 30981 },
        ],
        selector: { app: 'web' },
        externalIPs: ['192.0.2.1'],
        loadBalancerSourceRanges: ['192.0.2.0/24'],
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30982,
        internalTrafficPolicy: 'Cluster',
        publishNotReadyAddresses: false,
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } },
        ipFamilyPolicy: 'SingleStack',
        ipFamilies: ['IPv4'],
        allocateLoadBalancerNodePorts: true,
        loadBalancerClass: 'example.com/lb',
      },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } },
    },
  },
  {
    group: '',
    version: 'v1',
    resource: 'pods',
    kind: 'Pod',
    hasStatus: true,
    object: { apiVersion: 'v1', kind: 'Pod', metadata: metadata('pod'), spec: podSpec, status: { phase: 'Running' } },
  },
  {
    group: 'apps',
    version: 'v1',
    resource: 'deployments',
    kind: 'Deployment',
    hasStatus: true,
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata('deployment'),
      spec: {
        replicas: 0,
        paused: false,
        minReadySeconds: 3,
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: '25%' } },
        template: { metadata: { labels: { app: 'web' }, annotations: { note: 'first' } }, spec: podSpec },
      },
      status: { replicas: 1 },
    },
  },
  widget('gadgets', 'Gadget', true),
  widget('widgets', 'Widget', false),
];

/** The pointer to every leaf of an object. */
export function leavesOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, entry]) => leavesOf(entry, `${path}/${escapeKey(key)}`));
}
