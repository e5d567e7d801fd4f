import {
  ACTION_UID_LABEL,
  annotations,
  GATEWAY_AUDIENCE,
  namespaces,
  type PlaybookSpec,
  type Stage,
  type Step,
} from '@sentinel/crds';
import type { AnyObject } from '@sentinel/kube';
import { END, GATE, stepContainer } from './names.ts';

/** What a sandbox Job is made from. */
export interface JobInput {
  readonly name: string;
  readonly stage: Stage;
  readonly action: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly sandbox: PlaybookSpec['sandbox'];
  readonly steps: readonly Step[];
  readonly seconds: number;
  readonly settings: SandboxSettings;
}

/** What is the same for all sandboxes of an installation. */
export interface SandboxSettings {
  /** Sentinel's own image: gate and end run from it. */
  readonly image: string;
  /** ClusterIP of the gateway's Service. */
  readonly gatewayAddress: string;
  /** An address that a sandbox must not reach, HOST:PORT: that of the API server. */
  readonly forbidden: string;
  readonly hostUsers: boolean;
}

const REQUESTED_CPU_MILLIS = 10;
const REQUESTED_MEMORY_MI = 32;

// A request above the limit is refused by the API server, so a small limit is the request as well.
function requestsWithin(cpu: string, memory: string): { cpu: string; memory: string } {
  const millis = cpu.endsWith('m') ? Number.parseFloat(cpu) : Number(cpu) * 1000;
  const mebis = Number.parseInt(memory, 10) * { Ki: 1 / 1024, Mi: 1, Gi: 1024 }[memory.slice(-2) as 'Ki' | 'Mi' | 'Gi'];
  return {
    cpu: millis < REQUESTED_CPU_MILLIS ? cpu : `${REQUESTED_CPU_MILLIS}m`,
    memory: mebis < REQUESTED_MEMORY_MI ? memory : `${REQUESTED_MEMORY_MI}Mi`,
  };
}

const GATEWAY_HOST = 'sentinel-gateway';
const USER = 65532;
const TOKEN_SECONDS = 3600;
const KEEP_SECONDS = 3600;

const locked = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
};
const small = { limits: { cpu: '500m', memory: '128Mi' }, requests: { cpu: '10m', memory: '32Mi' } };

/**
 * The Job of a stage, suspended. Steps are init containers in order, behind the gate; the last container only says that the end
 * was reached, because a Job can be Complete without success. No API token, no DNS, no service links: the gateway is all there is.
 */
export function sandboxJob(input: JobInput): AnyObject {
  const { stage, action } = input;
  const labels = {
    'app.kubernetes.io/managed-by': 'sentinel',
    'app.kubernetes.io/component': 'sandbox',
    'sentinel.dev/stage': stage,
  };
  const marks = { [annotations.action]: `${action.namespace}/${action.name}`, 'sentinel.dev/namespace': action.namespace };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: input.name,
      namespace: namespaces.sandboxes,
      labels: { ...labels, [ACTION_UID_LABEL]: action.uid },
      annotations: marks,
    },
    spec: {
      suspend: true,
      parallelism: 1,
      completions: 1,
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      activeDeadlineSeconds: input.seconds,
      ttlSecondsAfterFinished: KEEP_SECONDS,
      template: { metadata: { labels, annotations: marks }, spec: podSpec(input) },
    },
  };
}

function podSpec({ settings, sandbox, steps }: JobInput): object {
  return {
    restartPolicy: 'Never',
    serviceAccountName: 'sandbox',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 5,
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['127.0.0.1'] },
    hostAliases: [{ ip: settings.gatewayAddress, hostnames: [GATEWAY_HOST] }],
    ...(settings.hostUsers ? { hostUsers: false } : {}),
    ...(sandbox.runtimeClassName === undefined ? {} : { runtimeClassName: sandbox.runtimeClassName }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumes: [
      { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
      { name: 'results', emptyDir: { sizeLimit: '8Mi' } },
      { name: 'gateway', projected: { sources: tokenSources() } },
    ],
    initContainers: [gate(settings), ...steps.map((step) => stepOf(step, sandbox))],
    containers: [end(settings)],
  };
}

// The usual files of a pod that talks to the API server; here they lead to the gateway. The namespace is that of the action.
function tokenSources(): object[] {
  return [
    { serviceAccountToken: { audience: GATEWAY_AUDIENCE, expirationSeconds: TOKEN_SECONDS, path: 'token' } },
    { configMap: { name: 'sentinel-gateway-ca', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: "metadata.annotations['sentinel.dev/namespace']" } }] },
    },
  ];
}

// No token: the gate only looks at the network.
function gate({ image, forbidden }: SandboxSettings): object {
  return {
    name: GATE,
    image,
    imagePullPolicy: 'IfNotPresent',
    args: ['gate'],
    env: [
      { name: 'SENTINEL_GATEWAY', value: `${GATEWAY_HOST}:443` },
      { name: 'SENTINEL_FORBIDDEN', value: forbidden },
    ],
    securityContext: locked,
    resources: small,
  };
}

function end({ image }: SandboxSettings): object {
  return {
    name: END,
    image,
    imagePullPolicy: 'IfNotPresent',
    args: ['end'],
    securityContext: locked,
    resources: small,
    volumeMounts: [{ name: 'results', mountPath: '/results', readOnly: true }],
  };
}

function stepOf(step: Step, sandbox: PlaybookSpec['sandbox']): object {
  const { cpu, memory } = sandbox.resources;
  const own = [
    { name: 'HOME', value: '/tmp' },
    { name: 'KUBERNETES_SERVICE_HOST', value: GATEWAY_HOST },
    { name: 'KUBERNETES_SERVICE_PORT', value: '443' },
    { name: 'SENTINEL_RESULTS', value: '/results' },
  ];
  const reserved = new Set(own.map(({ name }) => name));
  return {
    name: stepContainer(step.name),
    image: sandbox.image,
    imagePullPolicy: 'IfNotPresent',
    command: [...step.command].map(literal),
    workingDir: '/tmp',
    env: [...own, ...(step.env ?? []).filter(({ name }) => !reserved.has(name)).map(({ name, value }) => variable(name, value))],
    securityContext: locked,
    resources: { limits: { cpu, memory }, requests: requestsWithin(cpu, memory) },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'results', mountPath: '/results' },
      { name: 'gateway', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
    ],
  };
}

// The API server leaves an empty value out of its answer, which then would not be what was sent.
const variable = (name: string, value: string) => (value === '' ? { name } : { name, value: literal(value) });

// The kubelet expands $(VAR) in commands and variables; a doubled dollar stands for itself, so a value stays what was approved.
const literal = (text: string) => text.replaceAll('$', '$$$$');
