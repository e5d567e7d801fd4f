import {
  ACTION_UID_LABEL,
  annotations,
  GATEWAY_AUDIENCE,
  namespaces,
  type PlaybookSpec,
  type Stage,
  type Step,
} from '@sentinel/crds';
import { END, GATE, stepContainer } from './names.ts';
import { CPU_REQUESTS, type PodSettings, podPlacement } from './pod-settings.ts';

/** The input for a sandbox Job. */
export interface JobInput {
  readonly name: string;
  readonly stage: Stage;
  readonly action: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly sandbox: PlaybookSpec['sandbox'];
  readonly steps: readonly Step[];
  /** Whether the steps are those of a rollback: they run in Sentinel's own image, and their first word is its entry point. */
  readonly isOwn?: true;
  readonly seconds: number;
  readonly settings: SandboxSettings;
}

/** The settings that are the same for all sandboxes of an installation. */
export interface SandboxSettings {
  /** Sentinel's own image: gate and end run from it. */
  readonly image: string;
  /** ClusterIP of the gateway's Service. */
  readonly gatewayAddress: string;
  /** An address that a sandbox must not reach, HOST:PORT: that of the API server. */
  readonly forbidden: string;
  readonly hostUsers: boolean;
  /** What the admin set for the pods: where they run, and what pulls their images. */
  readonly pods?: PodSettings;
}

/** A sandbox Job, as it is sent. A type and not an interface, so that a client takes it for any object. */
export type SandboxJob = {
  apiVersion: 'batch/v1';
  kind: 'Job';
  metadata: { name: string; namespace: string; labels: Record<string, string>; annotations: Record<string, string> };
  spec: SandboxJobSpec;
};

export type SandboxJobSpec = {
  suspend: boolean;
  parallelism: 1;
  completions: 1;
  backoffLimit: 0;
  podReplacementPolicy: 'Failed';
  activeDeadlineSeconds: number;
  ttlSecondsAfterFinished: number;
  template: { metadata: { labels: Record<string, string>; annotations: Record<string, string> }; spec: object };
};

const REQUESTED_MEMORY_MI = 32;

const millisOf = (cpu: string) => (cpu.endsWith('m') ? Number.parseFloat(cpu) : Number(cpu) * 1000);

// A request above the limit is refused by the API server, so a small limit is the request as well.
function requestsWithin(cpu: string, memory: string, requested: string): { cpu: string; memory: string } {
  const mebis = Number.parseInt(memory, 10) * { Ki: 1 / 1024, Mi: 1, Gi: 1024 }[memory.slice(-2) as 'Ki' | 'Mi' | 'Gi'];
  return {
    cpu: millisOf(cpu) < millisOf(requested) ? cpu : requested,
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
/** What the gate and the end may use. */
const small = { cpu: '500m', memory: '128Mi' };

// A sandbox is not started again elsewhere, so autoscalers leave its node alone until it ends; they look at no pod that has ended.
const undisturbed = { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false', 'karpenter.sh/do-not-disrupt': 'true' };

type Resources = { limits: Record<string, string>; requests: Record<string, string> };

// The same request for each container of a pod: they run one after the other, and the largest request counts for all of them.
function resourcesOf({ cpu, memory }: { cpu: string; memory: string }, { stage, settings }: JobInput): Resources {
  const requested = (settings.pods?.cpuRequests ?? CPU_REQUESTS)[stage === 'rehearsal' ? 'rehearsal' : 'run'];
  return withStorage({ limits: { cpu, memory }, requests: requestsWithin(cpu, memory, requested) }, settings);
}

function withStorage({ limits, requests }: Resources, { pods }: SandboxSettings): Resources {
  const size = pods?.ephemeralStorage ?? '';
  const storage = size === '' ? {} : { 'ephemeral-storage': size };
  return { limits: { ...limits, ...storage }, requests: { ...requests, ...storage } };
}

/**
 * The Job of a stage, suspended. Steps are init containers in order, after the gate; the last container only proves that all steps completed,
 * because a Job can be Complete without success. No API token, no DNS, no service links: the pod can reach only the gateway.
 */
export function sandboxJob(input: JobInput): SandboxJob {
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
      template: { metadata: { labels, annotations: { ...marks, ...undisturbed } }, spec: podSpec(input) },
    },
  };
}

function podSpec(input: JobInput): object {
  const { settings, sandbox, steps } = input;
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
    ...podPlacement(settings.pods),
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
    initContainers: [gate(input), ...steps.map((step) => stepOf(step, input))],
    containers: [end(input)],
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
function gate(input: JobInput): object {
  const { image, forbidden } = input.settings;
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
    resources: resourcesOf(small, input),
  };
}

function end(input: JobInput): object {
  const { image } = input.settings;
  return {
    name: END,
    image,
    imagePullPolicy: 'IfNotPresent',
    args: ['end'],
    securityContext: locked,
    resources: resourcesOf(small, input),
    volumeMounts: [{ name: 'results', mountPath: '/results', readOnly: true }],
  };
}

function stepOf(step: Step, input: JobInput): object {
  const { sandbox } = input;
  const own = [
    { name: 'HOME', value: '/tmp' },
    { name: 'KUBERNETES_SERVICE_HOST', value: GATEWAY_HOST },
    { name: 'KUBERNETES_SERVICE_PORT', value: '443' },
    { name: 'SENTINEL_RESULTS', value: '/results' },
  ];
  const reserved = new Set(own.map(({ name }) => name));
  return {
    name: stepContainer(step.name),
    image: input.isOwn ? input.settings.image : sandbox.image,
    imagePullPolicy: 'IfNotPresent',
    ...(input.isOwn ? { args: step.command.slice(1) } : { command: [...step.command].map(literal) }),
    workingDir: '/tmp',
    env: [...own, ...(step.env ?? []).filter(({ name }) => !reserved.has(name)).map(({ name, value }) => variable(name, value))],
    securityContext: locked,
    resources: resourcesOf(sandbox.resources, input),
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
