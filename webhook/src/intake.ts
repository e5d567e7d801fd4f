import type { IncomingMessage } from 'node:http';
import { FairQueue } from '@sentinel/kube/fair-queue';
import { FairShare } from '@sentinel/policy';
import { parse as parseJson } from 'secure-json-parse';
import { countJson } from './count-json.ts';
import type { WebhookErrorCode } from './webhook-errors.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
/** An AdmissionReview of an update holds two versions of an object, and etcd stores at most 1.5 MiB of each. */
export const BODY_LIMIT = 3.5 * MiB;
/** The densest policies that can be stored have fewer in two versions: 384 Ki characters with a value in every fourth. */
const MAX_VALUES = 250_000;
const MAX_DEPTH = 256;
/** A body is large from this size on, or from this number of values on: it takes the one thread for more than some milliseconds. */
const LARGE_BYTES = 64 * KiB;
const LARGE_VALUES = 4 * 1024;
/** Memory that bodies take at a time. A replica may have 384 MiB for everything. */
const SMALL_BUDGET = 32 * MiB;
const LARGE_BUDGET = 96 * MiB;
/** What a request takes beside its body, and what a value of a parsed body takes. Measured, and rounded up. */
const REQUEST_COST = 16 * KiB;
const VALUE_COST = 128;
/** How many are judged at a time. Most of that time they wait for answers of the API server, some fifty for a decision. */
const SMALL_SLOTS = 32;
const LARGE_SLOTS = 8;
/** After a large body, the thread is left to others for this many times as long as it took. */
const PAUSE = 3;

/** A body that is not judged. The API server sends the request again by itself when the status is 429. */
export class BodyRefused extends Error {
  override name = 'BodyRefused';
  readonly status: 400 | 411 | 413 | 429;
  readonly code: WebhookErrorCode;

  constructor(status: 400 | 411 | 413 | 429, code: WebhookErrorCode, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/**
 * Reads and parses bodies within a fixed amount of memory and time, which addresses share: anyone who reaches the port can send some, and
 * the API server must get its answers all the same. Small bodies wait for no large one; large ones take a part of the time together.
 */
export class Intake {
  readonly #small = { memory: new FairShare(SMALL_BUDGET), slots: new FairQueue(SMALL_SLOTS) };
  readonly #large = { memory: new FairShare(LARGE_BUDGET), slots: new FairQueue(LARGE_SLOTS) };
  readonly #thread = new FairQueue(1);

  /** Runs `work` with the parsed body. What it takes is held until `work` has ended, even if the client has gone. Throws BodyRefused. */
  async run<T>(request: IncomingMessage, work: (body: unknown) => Promise<T>): Promise<T> {
    const address = request.socket.remoteAddress ?? '';
    const size = declaredSize(request);
    const held: (() => void)[] = [];
    const hold = ({ memory }: { readonly memory: FairShare }, amount: number) => {
      const giveBack = memory.tryTake(address, amount);
      if (giveBack === undefined)
        throw new BodyRefused(429, 'WebhookBusy', 'too many requests of this address are under way; send it again later');
      held.push(giveBack);
    };
    try {
      hold(size < LARGE_BYTES ? this.#small : this.#large, REQUEST_COST + size);
      const body = await readBody(request, size);
      const { values, depth } = countJson(body);
      if (values > MAX_VALUES || depth > MAX_DEPTH)
        throw new BodyRefused(413, 'ReviewTooLarge', `a body may have at most ${MAX_VALUES} values, ${MAX_DEPTH} deep`);
      const isLarge = size >= LARGE_BYTES || values >= LARGE_VALUES;
      const lane = isLarge ? this.#large : this.#small;
      hold(lane, size + values * VALUE_COST);
      held.push(await lane.slots.take(address));
      const begin = () => {
        if (request.socket.destroyed) throw new BodyRefused(400, 'ReviewInvalid', 'the client has gone');
        return work(parse(body));
      };
      return await (isLarge ? this.#inTurn(address, begin) : begin());
    } finally {
      for (const giveBack of held) giveBack();
    }
  }

  // Up to its first question to somebody else, `begin` has the thread for itself. Then others go on, and large bodies wait a while.
  async #inTurn<T>(address: string, begin: () => Promise<T>): Promise<T> {
    const endTurn = await this.#thread.take(address);
    const start = performance.now();
    try {
      return begin();
    } finally {
      setTimeout(endTurn, PAUSE * (performance.now() - start));
    }
  }
}

// Keys such as `__proto__` are refused, as fastify does by itself.
function parse(body: Buffer): unknown {
  try {
    return parseJson(body.toString(), { protoAction: 'error', constructorAction: 'error' });
  } catch (error) {
    throw new BodyRefused(400, 'ReviewInvalid', `the body is not valid JSON: ${String(error).slice(0, 200)}`);
  }
}

// The API server always says how long a body is. So its memory is taken once, before a byte of it is read.
function declaredSize(request: IncomingMessage): number {
  const declared = request.headers['content-length'];
  if (declared === undefined)
    throw new BodyRefused(411, 'ReviewInvalid', 'the request must say how long its body is (Content-Length)');
  const size = Number(declared);
  if (size > BODY_LIMIT) throw new BodyRefused(413, 'ReviewTooLarge', `a body may have at most ${BODY_LIMIT} bytes`);
  return size;
}

/** Reads a body into one buffer. Collected chunks would cost some hundred bytes each, and a client can send each byte as one. */
async function readBody(request: IncomingMessage, size: number): Promise<Buffer> {
  const body = Buffer.allocUnsafe(size);
  let read = 0;
  // Without destroyOnReturn, leaving the loop closes the connection before a refusal is sent. Node holds the body to its declared size.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) read += chunk.copy(body, read);
  return body.subarray(0, read);
}
