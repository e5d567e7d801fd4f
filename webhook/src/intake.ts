import type { IncomingMessage } from 'node:http';
import { FairQueue } from '@sentinel/kube/fair-queue';
import type { WebhookErrorCode } from '@sentinel/policy';
import { parse as parseJson } from 'secure-json-parse';
import { BodyMemory } from './body-memory.ts';
import { countJson } from './count-json.ts';
import { HEAD_BYTES, namespaceIn, UNKNOWN_NAMESPACE } from './namespace-in.ts';

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
/** Memory of bodies that wait for a slot, in each lane. A replica may have 384 MiB for everything. One address may have 7/16 of it. */
const WAITING_BUDGET = 16 * MiB;
/**
 * Memory of large bodies with what is parsed of them. The largest takes 38 MiB, and a namespace may have half where it has one already. Small
 * ones are bounded by their slots: 21 MiB.
 */
const LARGE_BUDGET = 88 * MiB;
/** What a request takes beside its body, and what a value of a parsed body takes. Measured, and rounded up. */
const REQUEST_COST = 16 * KiB;
const VALUE_COST = 128;
/** How many are judged at a time. Most of that time they wait for answers of the API server, some fifty for a decision. */
const SMALL_SLOTS = 32;
const LARGE_SLOTS = 8;
/** One namespace of an address may have half of them: the API server sends the reviews of all namespaces. */
const queueOf = (room: number) => new FairQueue(room, { perPart: room / 2, now: () => performance.now() });
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

/** Who has sent a body: all tenants of a cluster have the address of the API server. */
interface Sender {
  readonly address: string;
  readonly namespace: string;
}
interface Lane {
  /** Of bodies that are read and wait for a slot. */
  readonly memory: BodyMemory;
  readonly slots: FairQueue;
}
const laneOf = (slots: number): Lane => ({ memory: new BodyMemory(WAITING_BUDGET, tooMany), slots: queueOf(slots) });

/**
 * Reads and parses bodies within a fixed amount of memory and time, which addresses share, and the namespaces of each address: anyone who
 * reaches the port can send some, anyone who may create an object in a namespace can have the API server send some, and the reviews of all
 * others must be judged all the same. Small bodies wait for no large one; large ones take a part of the time together. Next is the one that
 * had least lately: a namespace that sends little waits for those at work and not for one of each other, however many send much.
 */
export class Intake {
  readonly #small = laneOf(SMALL_SLOTS);
  readonly #large = laneOf(LARGE_SLOTS);
  readonly #parsed = queueOf(LARGE_BUDGET);
  readonly #thread = new FairQueue(1, { now: () => performance.now() });

  /** Runs `work` with the parsed body. What it takes is held until `work` has ended, even if the client has gone. Throws BodyRefused. */
  async run<T>(request: IncomingMessage, work: (body: unknown) => Promise<T>): Promise<T> {
    const size = declaredSize(request);
    const reader = new BodyReader(request, size);
    // Until it is known for whom a body is, it takes no more than its connection does.
    const held: (() => void)[] = [];
    try {
      const head = await reader.readHead();
      const sender: Sender = { address: request.socket.remoteAddress ?? '', namespace: namespaceIn(head) };
      const waiting = REQUEST_COST + size;
      const { address, namespace } = sender;
      held.push(await (size < LARGE_BYTES ? this.#small : this.#large).memory.take(address, namespace, waiting));
      const body = await reader.readAll();
      const { values, depth } = countJson(body);
      if (values > MAX_VALUES || depth > MAX_DEPTH)
        throw new BodyRefused(413, 'ReviewTooLarge', `a body may have at most ${MAX_VALUES} values, ${MAX_DEPTH} deep`);
      const isLarge = size >= LARGE_BYTES || values >= LARGE_VALUES;
      const amount = REQUEST_COST + 2 * size + values * VALUE_COST;
      if (isLarge && size < LARGE_BYTES) {
        // It waits with the large ones, and takes nothing of what small ones need.
        held.shift()?.();
        held.push(await this.#large.memory.take(address, namespace, waiting));
      }
      held.push(await (isLarge ? this.#large : this.#small).slots.take(address, namespace));
      if (isLarge) held.push(await this.#parsed.take(address, namespace, { amount }));
      // It waits no more: what it takes is counted by its slot now.
      held.shift()?.();
      const begin = () => {
        if (request.socket.destroyed) throw new BodyRefused(400, 'ReviewInvalid', 'the client has gone');
        return work(parse(body));
      };
      return await (isLarge ? this.#inTurn(sender, begin) : begin());
    } finally {
      for (const giveBack of held) giveBack();
      await reader.close();
    }
  }

  // Up to its first question to somebody else, `begin` has the thread for itself. Then others go on, and large bodies wait a while.
  async #inTurn<T>({ address, namespace }: Sender, begin: () => Promise<T>): Promise<T> {
    const endTurn = await this.#thread.take(address, namespace);
    const start = performance.now();
    try {
      return begin();
    } finally {
      setTimeout(endTurn, PAUSE * (performance.now() - start));
    }
  }
}

function tooMany(namespace: string): BodyRefused {
  const whose = namespace === '' || namespace === UNKNOWN_NAMESPACE ? 'of this address' : `of namespace '${namespace}'`;
  return new BodyRefused(429, 'WebhookBusy', `too many requests ${whose} are under way; send it again later`);
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

/**
 * Reads a body in two steps: its beginning, which says for whom it is, and then everything, into one buffer. Collected chunks would cost
 * some hundred bytes each, and a client can send each byte as one.
 */
class BodyReader {
  readonly #size: number;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #head: Buffer;
  #headRead = 0;
  /** What has arrived beyond the head. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(request: IncomingMessage, size: number) {
    this.#size = size;
    // Without destroyOnReturn, leaving the loop closes the connection before a refusal is sent. Node holds the body to its declared size.
    this.#chunks = (request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    this.#head = Buffer.alloc(Math.min(size, HEAD_BYTES));
  }

  async readHead(): Promise<string> {
    while (this.#headRead < this.#head.length) {
      const { value, done } = await this.#chunks.next();
      if (done === true) break;
      const taken = value.copy(this.#head, this.#headRead);
      this.#headRead += taken;
      this.#rest = value.subarray(taken);
    }
    return this.#head.toString('utf8', 0, this.#headRead);
  }

  async readAll(): Promise<Buffer> {
    const body = Buffer.allocUnsafe(this.#size);
    let read = this.#head.copy(body, 0, 0, this.#headRead);
    read += this.#rest.copy(body, read);
    this.#rest = Buffer.alloc(0);
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next())
      read += next.value.copy(body, read);
    return body.subarray(0, read);
  }

  /** Leaves what was not read to the code that answers: a part of a body that nobody reads would keep the answer from its client. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
