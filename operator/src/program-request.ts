import { readFileSync } from 'node:fs';
import { namespaces } from '@sentinel/crds';
import { configmaps, type KubeClient, traceHeaders } from '@sentinel/kube';
import type { Agent } from 'undici';
import type { Connections } from './connections.ts';

/** Another program of Sentinel, as a request needs to know it. */
export interface Program {
  /** The name in its certificate. */
  readonly service: string;
  /** The ConfigMap in which it publishes its CA. */
  readonly authority: string;
  /** The file with a token that is valid only for it. */
  readonly tokenFile: string;
}

/** What makes a request one to another program: TLS with the CA that it published, and a token that is valid only for it. */
export async function requestTo(
  { service, authority, tokenFile }: Program,
  client: Pick<KubeClient, 'getOrThrow'>,
  connections: Connections,
): Promise<{ readonly dispatcher: Agent; readonly headers: Record<string, string> }> {
  const token = readFileSync(tokenFile, 'utf8').trim();
  const published = await client.getOrThrow(configmaps, { name: authority, namespace: namespaces.system });
  const ca = (published.data as Record<string, string> | undefined)?.['ca.crt'] ?? '';
  return { dispatcher: connections.under(ca, service), headers: { ...traceHeaders(), authorization: `Bearer ${token}` } };
}
