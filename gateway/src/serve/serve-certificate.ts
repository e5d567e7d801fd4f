import type { Answer } from '../effect/observe.ts';
import { json } from '../effect/observe.ts';
import { type ParsedRequest, pathOf } from '../request/parse.ts';
import { forbidden } from '../request/refused.ts';
import type { Run } from '../run/run.ts';
import { stageUser, type Upstream } from '../upstream.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,65536}?-----END CERTIFICATE-----/g;

/** Whether a request reads Secrets, in whatever way. Such a request is never answered with what the API server sent. */
export const readsSecrets = ({ api, base }: ParsedRequest): boolean => api.apiGroup === '' && base === 'secrets';

/**
 * Answers a read of a Secret that the floor let in: with its certificates and nothing else. Whatever policy decided, every other read of
 * Secrets is refused here.
 */
export async function serveCertificate(upstream: Upstream, run: Run, request: ParsedRequest): Promise<Answer> {
  const { verb, name, namespace } = request.api;
  if (verb !== 'get' || name === undefined || namespace === undefined || request.subresource !== undefined)
    throw forbidden('ResourceProtected', 'only one Secret at a time may be read, by its name');
  const answer = await upstream.send(run, stageUser(run), {
    method: 'GET',
    path: pathOf(request),
    headers: { accept: 'application/json' },
  });
  if (answer.status !== 200)
    throw forbidden('ResourceProtected', `the API server does not show Secret '${name}' (status ${answer.status})`);
  return json(certificateOnly(parse(answer.body), name, namespace), 200);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** A Secret of the type kubernetes.io/tls with only the certificates of its `tls.crt`. Throws Refused for everything else. */
export function certificateOnly(secret: unknown, name: string, namespace: string): object {
  const { kind, type, data } = (secret ?? {}) as { kind?: unknown; type?: unknown; data?: Record<string, unknown> };
  if (kind !== 'Secret' || type !== 'kubernetes.io/tls')
    throw forbidden('ResourceProtected', `Secret '${name}' does not have the type kubernetes.io/tls, so nothing of it is shown`);
  const stored = typeof data === 'object' && data !== null && Object.hasOwn(data, 'tls.crt') ? data['tls.crt'] : undefined;
  const text = typeof stored === 'string' ? Buffer.from(stored, 'base64').toString('latin1') : '';
  // Only whole certificates: somebody may keep the private key in the same file.
  const certificates = [...text.matchAll(BLOCK)].map(([block]) => block).join('\n');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': Buffer.from(certificates).toString('base64') },
  };
}
