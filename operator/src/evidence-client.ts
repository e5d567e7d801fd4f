import { digestOf, type EvidenceRequest, namespaces } from '@sentinel/crds';
import { inSpan, services } from '@sentinel/kube';
import { request } from 'undici';
import { z } from 'zod';
import type { Program, ProgramLink } from './program-link.ts';
import { readJson } from './read-json.ts';

/** No stage of an action waits longer for the evidence store. */
const STORE_MS = 10_000;
/** No start of a run waits longer to know whether it takes evidence. */
const FAULT_MS = 3_000;
const PATH = '/sentinel/v1/evidence';
/** An answer is a digest, or a refusal. */
const ANSWER_BYTES = 64 * 1024;

const Answer = z.object({ digest: z.string() });

/** The address and the credentials for the evidence store. */
export interface EvidenceAccess extends Program {
  readonly port: number;
}

/** The evidence store of this installation. */
export const EVIDENCE: EvidenceAccess = {
  service: `sentinel-evidence.${namespaces.system}.svc`,
  authority: 'sentinel-evidence-ca',
  port: 443,
  tokenFile: '/var/run/secrets/sentinel.dev/evidence/token',
};

/** Client of the evidence store: uses TLS with the CA of the store, and a token that is valid only for it. */
export class EvidenceClient {
  readonly #link: ProgramLink<EvidenceAccess>;

  constructor(link: ProgramLink<EvidenceAccess>) {
    this.#link = link;
  }

  /** The same client, with all requests bound to a signal. */
  until(signal: AbortSignal): EvidenceClient {
    return new EvidenceClient(this.#link.until(signal));
  }

  /**
   * Stores the evidence of a stage and returns its digest, which is computed here and must be the one that the store answers. Safe to
   * repeat. Rejects after ten seconds at the latest.
   */
  async store(asked: EvidenceRequest): Promise<string> {
    const { program, signal } = this.#link;
    const signals = [AbortSignal.timeout(STORE_MS), ...(signal ? [signal] : [])];
    const attributes = { 'server.address': program.service };
    return await inSpan('client', 'POST evidence', attributes, () => this.#post(asked, AbortSignal.any(signals)));
  }

  /** Why the store does not take evidence of a namespace now; undefined if it does. Never rejects; resolves after some seconds at the latest. */
  async fault(namespace: string): Promise<string | undefined> {
    const { program, signal } = this.#link;
    const signals = [AbortSignal.timeout(FAULT_MS), ...(signal ? [signal] : [])];
    try {
      const attributes = { 'server.address': program.service };
      const path = `${PATH}?namespace=${encodeURIComponent(namespace)}`;
      await inSpan('client', 'GET evidence', attributes, () => this.#request('GET', path, AbortSignal.any(signals)));
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #post(asked: EvidenceRequest, signal: AbortSignal): Promise<string> {
    const text = await this.#request('POST', PATH, signal, JSON.stringify(asked));
    const { digest } = Answer.parse(readJson(text, 'the evidence store'));
    const own = digestOf(asked.evidence);
    if (digest !== own) throw new Error(`the evidence store answered the digest '${digest}' for '${own}'`);
    return digest;
  }

  async #request(method: 'GET' | 'POST', path: string, signal: AbortSignal, body?: string): Promise<string> {
    const client = this.#link.client.until(signal);
    const service = await client.getOrThrow(services, { name: 'sentinel-evidence', namespace: namespaces.system });
    const address = (service.spec as { clusterIP?: string } | undefined)?.clusterIP;
    if (!address) throw new Error("the Service 'sentinel-evidence' has no address");
    const { dispatcher, headers } = await this.#link.open(client);
    const answer = await request(`https://${address}:${this.#link.program.port}${path}`, {
      method,
      dispatcher,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
      signal,
    });
    const text = await textOf(answer.body);
    if (answer.statusCode !== 200) throw new Error(`the evidence store answered ${answer.statusCode}: ${text.slice(0, 300)}`);
    return text;
  }
}

// The evidence store is not trusted with the memory of the operator.
async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > ANSWER_BYTES) throw new Error(`the evidence store answered more than ${ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
