import { PassThrough, Readable } from 'node:stream';
import { createClient, type Transport, type TransportRequest } from '@sentinel/kube';
import { runCli } from '../src/main.ts';

/** What the API server answers: a body with status 200, or a status of its own. */
export type Answer = { readonly status: number; readonly body: unknown } | undefined;
export type Handler = (request: TransportRequest) => Answer;

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  readonly requests: readonly TransportRequest[];
}

/**
 * Runs the plugin against a handler in the place of the API server. `answers` are typed by a person; without them stdin is not a terminal.
 */
export async function runAgainst(handler: Handler, argv: readonly string[], answers?: string): Promise<Ran> {
  const requests: TransportRequest[] = [];
  const transport: Transport = {
    request: async (request) => {
      requests.push(request);
      const answer = handler(request) ?? refusal(404, 'NotFound', 'not found');
      return { status: answer.status, headers: {}, body: Buffer.from(JSON.stringify(answer.body)) };
    },
    stream: async (request) => {
      requests.push(request);
      const answer = handler(request) ?? refusal(404, 'NotFound', 'not found');
      const events = Array.isArray(answer.body) ? answer.body : [answer.body];
      return {
        status: answer.status,
        headers: {},
        body: Readable.from(events.map((one) => Buffer.from(`${JSON.stringify(one)}\n`))),
      };
    },
    close: async () => {},
  };
  const said = { out: '', error: '' };
  const stdin = new PassThrough();
  stdin.end(answers ?? '');
  const io = {
    stdout: { write: (text: string) => (said.out += text) },
    stderr: { write: (text: string) => (said.error += text) },
    stdin,
    isTTY: { stdin: answers !== undefined, stdout: false },
    env: {},
  };
  const client = createClient(transport, { readRetries: 0 });
  const code = await runCli(argv, io, () => ({ client, namespace: 'shop', close: () => transport.close() }));
  return { code, ...said, requests };
}

export const ok = (body: unknown): Answer => ({ status: 200, body });

export const refusal = (code: number, reason: string, message: string) => ({
  status: code,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message },
});
