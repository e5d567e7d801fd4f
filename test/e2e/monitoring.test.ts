import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { parse, parseAllDocuments } from 'yaml';
import { tryRun } from '../../tools/run.ts';
import { admin, eventually } from '../lib/cluster.ts';
import { prometheusProgram } from '../lib/monitoring/prometheus-programs.ts';

// The alerts and the dashboard of the chart: Prometheus's own tool reads the rules and sees each alert fire; the running programs serve
// what they ask for.

const chart = join(import.meta.dirname, '..', '..', 'charts', 'sentinel');

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec?: Record<string, unknown>;
  readonly data?: Readonly<Record<string, string>>;
}

/** The objects of the template for monitoring, with these values. */
async function render(...values: readonly string[]): Promise<Rendered[]> {
  const sets = values.flatMap((value) => ['--set', value]);
  const { stdout } = await tryRun(paths.helm, ['template', 'sentinel', chart, '-s', 'templates/monitoring.yaml', ...sets]);
  return parseAllDocuments(stdout).flatMap((document) => (document.toJS() as Rendered | null) ?? []);
}

describe('Prometheus', () => {
  let promtool: string;
  before(async () => {
    promtool = await prometheusProgram('promtool');
  });

  /** Has it check the syntax of rules. */
  async function check(file: string): Promise<void> {
    const { code, stdout, stderr } = await tryRun(promtool, ['check', 'rules', file]);
    assert.equal(code, 0, stdout + stderr);
  }

  it('takes the alerts', () => check(join(chart, 'monitoring', 'rules.yaml')));

  it('takes every expression of the dashboard', async () => {
    const { panels } = JSON.parse(readFileSync(join(chart, 'monitoring', 'dashboard.json'), 'utf8')) as {
      panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
    };
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    assert.ok(expressions.length > 30);
    const file = join(mkdtempSync(join(tmpdir(), 'dashboard-')), 'rules.yaml');
    const rules = expressions.map((expr, index) => ({ record: `panel_${index}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    await check(file);
  });

  it('sees each alert fire when it is due, and not a minute before', async () => {
    const { code, stdout, stderr } = await tryRun(promtool, ['test', 'rules', join(chart, 'monitoring', 'rules.test.yaml')]);
    assert.equal(code, 0, stdout + stderr);
  });
});

describe('The chart', () => {
  it('brings no object for monitoring unless it is told to', async () => {
    assert.deepEqual(await render(), []);
  });

  it('puts the rules as they are into a PrometheusRule, with the labels and the runbooks of the cluster', async () => {
    const [rule, ...others] = await render(
      'monitoring.rules.enabled=true',
      'monitoring.rules.labels.release=prometheus',
      'monitoring.rules.runbooks=https://docs.example.com/monitoring.html',
    );
    assert.deepEqual([rule?.kind, others], ['PrometheusRule', []]);
    assert.equal(rule?.metadata.labels.release, 'prometheus');
    const own = readFileSync(join(chart, 'monitoring', 'rules.yaml'), 'utf8');
    const withRunbooks = own.replaceAll('docs/guides/monitoring.md#', 'https://docs.example.com/monitoring.html#');
    const expected = withRunbooks.slice(withRunbooks.indexOf('groups:'));
    assert.deepEqual(rule?.spec, parse(expected));
  });

  it('puts the dashboard into a ConfigMap that the sidecar of Grafana finds', async () => {
    const [map] = await render('monitoring.dashboard.enabled=true');
    assert.deepEqual([map?.kind, map?.metadata.labels.grafana_dashboard], ['ConfigMap', '1']);
    const own = JSON.parse(readFileSync(join(chart, 'monitoring', 'dashboard.json'), 'utf8'));
    assert.deepEqual(JSON.parse(map?.data?.['sentinel.json'] ?? ''), own);
  });

  it('has Prometheus scrape each program under the job that the alerts know', async () => {
    const [monitor] = await render('monitoring.podMonitor.enabled=true', 'monitoring.podMonitor.interval=15s');
    assert.equal(monitor?.kind, 'PodMonitor');
    const pods = await admin.get<{ items: { metadata: { labels: Record<string, string> } }[] }>([
      'pods',
      '-n',
      'sentinel-system',
      '-l',
      'app.kubernetes.io/name=sentinel,app.kubernetes.io/part-of=sentinel',
    ]);
    const components = new Set(pods.items.map(({ metadata }) => metadata.labels['app.kubernetes.io/component']));
    assert.deepEqual([...components].sort(), ['evidence', 'gateway', 'operator', 'webhook']);
  });

  it('has Prometheus scrape the same through a Service, under the same jobs', async () => {
    interface Monitor {
      readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
      readonly endpoints?: readonly { readonly port: string; readonly relabelings: unknown }[];
      readonly podMetricsEndpoints?: readonly { readonly relabelings: unknown }[];
    }
    const [byPods] = await render('monitoring.podMonitor.enabled=true');
    const [service, byService, ...others] = await render('monitoring.serviceMonitor.enabled=true');
    assert.deepEqual([byService?.kind, service?.kind, others], ['ServiceMonitor', 'Service', []]);
    const [pods, endpoints] = [byPods?.spec as unknown as Monitor, byService?.spec as unknown as Monitor];
    assert.deepEqual(endpoints.endpoints?.[0]?.relabelings, pods.podMetricsEndpoints?.[0]?.relabelings);
    const { selector, ports } = (service?.spec ?? {}) as { selector?: unknown; ports?: readonly { name: string }[] };
    assert.deepEqual(selector, pods.selector.matchLabels);
    assert.equal(endpoints.endpoints?.[0]?.port, ports?.[0]?.name);
    for (const [label, value] of Object.entries(endpoints.selector.matchLabels))
      assert.equal(service?.metadata.labels[label], value);
  });
});

describe('The running programs', () => {
  /** What a pod of a program serves. */
  async function metricsOf(component: string): Promise<string> {
    const name = await admin.kubectl([
      'get',
      'pods',
      '-n',
      'sentinel-system',
      '-l',
      `app.kubernetes.io/component=${component}`,
      '-o',
      'jsonpath={.items[0].metadata.name}',
    ]);
    return await admin.kubectl(['get', '--raw', `/api/v1/namespaces/sentinel-system/pods/${name}:8080/proxy/metrics`]);
  }
  const expected = {
    operator: [
      /^leader_election_master_status\{name="sentinel-operator"\} 1$/m,
      /^sentinel_guards_altered 0$/m,
      /^informer_healthy\{resource="agentpolicies"\} 1$/m,
    ],
    webhook: [
      /^kubernetes_healthcheck\{name="webhook",type="readyz"\} 1$/m,
      /^certificate_expiration_timestamp_seconds\{secret="sentinel-webhook-ca",part="serving"\} \d+/m,
      /^sentinel_webhook_reviews_total\{resource="agentactions",operation="CREATE",outcome="Failed"\} \d+$/m,
    ],
    gateway: [
      /^kubernetes_healthcheck\{name="gateway",type="readyz"\} 1$/m,
      /^certificate_expiration_timestamp_seconds\{secret="sentinel-gateway-ca",part="authority"\} \d+/m,
      /^sentinel_storage_limit_bytes [1-9]\d+$/m,
    ],
  };
  for (const [component, patterns] of Object.entries(expected))
    it(`serve what the alerts ask for: ${component}`, async () => {
      await eventually(`metrics of ${component}`, async () => {
        const text = await metricsOf(component);
        return patterns.every((pattern) => pattern.test(text)) ? text : undefined;
      });
    });
});
