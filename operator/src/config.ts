import { type PodSettings, parsePodSettings } from '@sentinel/policy';
import { z } from 'zod';
import type { ReleaseValues } from './facts/release-values.ts';

const Environment = z.object({
  SENTINEL_IMAGE: z.string().min(1),
  KUBERNETES_SERVICE_HOST: z.string().min(1),
  KUBERNETES_SERVICE_PORT: z.string().min(1),
  POD_NAME: z.string().min(1),
  SENTINEL_OTLP_ENDPOINT: z.string().optional(),
  SENTINEL_WORKERS: z.coerce.number().int().min(1).max(64).default(8),
  SENTINEL_USER_NAMESPACES: z.enum(['Auto', 'Always', 'Never']).default('Auto'),
  SENTINEL_SANDBOX_PODS: z.string().optional(),
  SENTINEL_API_SERVER_PORTS: z.string().default('[]'),
  SENTINEL_EVIDENCE: z.enum(['true', 'false']).default('false'),
});

/** The settings of the operator. No other module reads the environment. */
export interface Config {
  readonly image: string;
  /** The address that sandboxes must not reach: the API server's ClusterIP. */
  readonly forbidden: string;
  readonly podName: string;
  readonly otlpEndpoint: string | undefined;
  readonly workers: number;
  /** Whether sandboxes get a user namespace of their own; `Auto`: where every node says that it can. */
  readonly userNamespaces: 'Auto' | 'Always' | 'Never';
  /** The values of the chart that its guards have. */
  readonly release: ReleaseValues;
  /** Whether an evidence store is installed. */
  readonly evidence: boolean;
  /** The settings for sandbox pods from the values of the chart. */
  readonly pods: PodSettings;
}

/** Reads the settings. Throws an error that names every fault. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = Environment.safeParse(env);
  if (!parsed.success)
    throw new Error(`settings: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`);
  const values = parsed.data;
  return {
    image: values.SENTINEL_IMAGE,
    forbidden: `${values.KUBERNETES_SERVICE_HOST}:${values.KUBERNETES_SERVICE_PORT}`,
    podName: values.POD_NAME,
    otlpEndpoint: values.SENTINEL_OTLP_ENDPOINT === '' ? undefined : values.SENTINEL_OTLP_ENDPOINT,
    workers: values.SENTINEL_WORKERS,
    userNamespaces: values.SENTINEL_USER_NAMESPACES,
    release: { image: values.SENTINEL_IMAGE, apiServerPorts: parsePorts(values.SENTINEL_API_SERVER_PORTS) },
    evidence: values.SENTINEL_EVIDENCE === 'true',
    pods: parsePodSettings(values.SENTINEL_SANDBOX_PODS),
  };
}

const Ports = z.array(z.object({ protocol: z.literal('TCP'), port: z.int() }));

function parsePorts(text: string): z.infer<typeof Ports> {
  try {
    return Ports.parse(JSON.parse(text));
  } catch {
    throw new Error(`settings: SENTINEL_API_SERVER_PORTS: must be ports of a NetworkPolicy as JSON, but is '${text}'`);
  }
}
