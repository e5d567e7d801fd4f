import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layout } from '@sentinel/cluster';
import { pods } from '@sentinel/kube';
import { parse, stringify } from 'yaml';
import type { RuleFile } from '../../../tools/monitoring/scale.ts';
import { admin, eventually } from '../cluster.ts';
import { client } from '../tenant.ts';
import { prometheusProgram } from './prometheus-programs.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** Twice within the shortest range window of the rules that a test loads. */
const SCRAPE_SECONDS = 2;

/** A sample of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A running Prometheus that scrapes the programs of the embedded cluster. */
export interface Prometheus {
  /** What an expression answers at this moment. */
  query(expression: string): Promise<Sample[]>;
  /** The names of the alerts that fire at this moment. */
  firing(): Promise<string[]>;
  /** The names of the alerts that fired at some moment since then, in milliseconds since the epoch. */
  firedSince(time: number): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts one with these rules, and waits until it has reached each of these jobs. */
export async function startPrometheus(rules: RuleFile, jobs: readonly string[]): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const discovery = await serveDiscovery();
  const config = file(
    'prometheus.yaml',
    stringify({
      global: { scrape_interval: `${SCRAPE_SECONDS}s`, scrape_timeout: `${SCRAPE_SECONDS}s`, evaluation_interval: '1s' },
      rule_files: [file('rules.yaml', stringify(rules))],
      scrape_configs: [await scrapeConfig(discovery.url, file)],
    }),
  );
  const address = `127.0.0.1:${await freePort()}`;
  const log = openSync(join(folder, 'log'), 'w');
  const child = spawn(
    await prometheusProgram('prometheus'),
    [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${address}`],
    { cwd: folder, stdio: ['ignore', log, log] },
  );
  // Also when this process is stopped in the middle of a test.
  process.once('exit', () => child.kill());
  const prometheus: Prometheus = {
    ...askedAt(`http://${address}`),
    async stop() {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      discovery.close();
      rmSync(folder, { recursive: true });
    },
  };
  try {
    const ended = await eventually('series of each program in Prometheus', async () => {
      if (child.exitCode !== null) return readFileSync(join(folder, 'log'), 'utf8').slice(-2_000);
      const up = new Set((await prometheus.query('up == 1')).map(({ metric }) => metric.job));
      return jobs.every((job) => up.has(job)) && 'none';
    });
    if (ended !== 'none') throw new Error(`Prometheus ended: ${ended}`);
    return prometheus;
  } catch (error) {
    await prometheus.stop();
    throw error;
  }
}

function askedAt(url: string): Omit<Prometheus, 'stop'> {
  async function query(expression: string): Promise<Sample[]> {
    const answer = await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query: expression }) });
    const { data, error } = (await answer.json()) as {
      data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
      error?: string;
    };
    if (data === undefined) throw new Error(`${expression}: ${error}`);
    return data.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }
  const namesOf = (samples: readonly Sample[]) => [...new Set(samples.map(({ metric }) => metric.alertname ?? ''))].sort();
  return {
    query,
    firing: async () => namesOf(await query('ALERTS{alertstate="firing"}')),
    async firedSince(time) {
      const seconds = Math.ceil((Date.now() - time) / 1000);
      return namesOf(await query(`count_over_time(ALERTS{alertstate="firing"}[${seconds}s])`));
    },
  };
}

interface Relabel {
  readonly target_label?: string;
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, string>> }];
  readonly users: readonly [{ readonly user: Readonly<Record<string, string>> }];
}

/**
 * The job of the guide, as it is written there for a Prometheus outside of the network of the pods. Debian builds Prometheus without
 * its discovery of Kubernetes, so that this process tells it of the pods.
 */
async function scrapeConfig(discovery: string, file: (name: string, content: string) => string): Promise<object> {
  const guide = readFileSync(join(root, 'docs', 'guides', 'monitoring.md'), 'utf8');
  const [block = '', proxied = ''] = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml]) => yaml);
  const [{ kubernetes_sd_configs: _, ...job }] = parse(block) as [{ kubernetes_sd_configs: object; relabel_configs: Relabel[] }];
  const throughProxy = (parse(proxied) as Relabel[]).map((rule) =>
    rule.target_label === '__address__' ? { ...rule, replacement: new URL(layout.server).host } : rule,
  );
  const config = JSON.parse(await admin.kubectl(['config', 'view', '--raw', '--flatten', '-o', 'json'])) as Kubeconfig;
  const part = (name: string, text = '') => file(name, Buffer.from(text, 'base64').toString('utf8'));
  const [{ cluster }] = config.clusters;
  const [{ user }] = config.users;
  return {
    ...job,
    scheme: 'https',
    tls_config: {
      ca_file: part('ca.crt', cluster['certificate-authority-data']),
      cert_file: part('client.crt', user['client-certificate-data']),
      key_file: part('client.key', user['client-key-data']),
    },
    http_sd_configs: [{ url: discovery, refresh_interval: '1s' }],
    relabel_configs: [...job.relabel_configs, ...throughProxy],
  };
}

interface PodSpec {
  readonly containers: readonly { readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[] }[];
}

/** The ports of the pods of Sentinel, with the labels that the discovery of Kubernetes gives them. */
async function discoverPods(): Promise<object[]> {
  const { items } = await client.list(pods, { namespace: 'sentinel-system' });
  return items.flatMap(({ metadata, spec }) => {
    const label = (name: string) => metadata.labels?.[`app.kubernetes.io/${name}`] ?? '';
    return (spec as PodSpec).containers.flatMap(({ ports = [] }) =>
      ports.map(({ name = '', containerPort }) => ({
        targets: [`${metadata.name}:${containerPort}`],
        labels: {
          __meta_kubernetes_pod_name: metadata.name,
          __meta_kubernetes_pod_container_port_name: name,
          __meta_kubernetes_pod_label_app_kubernetes_io_component: label('component'),
          __meta_kubernetes_pod_label_app_kubernetes_io_part_of: label('part-of'),
        },
      })),
    );
  });
}

/** Serves what is discovered, as `http_sd_configs` ask for it. */
async function serveDiscovery(): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer((_, response) => {
    discoverPods().then(
      (found) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(found)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, close: () => void server.close().closeAllConnections() };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}
