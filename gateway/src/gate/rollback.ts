import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const PATH = '/sentinel/v1/undo';
const TRIES = 20;
const PAUSE_MS = 1_000;
/** How often the check looks at objects that are being deleted. */
const LOOKS = 60;
const ANSWER_MS = 120_000;

/** What the gateway answers: a status code and a JSON body. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
}
/** Sends one request to the gateway. */
export type Ask = (method: 'GET' | 'POST', path: string) => Promise<Answered>;

interface Undone {
  readonly object: string;
  readonly outcome: 'Undone' | 'Unchanged' | 'Left';
  readonly left: readonly { readonly path?: string; readonly why: string }[];
}

/**
 * The step of a rollback: asks the gateway for the inverse of each effect, the newest first. It sees no object, only the outcome of each.
 * Returns 1 when the gateway refuses one, or when there is nothing that can be undone.
 */
export const runRollback = (env: NodeJS.ProcessEnv, write: (line: string) => void, ask = gatewayOf(env)): Promise<number> =>
  sayingWhy(write, () => undoAll(ask, write));

async function undoAll(ask: Ask, write: (line: string) => void): Promise<number> {
  const { effects } = await askFor<{ effects: number[] }>(ask, 'GET', PATH);
  const outcomes: string[] = [];
  for (const effect of effects) {
    const { object, outcome, left } = await askFor<Undone>(ask, 'POST', `${PATH}/effects/${effect}`);
    outcomes.push(outcome);
    write(`effect ${effect + 1} (${object}): ${words[outcome]}\n`);
    for (const { path, why } of left) write(`  left as it is: ${path ?? 'all of it'}: ${why}\n`);
  }
  if (outcomes.includes('Undone') || !outcomes.includes('Left')) return 0;
  write('nothing can be undone: see above what is left as it is, and why\n');
  return 1;
}

/** The check of a rollback: whether every object equals its pre-image in the fields that were undone. */
export const compareRollback = (env: NodeJS.ProcessEnv, write: (line: string) => void, ask = gatewayOf(env)): Promise<number> =>
  sayingWhy(write, () => compareAll(ask, write));

async function compareAll(ask: Ask, write: (line: string) => void): Promise<number> {
  const compare = () => askFor<{ faults: string[]; isPending?: boolean }>(ask, 'GET', `${PATH}/compare`);
  let { faults, isPending } = await compare();
  // A pod, for example, gets time to end.
  for (let look = 1; isPending && look < LOOKS; look++) {
    await sleep(PAUSE_MS);
    ({ faults, isPending } = await compare());
  }
  for (const fault of faults) write(`${fault}\n`);
  if (faults.length === 0) write('each field that was rolled back is as it was before\n');
  return faults.length === 0 ? 0 : 1;
}

async function sayingWhy(write: (line: string) => void, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

const words = { Undone: 'undone', Unchanged: 'as it was before already', Left: 'left as it is' } as const;

// The gateway asks for another try with 429 and 503; a lost answer is asked for again, which it allows.
async function askFor<T>(ask: Ask, method: 'GET' | 'POST', path: string): Promise<T> {
  let why = '';
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      const { status, body } = await ask(method, path);
      if (status < 300) return body as T;
      why = messageOf(body) ?? `HTTP ${status}`;
      if (status !== 429 && status !== 503) throw new RefusedByGateway(why);
    } catch (error) {
      if (error instanceof RefusedByGateway) throw error;
      why = error instanceof Error ? error.message : String(error);
    }
    await sleep(PAUSE_MS);
  }
  throw new Error(`the gateway does not answer: ${why}`);
}

/** The gateway refuses a request for good. */
class RefusedByGateway extends Error {}

const messageOf = (body: unknown): string | undefined => {
  const { message, details } = body as { message?: unknown; details?: { causes?: { reason?: unknown }[] } };
  const code = details?.causes?.[0]?.reason;
  return typeof message === 'string' ? `${message}${typeof code === 'string' ? ` [${code}]` : ''}` : undefined;
};

function gatewayOf({ KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' }: NodeJS.ProcessEnv): Ask {
  return (method, path) =>
    new Promise((resolve, reject) => {
      const sent = request({
        host,
        port: Number(port),
        method,
        path,
        ca: readFileSync(`${FOLDER}/ca.crt`),
        headers: { authorization: `Bearer ${readFileSync(`${FOLDER}/token`, 'utf8').trim()}`, accept: 'application/json' },
        timeout: ANSWER_MS,
      });
      sent.once('timeout', () => sent.destroy(new Error('no answer in time')));
      sent.once('error', reject);
      sent.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          try {
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) });
          } catch (error) {
            reject(error);
          }
        });
      });
      sent.end();
    });
}
