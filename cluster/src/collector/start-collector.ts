import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layout, paths } from '../machine/paths.ts';
import { until } from '../machine/run.ts';
import { isOurs, recordedPids } from '../status.ts';
import { startDaemon } from '../up.ts';

const PORT = 4318;

/** A running OpenTelemetry Collector of the cluster. */
export interface Collector {
  /** Where it takes OTLP over HTTP, for the programs of the cluster. */
  readonly endpoint: string;
  /** The file in which it writes down all that it receives, in words. */
  readonly log: string;
}

/** Starts the OpenTelemetry Collector as a program of the running cluster, with which it ends; leaves one that runs already. */
export async function startCollector(): Promise<Collector> {
  const endpoint = `${layout.apiAddress}:${PORT}`;
  const pids = await recordedPids();
  if (pids.collector === undefined || !(await isOurs(pids.collector, 'collector'))) {
    const config = join(paths.state, 'collector.json');
    await writeFile(config, JSON.stringify(configuration(endpoint)));
    await startDaemon({ name: 'collector', args: ['--config', config] }, pids);
  }
  await until('the Collector', 20, () => isAnswering(endpoint));
  return { endpoint: `http://${endpoint}`, log: join(paths.logs, 'collector.log') };
}

// The exporter that writes in words counts as received what it has written.
function configuration(endpoint: string): object {
  const pipeline = { receivers: ['otlp'], exporters: ['debug'] };
  return {
    receivers: { otlp: { protocols: { http: { endpoint } } } },
    exporters: { debug: { verbosity: 'detailed', use_internal_logger: false } },
    service: { telemetry: { metrics: { level: 'none' } }, pipelines: { logs: pipeline, traces: pipeline } },
  };
}

async function isAnswering(endpoint: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`http://${endpoint}/v1/logs`, { method: 'POST', headers, body: '{}' })).ok;
}
