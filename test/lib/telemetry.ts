import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { layout, paths } from '@sentinel/cluster';

const PORT = 4318;
const folder = join(paths.cache, 'telemetry');
const received = join(folder, 'received.jsonl');

/** Where Sentinel sends its audit trail: the Collector, on the host's end of the link to the cluster. */
export const collectorEndpoint = `http://${layout.hostAddress}:${PORT}`;

/** A running OpenTelemetry Collector, and the sink behind it. */
export interface Telemetry {
  stop(): Promise<void>;
}

/**
 * Starts a real Collector (OTLP in, OTLP/JSON out) and a plain HTTP sink behind it that writes down each export. What it
 * received can be read by any process, with {@link receivedLogs} and {@link receivedSpans}.
 */
export async function startTelemetry(): Promise<Telemetry> {
  // That of an earlier run that was killed would acknowledge everything, and nobody would write it down.
  if (await isAnswering())
    throw new Error(`somebody answers at ${collectorEndpoint} already: end the Collector of an earlier run`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(received, '');
  const sink = new Worker(new URL('./telemetry-sink.ts', import.meta.url), { workerData: { received } });
  const [port] = (await once(sink, 'message')) as [number];
  const collector = startCollector(port);
  await untilListening(collector);
  return {
    async stop() {
      collector.kill('SIGTERM');
      await sink.terminate();
    },
  };
}

function startCollector(sinkPort: number): ChildProcess {
  const config = join(folder, 'collector.yaml');
  writeFileSync(
    config,
    `receivers:
  otlp: {protocols: {http: {endpoint: "${layout.hostAddress}:${PORT}"}}}
exporters:
  otlphttp: {endpoint: "http://127.0.0.1:${sinkPort}", encoding: json, compression: none}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [otlp], exporters: [otlphttp]}
    traces: {receivers: [otlp], exporters: [otlphttp]}
`,
  );
  return spawn(join(paths.bin, 'collector'), ['--config', config], { stdio: 'ignore' });
}

async function untilListening(collector: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (collector.exitCode !== null)
      throw new Error(`the Collector ended with ${collector.exitCode}: is ${collectorEndpoint} taken?`);
    if (await isAnswering()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the Collector does not answer');
}

async function isAnswering(): Promise<boolean> {
  const answer = await fetch(`${collectorEndpoint}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  }).catch(() => undefined);
  return answer?.ok === true;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string };
}

/** A log record or a span, with its attributes as a plain object. */
export interface Received {
  readonly name: string;
  readonly body: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface Entry {
  readonly name?: string;
  readonly eventName?: string;
  readonly body?: { stringValue?: string };
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly attributes?: readonly Attribute[];
}

/** The log records that came out of the Collector. */
export const receivedLogs = (): Received[] => entries('/v1/logs').map(read);
/** The spans that came out of the Collector. */
export const receivedSpans = (): Received[] => entries('/v1/traces').map(read);

/** The exports of log records that hold a text, as OTLP/JSON, one a line: what the file exporter of a Collector would have written. */
export const exportedLogs = (containing = ''): string =>
  readFileSync(received, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && line.includes(containing))
    .map((line) => JSON.parse(line) as { path: string; body: object })
    .filter(({ path }) => path === '/v1/logs')
    .map(({ body }) => `${JSON.stringify(body)}\n`)
    .join('');

function entries(path: string): Entry[] {
  const lines = readFileSync(received, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines
    .map(
      (line) =>
        JSON.parse(line) as {
          path: string;
          body: {
            resourceLogs?: { scopeLogs: { logRecords: Entry[] }[] }[];
            resourceSpans?: { scopeSpans: { spans: Entry[] }[] }[];
          };
        },
    )
    .filter((one) => one.path === path)
    .flatMap(({ body }) => [
      ...(body.resourceLogs ?? []).flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)),
      ...(body.resourceSpans ?? []).flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    ]);
}

function read(entry: Entry): Received {
  const attributes = Object.fromEntries(
    (entry.attributes ?? []).map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? '']),
  );
  return {
    name: entry.name ?? entry.eventName ?? '',
    body: entry.body?.stringValue ?? '',
    traceId: entry.traceId ?? '',
    spanId: entry.spanId ?? '',
    parentSpanId: entry.parentSpanId ?? '',
    attributes,
  };
}
