import { createHash } from 'node:crypto';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { JsonLogsSerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { AgentAction, AuditRecord } from '@sentinel/crds';
import { request } from 'undici';
import { z } from 'zod';
import { readJson } from '../read-json.ts';
import { type Span, spanIdOf, traceIdOf } from './spans.ts';

const SCOPE = { name: 'sentinel.dev/audit', version: '0.1.0' };
const TIMEOUT_MS = 10_000;
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
 * Sends records and spans over OTLP/HTTP and treats them as stored only if the sink acknowledged all of them: any status except 200, and
 * any rejected record, is an error. The SDK's own exporter reports a partial success as success and drops records on HTTP 500.
 */
export class OtlpSink {
  /** The id of the sink: a short digest of its address. */
  readonly id: string;
  readonly #endpoint: string;
  readonly #resource = resourceFromAttributes({ 'service.name': 'sentinel', 'service.namespace': 'sentinel-system' });

  constructor(endpoint: string) {
    this.#endpoint = endpoint.replace(/\/+$/, '');
    this.id = createHash('sha256').update(this.#endpoint).digest('hex').slice(0, 16);
  }

  /** Sends records of one chain. Resolves only when the sink has acknowledged all of them. */
  async sendRecords(chain: Chain, records: readonly AuditRecord[], signal?: AbortSignal): Promise<void> {
    const body = JsonLogsSerializer.serializeRequest(records.map((record) => this.#logRecord(chain, record)));
    await this.#send('/v1/logs', body, signal);
  }

  /** Sends spans. Resolves only when the sink has acknowledged all of them. */
  async sendSpans(spans: readonly Span[], signal?: AbortSignal): Promise<void> {
    const body = JsonTraceSerializer.serializeRequest(spans.map((span) => this.#readableSpan(span)));
    await this.#send('/v1/traces', body, signal);
  }

  async #send(path: string, body: Uint8Array | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (body === undefined) throw new Error('nothing could be serialized');
    const answer = await request(`${this.#endpoint}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      ...(signal ? { signal } : {}),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200)
      throw new Error(`the sink of the audit trail answered with HTTP status ${answer.statusCode}: ${text.slice(0, 200)}`);
    const { partialSuccess } = Partial.parse(text === '' ? {} : readJson(text, 'the sink'));
    const rejected = (partialSuccess?.rejectedLogRecords ?? 0) + (partialSuccess?.rejectedSpans ?? 0);
    if (rejected > 0) throw new Error(`the sink rejected ${rejected} of what was sent: ${partialSuccess?.errorMessage ?? ''}`);
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
