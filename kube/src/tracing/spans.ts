import {
  type Attributes,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

export type { Attributes, Span } from '@opentelemetry/api';

/** Who does the work that a span is about: this process for somebody who asked it, for itself, or another one that it asks. */
export type Kind = 'server' | 'internal' | 'client';

const kinds: Readonly<Record<Kind, SpanKind>> = {
  server: SpanKind.SERVER,
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
};

/**
 * Does work within a span, which is the parent of all spans that begin meanwhile. What the work throws is thrown, and only the name of its
 * class is noted: messages may quote secrets. Without tracing the work is done and nothing else.
 *
 * Attributes must hold nothing that was said in a body or a query, and no name of a Secret.
 */
export function inSpan<T>(kind: Kind, name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
  return trace.getTracer('sentinel').startActiveSpan(name, { kind: kinds[kind], attributes }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      noteError(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Says that what a span is about failed, and of which class the error is. */
export function noteError(span: Span, error: unknown): void {
  span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** Whether there is a span that a new one would be a part of. */
export const isTraced = (): boolean => trace.getActiveSpan()?.isRecording() === true;

/** The headers of W3C Trace Context that let another process go on with the trace; none without one. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers, defaultTextMapSetter);
  return headers;
}

/**
 * Does work as a part of the trace that the headers of a request name. Only for trusted callers: a caller that names a trace
 * adds spans to it. Whether spans are kept depends on the id of the trace and on the ratio, as in the process that asks, and never on the
 * caller.
 */
export function continueTrace<T>(headers: Readonly<Record<string, string | string[] | undefined>>, work: () => T): T {
  return context.with(propagation.extract(context.active(), headers, defaultTextMapGetter), work);
}
