import { namespaces } from '@sentinel/crds';
import { type KubeClient, services } from '@sentinel/kube';
import {
  bytesOfQuantity,
  type PodSettings,
  parsePodSettings,
  type SandboxSettings,
  STORAGE_TOTAL,
  seconds,
} from '@sentinel/policy';
import { z } from 'zod';

const Environment = z.object({
  SENTINEL_IMAGE: z.string().min(1),
  KUBERNETES_SERVICE_HOST: z.string().min(1),
  KUBERNETES_SERVICE_PORT: z.string().min(1),
  SENTINEL_USER_NAMESPACES: z.enum(['Auto', 'Always', 'Never']).default('Auto'),
  SENTINEL_SANDBOX_PODS: z.string().optional(),
});

/** The common settings of all sandboxes, from the gateway's own configuration and not from the operator. */
export interface Installation {
  readonly image: string;
  /** The address that sandboxes must not reach: the API server's ClusterIP. */
  readonly forbidden: string;
  readonly userNamespaces: 'Auto' | 'Always' | 'Never';
  /** What the values of the chart say about the pods of sandboxes. */
  readonly pods: PodSettings;
}

const KeyAge = z
  .string()
  .regex(/^[1-9][0-9]{0,5}[smhd]$/, 'must be a duration such as 90d')
  .default('90d');

/** The maximum age of a key that signs statements, in milliseconds. Throws for an invalid duration. */
export const readKeyAge = (env: NodeJS.ProcessEnv): number => seconds(KeyAge.parse(env.SENTINEL_STATEMENT_KEY_MAX_AGE)) * 1000;

/** Reads the settings. Throws with every fault named. */
export function readInstallation(env: NodeJS.ProcessEnv): Installation {
  const parsed = Environment.safeParse(env);
  if (!parsed.success)
    throw new Error(`settings: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`);
  const { SENTINEL_IMAGE: image, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = parsed.data;
  const { SENTINEL_USER_NAMESPACES: userNamespaces, SENTINEL_SANDBOX_PODS: pods } = parsed.data;
  return { image, forbidden: `${host}:${port}`, userNamespaces, pods: parsePodSettings(pods) };
}

/** How much may be stored for the actions of all namespaces, in bytes. Throws for anything that is not a quantity. */
export const readStorageBytes = (env: NodeJS.ProcessEnv): number => bytesOfQuantity(env.SENTINEL_STORAGE_TOTAL || STORAGE_TOTAL);

/**
 * The settings with which a sandbox may be rendered. With `Auto` the nodes decide whether it gets a user namespace, and nodes change, so both
 * are accepted; with `Always` only one is.
 */
export async function sandboxSettings(client: KubeClient, installation: Installation): Promise<SandboxSettings[]> {
  const service = await client.getOrThrow(services, { name: 'sentinel-gateway', namespace: namespaces.system });
  const gatewayAddress = (service.spec as { clusterIP?: string } | undefined)?.clusterIP;
  if (!gatewayAddress) throw new Error("the Service 'sentinel-gateway' has no address");
  const { image, forbidden, userNamespaces, pods } = installation;
  const choices = { Auto: [true, false], Always: [true], Never: [false] }[userNamespaces];
  return choices.map((hostUsers) => ({ image, forbidden, gatewayAddress, hostUsers, pods }));
}
