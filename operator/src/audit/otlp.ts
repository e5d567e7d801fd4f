import { createHash } from 'node:crypto';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { JsonLogsSerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { AgentAction, AuditRecord } from '@sentinel/crds';
import { request } from 'undici';
import { z } from 'zod';
import { noteExport } from '../metrics.ts';
import { readJson } from '../read-json.ts';
import { type Span, spanIdOf, traceIdOf } from './spans.ts';

const SCOPE = { name: 'sentinel.dev/audit', version: '0.1.0' };
/** For a whole exchange: chains are sent one after the other, and an answer without an end would hold up all of them. */
const TIMEOUT_MS = 10_000;
/** More than any acknowledgement needs: it has two counts and a message. */
const ANSWER_MAX = 64 * 1024;
const SEVERITY_INFO = 9;

// The answer of a sink: some of what was sent may be refused, and that is not an acknowledgement.
const Partial = z.object({
  partialSuccess: z
    .object({
      rejectedLogRecords: z.coerce.number().optional(),
      rejectedSpans: z.coerce.number().optional(),
      errorMessage: z.string().optional(),
    })
    .optional(),
});

/** The chain that records belong to: that of an action, or that of the acts of an installation. */
export type Chain =
  | { readonly kind: 'Action'; readonly name: string; readonly namespace: string; readonly uid: string }
  | { readonly kind: 'Acts'; readonly name: string; readonly uid: string };

/** The chain of an action. */
export const chainOf = ({ metadata }: AgentAction): Chain => ({
  kind: 'Action',
  name: metadata.name,
  namespace: metadata.namespace ?? '',
  uid: metadata.uid ?? '',
});

// Details are strings, because they are hashed; these are counts, which are exported as numbers so that they can be summed.
const COUNTS: ReadonlySet<string> = new Set([
  'sentinel.effects.planned',
  'sentinel.effects.done',
  'sentinel.effects.unknown',
  'sentinel.effects.rolled_back',
]);

function chainAttributes(chain: Chain, { details = [] }: AuditRecord): Record<string, string> {
  if (chain.kind === 'Action')
    return {
      'k8s.namespace.name': chain.namespace,
      'sentinel.action.name': chain.name,
      'sentinel.action.uid': chain.uid,
    };
  // By the namespace of the object, so that acts of a tenant are routed like the trail of its actions.
  const namespace = details.find(({ name }) => name === 'sentinel.object.namespace')?.value;
  return {
    ...(namespace === undefined ? {} : { 'k8s.namespace.name': namespace }),
    'sentinel.trail.name': chain.name,
    'sentinel.trail.uid': chain.uid,
  };
}

/**
 * Sends records and spans over OTLP/HTTP and treats them as stored only if the sink acknowledged all of them. These are errors: any status
 * except 200, any rejected record, an answer that is too late, and an answer that is longer than any acknowledgement. The SDK's own exporter
 * reports a partial success as success and drops records on HTTP 500.
 */
export class OtlpSink {
  /** The id of the sink: a short digest of its address. */
  readonly id: string;
  readonly #endpoint: string;
  readonly #timeoutMs: number;
  readonly #resource = resourceFromAttributes({ 'service.name': 'sentinel', 'service.namespace': 'sentinel-system' });

  constructor(endpoint: string, timeoutMs = TIMEOUT_MS) {
    this.#endpoint = endpoint.replace(/\/+$/, '');
    this.#timeoutMs = timeoutMs;
    this.id = createHash('sha256').update(this.#endpoint).digest('hex').slice(0, 16);
  }

  /** Sends records of one chain. Resolves only when the sink has acknowledged all of them. */
  async sendRecords(chain: Chain, records: readonly AuditRecord[], signal?: AbortSignal): Promise<void> {
    const body = JsonLogsSerializer.serializeRequest(records.map((record) => this.#logRecord(chain, record)));
    await this.#count('logs', this.#send('/v1/logs', body, signal));
  }

  /** Sends spans. Resolves only when the sink has acknowledged all of them. */
  async sendSpans(spans: readonly Span[], signal?: AbortSignal): Promise<void> {
    const body = JsonTraceSerializer.serializeRequest(spans.map((span) => this.#readableSpan(span)));
    await this.#count('traces', this.#send('/v1/traces', body, signal));
  }

  async #count(signal: 'logs' | 'traces', sent: Promise<void>): Promise<void> {
    try {
      await sent;
    } catch (error) {
      noteExport(signal, 'Failed');
      throw error;
    }
    noteExport(signal, 'Acknowledged');
  }

  async #send(path: string, body: Uint8Array | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (body === undefined) throw new Error('nothing could be serialized');
    const { status, text } = await this.#exchange(path, body, signal);
    if (status !== 200) throw new Error(`the sink of the audit trail answered with HTTP status ${status}: ${text.slice(0, 200)}`);
    const { partialSuccess } = Partial.parse(text === '' ? {} : readJson(text, 'the sink'));
    const rejected = (partialSuccess?.rejectedLogRecords ?? 0) + (partialSuccess?.rejectedSpans ?? 0);
    if (rejected > 0) throw new Error(`the sink rejected ${rejected} of what was sent: ${partialSuccess?.errorMessage ?? ''}`);
  }

  async #exchange(path: string, body: Uint8Array, signal: AbortSignal | undefined): Promise<{ status: number; text: string }> {
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    try {
      const answer = await request(`${this.#endpoint}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      return { status: answer.statusCode, text: await readAnswer(answer.body) };
    } catch (error) {
      if (deadline.aborted && !signal?.aborted)
        throw new Error(`no complete answer of the sink within ${this.#timeoutMs / 1000} s`, { cause: error });
      throw error;
    }
  }

  #logRecord(chain: Chain, record: AuditRecord): ReadableLogRecord {
    const { uid } = chain;
    const time = hrTime(BigInt(Date.parse(record.time)) * 1_000_000n);
    return {
      hrTime: time,
      hrTimeObserved: time,
      spanContext: { traceId: traceIdOf(uid), spanId: spanIdOf(uid, 'action'), traceFlags: TraceFlags.SAMPLED },
      severityNumber: SEVERITY_INFO,
      severityText: 'INFO',
      eventName: `sentinel.${record.transition}`,
      body: record.summary,
      attributes: {
        ...chainAttributes(chain, record),
        'sentinel.transition': record.transition,
        'sentinel.actor': record.actor,
        'sentinel.record.sequence': record.sequence,
        'sentinel.record.hash': record.hash,
        'sentinel.record.previous': record.previous,
        ...(record.plan === undefined ? {} : { 'sentinel.plan.digest': record.plan }),
        ...(record.job === undefined ? {} : { 'k8s.job.uid': record.job }),
        ...Object.fromEntries((record.details ?? []).map(({ name, value }) => [name, COUNTS.has(name) ? Number(value) : value])),
      },
      resource: this.#resource,
      instrumentationScope: SCOPE,
      droppedAttributesCount: 0,
    };
  }

  #readableSpan(span: Span): ReadableSpan {
    const [start, end] = [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)];
    const context = (spanId: string) => ({ traceId: span.traceId, spanId, traceFlags: TraceFlags.SAMPLED });
    return {
      name: span.name,
      kind: SpanKind.INTERNAL,
      spanContext: () => context(span.spanId),
      ...(span.parentSpanId === undefined ? {} : { parentSpanContext: context(span.parentSpanId) }),
      startTime: hrTime(start),
      endTime: hrTime(end),
      duration: hrTime(end > start ? end - start : 0n),
      status: span.error === undefined ? { code: SpanStatusCode.OK } : { code: SpanStatusCode.ERROR, message: span.error },
      attributes: span.attributes,
      links: span.links.map((link) => ({ context: { ...link, traceFlags: TraceFlags.SAMPLED } })),
      events: [],
      ended: true,
      resource: this.#resource,
      instrumentationScope: SCOPE,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }
}

const hrTime = (nanos: bigint): [number, number] => [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)];

// Leaving the loop closes the connection, so that no more of it comes.
async function readAnswer(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > ANSWER_MAX) throw new Error(`the answer of the sink has more than ${ANSWER_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
