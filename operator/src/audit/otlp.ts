import { createHash } from 'node:crypto';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { JsonLogsSerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { AgentAction, AuditRecord } from '@sentinel/crds';
import { request } from 'undici';
import { z } from 'zod';
import { type Span, spanIdOf, traceIdOf } from './spans.ts';

const SCOPE = { name: 'sentinel.dev/audit', version: '0.1.0' };
const TIMEOUT_MS = 10_000;
const SEVERITY_INFO = 9;

// The answer of a sink: some of what was sent may be refused, and that is no acknowledgement.
const Partial = z.object({
  partialSuccess: z
    .object({
      rejectedLogRecords: z.coerce.number().optional(),
      rejectedSpans: z.coerce.number().optional(),
      errorMessage: z.string().optional(),
    })
    .optional(),
});

/**
 * Sends records and spans over OTLP/HTTP and takes nothing for stored that the sink did not acknowledge in full: any status but
 * 200, and any rejected record, is an error. The SDK's own exporter reports a partial success as success and drops on HTTP 500.
 */
export class OtlpSink {
  /** Which sink this is: a short digest of its address. */
  readonly id: string;
  readonly #endpoint: string;
  readonly #resource = resourceFromAttributes({ 'service.name': 'sentinel', 'service.namespace': 'sentinel-system' });

  constructor(endpoint: string) {
    this.#endpoint = endpoint.replace(/\/+$/, '');
    this.id = createHash('sha256').update(this.#endpoint).digest('hex').slice(0, 16);
  }

  /** Sends the records of one action. Resolves only when the sink has acknowledged all of them. */
  async sendRecords(action: AgentAction, records: readonly AuditRecord[]): Promise<void> {
    await this.#send('/v1/logs', JsonLogsSerializer.serializeRequest(records.map((record) => this.#logRecord(action, record))));
  }

  /** Sends spans. Resolves only when the sink has acknowledged all of them. */
  async sendSpans(spans: readonly Span[]): Promise<void> {
    await this.#send('/v1/traces', JsonTraceSerializer.serializeRequest(spans.map((span) => this.#readableSpan(span))));
  }

  async #send(path: string, body: Uint8Array | undefined): Promise<void> {
    if (body === undefined) throw new Error('nothing could be serialized');
    const answer = await request(`${this.#endpoint}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`the sink answered ${answer.statusCode}: ${text.slice(0, 200)}`);
    const { partialSuccess } = Partial.parse(text === '' ? {} : JSON.parse(text));
    const rejected = (partialSuccess?.rejectedLogRecords ?? 0) + (partialSuccess?.rejectedSpans ?? 0);
    if (rejected > 0) throw new Error(`the sink rejected ${rejected} of what was sent: ${partialSuccess?.errorMessage ?? ''}`);
  }

  #logRecord(action: AgentAction, record: AuditRecord): ReadableLogRecord {
    const uid = action.metadata.uid ?? '';
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
        'k8s.namespace.name': action.metadata.namespace ?? '',
        'sentinel.action.name': action.metadata.name,
        'sentinel.action.uid': uid,
        'sentinel.transition': record.transition,
        'sentinel.actor': record.actor,
        'sentinel.record.sequence': record.sequence,
        'sentinel.record.hash': record.hash,
        'sentinel.record.previous': record.previous,
        ...(record.plan === undefined ? {} : { 'sentinel.plan.digest': record.plan }),
        ...(record.job === undefined ? {} : { 'k8s.job.uid': record.job }),
        ...Object.fromEntries((record.details ?? []).map(({ name, value }) => [name, value])),
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
