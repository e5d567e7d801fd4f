import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { leavesOf, readValues, type Value } from '../../tools/chart/values.ts';
import { type Ran, run, tryRun } from '../../tools/run.ts';
import { admin } from '../lib/cluster.ts';

// The values of the chart: unknown and wrong ones are refused, and none is accepted without an effect.

const chart = join(import.meta.dirname, '..', '..', 'charts', 'sentinel');
const values = leavesOf(readValues(readFileSync(join(chart, 'values.yaml'), 'utf8')));

type Sets = Readonly<Record<string, unknown>>;

const template = (sets: Sets): Promise<Ran> =>
  tryRun(paths.helm, [
    'template',
    'sentinel',
    chart,
    ...Object.entries(sets).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]),
  ]);

async function rendered(sets: Sets): Promise<string> {
  const { code, stdout, stderr } = await template(sets);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Another valid value for each definition and path that has a form of its own. */
const others: Sets = {
  affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
  age: '30d',
  countOrPercentage: '50%',
  cpu: '70m',
  interval: '45s',
  keyNames: ['sentinel-seal-keys'],
  names: ['olga@example.com'],
  networkPolicyPeers: [{ ipBlock: { cidr: '10.0.0.10/32' } }],
  podLabels: { team: 'platform' },
  ports: [8443],
  pullSecrets: [{ name: 'registry' }],
  quantity: '7Gi',
  resources: { limits: { cpu: '2' } },
  trustedDigests: [{ digest: `sha256:${'0'.repeat(64)}`, name: 'restart' }],
  'floor.standingApprovals': '30d',
  tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'sentinel', effect: 'NoSchedule' }],
  topologySpreadConstraints: [{ maxSkew: 2, topologyKey: 'example.com/rack', whenUnsatisfiable: 'DoNotSchedule' }],
  'image.digest': `sha256:${'a'.repeat(64)}`,
  'evidence.size': '7Ti',
  'tracing.otlpEndpoint': 'http://collector.example:4318',
  'monitoring.rules.runbooks': 'https://git.example.com/monitoring.md',
  'sandbox.ephemeralStorage': '256Mi',
  extraObjects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notes' }, data: { release: '{{ .Release.Name }}' } }],
};

function otherThan({ path, default: value, schema }: Value): unknown {
  const definition = typeof schema?.$ref === 'string' ? schema.$ref.replace('#/$defs/', '') : undefined;
  const other = others[definition ?? path];
  if (other !== undefined) return other;
  if (Array.isArray(schema?.enum)) return schema.enum.find((one) => one !== value);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return Number.isInteger(value) ? value + 1 : value / 2;
  return typeof value === 'string' ? 'another' : { 'example.com/a': 'b' };
}

/** What must be set for a value to matter: the `enabled` beside it or beside one of the sections around it, or what is named here. */
const neededFor: Readonly<Record<string, Sets>> = {
  'tracing.samplingRatio': { 'tracing.otlpEndpoint': 'http://collector:4318' },
};

