import { seconds } from '@sentinel/policy';
import { z } from 'zod';

const Environment = z.object({
  SENTINEL_SEAL_KEY_MAX_AGE: z
    .string()
    .regex(/^[1-9][0-9]{0,5}[smhd]$/, 'must be a duration such as 90d')
    .default('90d'),
});

/** The settings of the webhook. Nobody else reads the environment. */
export interface Config {
  /** A key that seals is replaced when it is older. */
  readonly sealKeyMaxAgeMs: number;
}

/** Reads the settings. Throws with every fault named. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = Environment.safeParse(env);
  if (!parsed.success)
    throw new Error(`settings: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`);
  return { sealKeyMaxAgeMs: seconds(parsed.data.SENTINEL_SEAL_KEY_MAX_AGE) * 1000 };
}
