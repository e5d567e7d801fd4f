import { bytesOfQuantity, DEFINITIONS_TOTAL, STORAGE_TOTAL, seconds } from '@sentinel/policy';
import { z } from 'zod';

const Environment = z.object({
  SENTINEL_SEAL_KEY_MAX_AGE: z
    .string()
    .regex(/^[1-9][0-9]{0,5}[smhd]$/, 'must be a duration such as 90d')
    .default('90d'),
  SENTINEL_CLIENT_CA_FILE: z.string().optional(),
  SENTINEL_STORAGE_TOTAL: z
    .string()
    .regex(/^[1-9][0-9]{0,5}(Ki|Mi|Gi)$/, 'must be a quantity such as 512Mi')
    .default(STORAGE_TOTAL),
  SENTINEL_DEFINITIONS_TOTAL: z
    .string()
    .regex(/^[1-9][0-9]{0,5}(Ki|Mi|Gi)$/, 'must be a quantity such as 32Mi')
    .default(DEFINITIONS_TOTAL),
});

/** The settings of the webhook. Nobody else reads the environment. */
export interface Config {
  /** A key that seals is replaced when it is older. */
  readonly sealKeyMaxAgeMs: number;
  /** A file with the authority (PEM) of the certificate that the API server calls with. Without one every caller is answered. */
  readonly clientCaFile: string | undefined;
  /** How much may be stored for the actions of all namespaces. */
  readonly storageBytes: number;
  /** How many bytes the Playbooks and AgentPolicies of all namespaces may have. */
  readonly definitionBytes: number;
}

/** Reads the settings. Throws an error that names every fault. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = Environment.safeParse(env);
  if (!parsed.success)
    throw new Error(`settings: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`);
  const { SENTINEL_SEAL_KEY_MAX_AGE: age, SENTINEL_CLIENT_CA_FILE: clientCaFile } = parsed.data;
  return {
    sealKeyMaxAgeMs: seconds(age) * 1000,
    clientCaFile: clientCaFile || undefined,
    storageBytes: bytesOfQuantity(parsed.data.SENTINEL_STORAGE_TOTAL),
    definitionBytes: bytesOfQuantity(parsed.data.SENTINEL_DEFINITIONS_TOTAL),
  };
}
