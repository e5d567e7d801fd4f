import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { traceHeaders } from '@sentinel/kube';
import { Agent, request as send } from 'undici';
import type { Replica } from '../ledger/claim.ts';
import { forbidden, Refused } from '../request/refused.ts';
import { RECORDER_GONE } from '../run/resolve.ts';

/** Set on a request that one replica forwards to another, so that it is not forwarded again. */
export const FORWARDED = 'sentinel-forwarded';
const CONNECT_MS = 5_000;
/** Longer than a replica needs for any answer of its own. */
const HEADERS_MS = 120_000;
const GONE = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'ERR_TLS_CERT_ALTNAME_INVALID']);

/** How replicas authenticate each other. */
export interface Peers {
  /** The certificates (PEM) of the authority of all replicas. */
  readonly authority: () => string;
  /** The name in the certificate of each replica. */
  readonly name: string;
  readonly port: number;
}

/**
 * Forwards requests to the replica that records a rehearsal: its state is in the memory of that replica, and a connection may reach any
 * replica. The other replica verifies the token of the pod itself.
 */
export class Forwarder {
  readonly #peers: Peers;
  #agent: { authority: string; agent: Agent } | undefined;

  constructor(peers: Peers) {
    this.#peers = peers;
  }

  /**
   * Sends the request and streams the response back.
   *
   * @throws Refused when the other replica is gone (403: what was recorded is lost, and the rehearsal starts over) or gave no answer (503).
   */
  async pass(to: Replica, request: IncomingMessage, body: Buffer, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { accept, authorization = '', 'content-type': contentType } = request.headers;
    const answer = await send(`https://${to.address}:${this.#peers.port}${request.url ?? '/'}`, {
      method: request.method ?? 'GET',
      dispatcher: this.#dispatcher(),
      headers: {
        authorization,
        [FORWARDED]: 'yes',
        ...traceHeaders(),
        ...(accept === undefined ? {} : { accept }),
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      body: body.length === 0 ? null : body,
      signal,
      headersTimeout: HEADERS_MS,
      bodyTimeout: 0,
    }).catch((error: unknown) => {
      throw refusedFor(error);
    });
    const passed = ['content-type', 'retry-after'].flatMap((name) => {
      const value = answer.headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    response.writeHead(answer.statusCode, Object.fromEntries(passed));
    response.flushHeaders();
    await pipeline(answer.body, response);
  }

  /** Closes the connections to other replicas. */
  async close(): Promise<void> {
    await this.#agent?.agent.destroy();
  }

  #dispatcher(): Agent {
    const authority = this.#peers.authority();
    if (this.#agent?.authority === authority) return this.#agent.agent;
    // Requests under way keep the connections that they have.
    void this.#agent?.agent.close();
    const agent = new Agent({
      connect: { ca: authority, servername: this.#peers.name, timeout: CONNECT_MS },
      allowH2: false,
    });
    this.#agent = { authority, agent };
    return agent;
  }
}

/** The response for the client if another replica could not be reached. */
export function refusedFor(error: unknown): Refused {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (GONE.has(code)) return forbidden('RecorderGone', RECORDER_GONE);
  return new Refused(
    503,
    'RecorderUnavailable',
    `the replica of the gateway that records this rehearsal gave no answer (${code || String(error)})`,
  );
}
