import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from '../logger.ts';
import { TraceExporter } from './exporter.ts';
import type { TracingSettings } from './settings.ts';

/** Spans that wait to be sent; more are dropped. Of about 1 KiB each. */
const QUEUE = 2_048;
const BATCH = 256;
const EVERY_MS = 5_000;
const STOP_MS = 2_000;

/** Registers the SDK for the whole process. The answer stops it, within `stopMs`, and never rejects. */
export function startSdk(settings: TracingSettings & { endpoint: string }, logger: Logger) {
  const { service, endpoint, samplingRatio, stopMs = STOP_MS } = settings;
  const ratio = new TraceIdRatioBasedSampler(samplingRatio);
  const provider = new TracerProvider({
    spanLimits: { attributeValueLengthLimit: 256 },
    resource: resourceFromAttributes({ 'service.name': service }),
    // A caller may name a trace. How much is kept is up to this process alone: by the id, so that all processes keep the same traces.
    sampler: new ParentBasedSampler({ root: ratio, remoteParentSampled: ratio }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new TraceExporter(endpoint, logger),
        maxQueueSize: QUEUE,
        maxExportBatchSize: BATCH,
        scheduledDelayMillis: EVERY_MS,
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return async (): Promise<void> => {
    const late = new Promise((resolve) => setTimeout(resolve, stopMs).unref());
    await Promise.race([provider.shutdown(), late]).catch(() => undefined);
    for (const api of [trace, context, propagation]) api.disable();
  };
}
