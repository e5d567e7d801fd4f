import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { leases, pods } from '@sentinel/kube';
import { mergeValues, releaseValues, tryHelm, upgradeRelease, type Values } from '../lib/chart/release.ts';
import { admin } from '../lib/cluster.ts';
import { client, makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';

// The chart with its defaults, and with values that change the programs: what runs, who reaches it, and that work goes on meanwhile.

const SYSTEM = 'sentinel-system';
const PROGRAMS = ['operator', 'webhook', 'gateway'];

interface PodStatus {
  readonly podIP?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

const podsOf = async (component: string) => {
  const labelSelector = `app.kubernetes.io/name=sentinel,app.kubernetes.io/component=${component}`;
  const { items } = await client.list(pods, { namespace: SYSTEM, labelSelector });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
};

const addressOf = async (component: string): Promise<string> => {
  const [pod] = await podsOf(component);
  return (pod?.status as PodStatus | undefined)?.podIP ?? '';
};

// Only what can be reached answers; all at once, so that a refused one costs no more than its time-out.
const script = `const net = require('node:net');
const reach = (at) => new Promise((resolve) => {
  const [host, port] = at.split(':');
  const socket = net.connect({ host, port: Number(port), timeout: 3000 });
  socket.on('timeout', () => { socket.destroy(); resolve(at + ' timeout'); });
  socket.on('connect', () => { socket.destroy(); resolve(at + ' reached'); });
  socket.on('error', (error) => resolve(at + ' ' + error.code));
});
Promise.all(process.argv.slice(1).map(reach)).then((lines) => console.log(lines.join('\\n')));`;

describe('The chart as it is shipped', { concurrency: false }, () => {
  let tenant: Tenant;
  let values: Values;
  let defaults: Values;
  let action: string;

  /** Which of the ports of programs a pod of a tenant reaches, as `PROGRAM:PORT`. */
  async function reached(ports: readonly string[]): Promise<string[]> {
    const addresses = new Map<string, string>();
    for (const port of ports) {
      const [component = '', number = ''] = port.split(':');
      addresses.set(`${await addressOf(component)}:${number}`, port);
    }
    const name = `reach-${Date.now()}`;
    const overrides = { spec: { terminationGracePeriodSeconds: 0 } };
    const ran = await admin.kubectl([
      ...['run', name, '-n', tenant.namespace, `--image=${tenant.image}`, '--restart=Never', '--rm', '-i', '--quiet'],
      ...['--overrides', JSON.stringify(overrides), '--command', '--', '/usr/local/bin/node', '-e', script, ...addresses.keys()],
    ]);
    const found = ran.split('\n').flatMap((line) => (line.endsWith(' reached') ? [addresses.get(line.split(' ')[0] ?? '')] : []));
    return found.filter((port) => port !== undefined).sort();
  }

  // Helm's own --logs looks for the pod in the namespace of the release.
  const testLog = () => admin.kubectl(['logs', 'sentinel-test', '-n', SYSTEM]);

  before(async () => {
    tenant = await makeTenant('installed');
    await tenant.deploy('web');
    values = await releaseValues();
    const { replicas: _, ...operator } = (values.operator ?? {}) as Values;
    defaults = { ...values, operator };
    await upgradeRelease(defaults);
    action = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    await tenant.until(action, ['AwaitingApproval']);
  });
  after(() => upgradeRelease(values));

  it('runs two replicas of each program, one of which leads, and lets a drain evict one', async () => {
    for (const program of PROGRAMS) {
      const running = await podsOf(program);
      assert.equal(running.length, 2, program);
      const budget = await admin.get<{ status: { disruptionsAllowed: number } }>(['pdb', `sentinel-${program}`, '-n', SYSTEM]);
      assert.equal(budget.status.disruptionsAllowed, 1, program);
    }
    const { spec } = await client.getOrThrow(leases, { name: 'sentinel-operator', namespace: SYSTEM });
    const names = (await podsOf('operator')).map(({ metadata }) => metadata.name);
    assert.ok(names.includes(spec?.holderIdentity), `${spec?.holderIdentity} of ${names}`);
  });

  it('passes its own test, which leaves nothing', async () => {
    const { code: failed } = await tryHelm('test', 'sentinel', '--timeout', '60s');
    assert.equal(failed, 0, failed === 0 ? '' : await testLog());
    const left = ['get', 'serviceaccount,role,rolebinding,pod', '-n', SYSTEM, '-o', 'name'];
    assert.doesNotMatch(await admin.kubectl(left), /sentinel-test/);
    const { code } = await admin.tryKubectl(['get', 'agentaction', 'helm-test', '-n', SYSTEM]);
    assert.equal(code, 1);
  });

  it('fails its own test, with the reason, when a program does not run', async () => {
    const scale = (replicas: number) =>
      admin.kubectl(['scale', 'deployment', 'sentinel-gateway', '-n', SYSTEM, `--replicas=${replicas}`]);
    await scale(0);
    try {
      const { code } = await tryHelm('test', 'sentinel', '--timeout', '60s');
      assert.notEqual(code, 0);
      const log = await testLog();
      assert.match(log, /^FAILED: the programs are available: 0 of 0 replicas of sentinel-gateway are ready$/m);
      for (const check of ['the kinds are served', 'an operator leads', 'the API server asks the webhook'])
        assert.match(log, new RegExp(`^ok: ${check}$`, 'm'));
    } finally {
      await scale(2);
      await admin.kubectl(['rollout', 'status', 'deployment', 'sentinel-gateway', '-n', SYSTEM, '--timeout=90s']);
      await admin.kubectl([
        ...['delete', 'pod,serviceaccount,role,rolebinding', 'sentinel-test'],
        ...['-n', SYSTEM, '--ignore-not-found', '--grace-period=0', '--force'],
      ]);
    }
  });

  it('lets pods of tenants reach the webhook and metrics, but not the gateway', async () => {
    const ports = ['gateway:8443', 'webhook:9443', 'operator:8080', 'gateway:8080'];
    assert.deepEqual(await reached(ports), ['gateway:8080', 'operator:8080', 'webhook:9443']);
  });

  it('takes other values by a rolling update: with addresses of the API server and without metrics, tenants reach nothing', async () => {
    const node = (await admin.kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[0].address}'])).trim();
    const pod = { podLabels: { team: 'platform' }, podAnnotations: { 'example.com/reason': 'test' } };
    const keys = await admin.get<{ data: unknown }>(['configmap', 'sentinel-seal-keys', '-n', SYSTEM]);
    await upgradeRelease(
      mergeValues(defaults, {
        operator: pod,
        webhook: pod,
        gateway: pod,
        keys: { existing: ['sentinel-seal-keys', 'sentinel-webhook-seal'] },
        networkPolicy: { apiServer: [{ ipBlock: { cidr: `${node}/32` } }], metrics: [] },
        extraObjects: [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'sentinel-notes', namespace: SYSTEM },
            data: { release: '{{ .Release.Name }}' },
          },
        ],
      }),
    );
    for (const program of PROGRAMS) {
      const running = await podsOf(program);
      assert.equal(running.length, 2, program);
      for (const { metadata } of running) {
        assert.equal(metadata.labels?.team, 'platform');
        assert.equal(metadata.annotations?.['example.com/reason'], 'test');
      }
    }
    const notes = await admin.get<{ data: unknown }>(['configmap', 'sentinel-notes', '-n', SYSTEM]);
    assert.deepEqual(notes.data, { release: 'sentinel' });
    const same = await admin.get<{ data: unknown }>(['configmap', 'sentinel-seal-keys', '-n', SYSTEM]);
    assert.deepEqual(same.data, keys.data);
    assert.deepEqual(await reached(['gateway:8443', 'webhook:9443', 'operator:8080', 'gateway:8080']), []);
  });

  it('goes on with an action that waited meanwhile, and with a new one', async () => {
    const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
    assert.equal(code, 0, stderr);
    const ended = await tenant.until(action, ['Succeeded', 'Denied', 'Failed']);
    assert.match(messageOf(ended), /./);
    assert.equal(ended.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason, 'Succeeded', messageOf(ended));
    const next = await tenant.file('set-image', { deployment: 'web', container: 'web', image: tenant.image });
    await tenant.until(next, ['NoEffect', 'AwaitingApproval']);
  });
});
