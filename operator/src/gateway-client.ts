import { readFileSync } from 'node:fs';
import { type AgentActionStatus, namespaces, RunReport } from '@sentinel/crds';
import { configmaps, type KubeClient } from '@sentinel/kube';
import { Agent, request } from 'undici';
import { z } from 'zod';

const Rollback = z.object({
  outcomes: z.array(
    z.custom<NonNullable<AgentActionStatus['rollback']>[number]>((value) => typeof value === 'object' && value !== null),
  ),
});
const LockState = z.object({ fault: z.string().nullable() });

const PORT = 8443;
const TOKEN_FILE = '/var/run/secrets/sentinel.dev/gateway/token';

/** Asks the gateway, over TLS under its own authority, with a token that is good for the gateway alone. */
export class GatewayClient {
  readonly #client: KubeClient;
  readonly #service: string;
  #agent: { ca: string; agent: Agent } | undefined;

  constructor(client: KubeClient, service = `sentinel-gateway.${namespaces.system}.svc`) {
    this.#client = client;
    this.#service = service;
  }

  /** What is known of a run. A rehearsal's effects are in the memory of the replica that its claim names, so that one is asked. */
  async report(jobUid: string, address: string): Promise<RunReport> {
    const path = `/sentinel/v1/runs/${encodeURIComponent(jobUid)}`;
    const first = RunReport.parse(await this.#send('GET', `${address}:443`, path));
    if (first.recorded || first.replica === undefined) return first;
    const pinned = await this.#send('GET', `${first.replica}:${PORT}`, path).catch(() => first);
    return RunReport.parse(pinned);
  }

  /** Takes back what a run did. */
  async rollBack(
    address: string,
    run: { namespace: string; name: string; job: string },
  ): Promise<NonNullable<AgentActionStatus['rollback']>> {
    return Rollback.parse(await this.#send('POST', `${address}:443`, '/sentinel/v1/rollbacks', run)).outcomes;
  }

  /** Why the lock inside the API server does not hold, or undefined. */
  async lockFault(address: string): Promise<string | undefined> {
    return LockState.parse(await this.#send('GET', `${address}:443`, '/sentinel/v1/lock')).fault ?? undefined;
  }

  async #send(method: 'GET' | 'POST', host: string, path: string, body?: object): Promise<unknown> {
    const token = readFileSync(TOKEN_FILE, 'utf8').trim();
    const answer = await request(`https://${host}${path}`, {
      method,
      dispatcher: await this.#dispatcher(),
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : null,
      headersTimeout: 60_000,
      bodyTimeout: 60_000,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`the gateway answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }

  async #dispatcher(): Promise<Agent> {
    const published = await this.#client.getOrThrow(configmaps, { name: 'sentinel-gateway-ca', namespace: namespaces.system });
    const ca = (published.data as Record<string, string> | undefined)?.['ca.crt'] ?? '';
    if (this.#agent?.ca === ca) return this.#agent.agent;
    await this.#agent?.agent.close();
    this.#agent = { ca, agent: new Agent({ connect: { ca, servername: this.#service }, allowH2: false }) };
    return this.#agent.agent;
  }
}