function needed({ path }: Value): Sets {
  const parts = path.split('.');
  const around = parts.slice(0, -1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.enabled`);
  const isSwitch = (one: string) => one !== path && values.some((value) => value.path === one);
  return { ...neededFor[path], ...Object.fromEntries(around.filter(isSwitch).map((one) => [one, true])) };
}

describe('The values of the chart', () => {
  const wrong: Sets = {
    nosuch: 1,
    'operator.nosuch': 1,
    'operator.replicas': 0,
    'operator.podLabels': { 'app.kubernetes.io/component': 'gateway' },
    'operator.topologySpreadConstraints': [{ topologyKey: 'zone' }],
    'webhook.sealKeyMaxAge': 'soon',
    'webhook.podDisruptionBudget.maxUnavailable': 'some',
    'gateway.resources': { request: { cpu: '1' } },
    'gateway.affinity': { nodeaffinity: {} },
    'sandbox.userNamespaces': 'Maybe',
    image: 'localhost/sentinel:dev',
    'image.repository': '',
    'image.digest': 'latest',
    'keys.existing': ['sentinel-lock-probe'],
    'networkPolicy.apiServer': [{ cidr: '10.0.0.10/32' }],
    'monitoring.rules.nosuch': true,
    'monitoring.rules.runbooks': 'here',
    extraObjects: [1],
  };
  for (const [path, value] of Object.entries(wrong))
    it(`are refused: ${path}=${JSON.stringify(value)}`, async () => {
      const { code, stderr } = await template({ [path]: value });
      assert.notEqual(code, 0);
      assert.match(stderr, /values don't meet the specifications of the schema/);
    });

  it('are refused where they would have the programs scraped twice', async () => {
    const { code, stderr } = await template({
      'monitoring.podMonitor.enabled': true,
      'monitoring.serviceMonitor.enabled': true,
    });
    assert.notEqual(code, 0);
    assert.match(stderr, /enable either monitoring\.podMonitor or monitoring\.serviceMonitor/);
  });

  it('each have an effect: another value is another manifest', { timeout: 120_000 }, async () => {
    const bases = new Map<string, Promise<string>>();
    const base = (sets: Sets) => {
      const key = JSON.stringify(sets);
      const found = bases.get(key) ?? rendered(sets);
      bases.set(key, found);
      return found;
    };
    const ignored: string[] = [];
    const waiting = [...values];
    const work = async () => {
      for (let value = waiting.shift(); value; value = waiting.shift()) {
        const sets = needed(value);
        if ((await base(sets)) === (await rendered({ ...sets, [value.path]: otherThan(value) }))) ignored.push(value.path);
      }
    };
    await Promise.all([work(), work()]);
    assert.ok(bases.size > 3);
    assert.deepEqual(ignored, []);
  });

  it('render every object once, with and without the optional ones', async () => {
    const monitoring = ['podMonitor', 'rules', 'dashboard', 'service'].map((part) => [`monitoring.${part}.enabled`, true]);
    for (const sets of [
      {},
      { 'crds.install': false, 'floor.install': false, 'namespaces.create': false, 'networkPolicy.enabled': false },
      { ...Object.fromEntries(monitoring), 'evidence.enabled': true },
      { 'monitoring.serviceMonitor.enabled': true },
    ]) {
      const names = (await rendered(sets)).split(/^---$/m).flatMap((text) => {
        const [kind, name, namespace] = ['kind', ' {2}name', ' {2}namespace'].map(
          (key) => new RegExp(`^${key}: (\\S+)$`, 'm').exec(text)?.[1] ?? '',
        );
        return name ? [`${kind}/${namespace}/${name}`] : [];
      });
      assert.ok(names.length > 40, `${names.length} objects`);
      assert.equal(new Set(names).size, names.length);
    }
  });

  it('make objects that the API server accepts field by field, with all of them set', async () => {
    const programs = ['operator', 'webhook', 'gateway', 'evidence'];
    const placement = values.filter(({ path }) => programs.some((program) => path.startsWith(`${program}.`)));
    const sets = Object.fromEntries(
      placement.filter(({ path }) => !path.endsWith('.enabled')).map((value) => [value.path, otherThan(value)]),
    );
    const all = { ...sets, 'evidence.enabled': true, 'monitoring.service.enabled': true, 'image.digest': others['image.digest'] };
    const files = ['operator', 'webhook', 'gateway', 'evidence', 'budgets', 'network', 'monitoring'];
    const shown = await run(paths.helm, [
      'template',
      'sentinel',
      chart,
      ...files.flatMap((file) => ['-s', `templates/${file}.yaml`]),
      ...Object.entries(all).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]),
    ]);
    const answer = await admin.kubectl(
      ['apply', '--dry-run=server', '--server-side', '--force-conflicts', '--validate=strict', '-f', '-'],
      { input: shown },
    );
    for (const kind of ['deployment.apps/sentinel-operator', 'networkpolicy.networking.k8s.io/sentinel-gateway'])
      assert.match(answer, new RegExp(`^${kind} serverside-applied \\(server dry run\\)$`, 'm'));
  });
});
