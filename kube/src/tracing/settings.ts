/** How a program traces itself. */
export interface TracingSettings {
  /** The name of the program. */
  readonly service: string;
  /** The base address of OTLP/HTTP; undefined: no traces. */
  readonly endpoint: string | undefined;
  /** The part of traces that is kept, from 0 to 1. */
  readonly samplingRatio: number;
  /** How long the end waits for the last spans to be sent, in milliseconds; 2,000 by default. */
  readonly stopMs?: number;
}

/**
 * The settings that the environment has, by the names that OpenTelemetry gives them: OTEL_EXPORTER_OTLP_ENDPOINT and
 * OTEL_TRACES_SAMPLER_ARG (a tenth by default). Throws when one of them cannot be read.
 */
export function readTracing(service: string, env: NodeJS.ProcessEnv): TracingSettings {
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT || undefined;
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw new Error(`OTEL_EXPORTER_OTLP_ENDPOINT: '${endpoint}' is not an address of http or https`);
  const samplingRatio = Number(env.OTEL_TRACES_SAMPLER_ARG || '0.1');
  if (!(samplingRatio >= 0 && samplingRatio <= 1)) throw new Error('OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1');
  return { service, endpoint, samplingRatio };
}
