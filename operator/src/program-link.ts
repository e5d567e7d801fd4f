import { readFileSync } from 'node:fs';
import { namespaces } from '@sentinel/crds';
import { configmaps, type KubeClient, traceHeaders } from '@sentinel/kube';
import type { Agent } from 'undici';
import { Connections } from './connections.ts';

/** Another program of Sentinel, as a request needs to know it. */
export interface Program {
  /** The name in its certificate. */
  readonly service: string;
  /** The ConfigMap in which it publishes its CA. */
  readonly authority: string;
  /** The file with a token that is valid only for it. */
  readonly tokenFile: string;
}

/** The link to another program: TLS with the CA that it published, and a token that is valid only for it. */
export class ProgramLink<P extends Program> {
  readonly client: KubeClient;
  readonly program: P;
  /** Ends all requests. */
  readonly signal: AbortSignal | undefined;
  readonly #connections: Connections;

  constructor(client: KubeClient, program: P, connections = new Connections(), signal?: AbortSignal) {
    this.client = client;
    this.program = program;
    this.signal = signal;
    this.#connections = connections;
  }

  /** The same link, with all requests bound to a signal. */
  until(signal: AbortSignal): ProgramLink<P> {
    return new ProgramLink(this.client.until(signal), this.program, this.#connections, signal);
  }

  /** What makes a request one to the program. `client` reads its CA. */
  async open(client = this.client): Promise<{ readonly dispatcher: Agent; readonly headers: Record<string, string> }> {
    const { service, authority, tokenFile } = this.program;
    const token = readFileSync(tokenFile, 'utf8').trim();
    const published = await client.getOrThrow(configmaps, { name: authority, namespace: namespaces.system });
    const ca = (published.data as Record<string, string> | undefined)?.['ca.crt'] ?? '';
    return {
      dispatcher: this.#connections.under(ca, service),
      headers: { ...traceHeaders(), authorization: `Bearer ${token}` },
    };
  }
}
