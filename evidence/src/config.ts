import { bytesOfQuantity } from '@sentinel/policy';
import { z } from 'zod';

const Environment = z.object({
  SENTINEL_EVIDENCE_FOLDER: z.string().min(1),
  SENTINEL_EVIDENCE_LIMIT: z.string().min(1),
});

/** The settings of the evidence store. No other module reads the environment. */
export interface Config {
  /** Where the volume is mounted. */
  readonly folder: string;
  /** How much it may hold, in bytes. */
  readonly limit: number;
}

/** Reads the settings. Throws an error that names every fault. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = Environment.safeParse(env);
  if (!parsed.success)
    throw new Error(`settings: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`);
  return { folder: parsed.data.SENTINEL_EVIDENCE_FOLDER, limit: bytesOfQuantity(parsed.data.SENTINEL_EVIDENCE_LIMIT) };
}
