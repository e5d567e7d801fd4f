import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { Agent, request } from 'undici';
import { toError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { tracedSpans } from '../metrics.ts';

const TIMEOUT_MS = 5_000;
const LOG_MS = 60_000;

/**
 * Sends spans over OTLP/HTTP, each batch once: a trace is a help and no record, so what an endpoint does not take is counted and dropped.
 * Nothing waits for it, and no failure of it reaches anybody but the log, once a minute at most.
 */
export class TraceExporter implements SpanExporter {
  readonly #url: string;
  readonly #logger: Logger;
  readonly #agent = new Agent({ connections: 1, connect: { timeout: TIMEOUT_MS } });
  #loggedAt = Number.NEGATIVE_INFINITY;

  /** `endpoint` is the base address, such as `http://collector:4318`. */
  constructor(endpoint: string, logger: Logger) {
    this.#url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
    this.#logger = logger;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#send(spans).then(
      () => {
        tracedSpans.inc({ outcome: 'exported' }, spans.length);
        done({ code: ExportResultCode.SUCCESS });
      },
      (thrown: unknown) => {
        tracedSpans.inc({ outcome: 'dropped' }, spans.length);
        if (performance.now() - this.#loggedAt > LOG_MS) {
          this.#loggedAt = performance.now();
          this.#logger.warn('Failed to export traces', { error: toError(thrown).message });
        }
        // Said to be sent: the SDK's own handler of errors would print to the console.
        done({ code: ExportResultCode.SUCCESS });
      },
    );
  }

  async shutdown(): Promise<void> {
    await this.#agent.destroy();
  }

  async #send(spans: ReadableSpan[]): Promise<void> {
    const answer = await request(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JsonTraceSerializer.serializeRequest(spans) ?? null,
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`the endpoint of the traces answered ${answer.statusCode}`);
  }
}
