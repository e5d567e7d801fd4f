import { GATEWAY_AUDIENCE } from '@sentinel/crds';
import { z } from 'zod';

/** The claims that a token for the gateway must have. Only the API server can verify its signature. */
const Claims = z.object({
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  'kubernetes.io': z.object({
    namespace: z.string(),
    pod: z.object({ name: z.string(), uid: z.string() }).optional(),
    serviceaccount: z.object({ name: z.string() }),
  }),
});

/**
 * Why a token cannot be valid for the gateway, according to its claims; undefined if the API server must verify it. A projected token
 * of a service account is a JWT with these claims in all supported versions.
 */
export function tokenFault(token: string, accounts: ReadonlySet<string>, now: number): string | undefined {
  const parts = token.split('.');
  const claims = parts.length === 3 ? Claims.safeParse(decode(parts[1] ?? '')).data : undefined;
  if (!claims) return 'the token is not one for the gateway';
  const audiences = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
  if (!audiences.includes(GATEWAY_AUDIENCE)) return 'the token is not one for the gateway';
  if (claims.exp * 1000 <= now) return 'the token has expired';
  const { namespace, pod, serviceaccount } = claims['kubernetes.io'];
  if (!pod) return 'the token is not bound to a pod';
  if (!accounts.has(`system:serviceaccount:${namespace}:${serviceaccount.name}`))
    return 'the service account is not authorized to use the gateway';
  return undefined;
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
