// Checks that the cluster enforces NetworkPolicy: with packets between busybox pods, as the engine's own tests only see
// what policies compile to.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { layout, loadImage, paths, toolsImage } from '../src/index.ts';

// Names of this run alone: those of an earlier one may still be going away.
const red = `netpol-red-${process.pid}`;
const blue = `netpol-blue-${process.pid}`;
const apiServer = '10.96.0.1';

type Result = { code: number | null; stdout: string; stderr: string };

function kubectl(args: string[], input = ''): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(paths.bin, 'kubectl'), ['--kubeconfig', paths.kubeconfig, ...args]);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

async function must(args: string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args, input);
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const list = (items: object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

function pod(namespace: string, app: string, script: string, ports: object[] = []): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: app, namespace, labels: { app } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'main',
          image,
          imagePullPolicy: 'Never',
          securityContext: { runAsUser: 0 },
          command: ['sh', '-c', script],
          ports,
        },
      ],
    },
  };
}

// Three ports of TCP with an echo.
const serve = 'for p in 8080 8081; do nc -ll -p $p -e cat & done; exec nc -ll -p 8085 -e cat';

type Probe = { from?: 'client' | 'other'; to?: string; port: number; udp?: boolean; open: boolean };

let image = '';
let serverIp = '';

// busybox has no client for UDP but traceroute: nobody listens on the port after the one it is given, and the pod's
// ICMP answer to that proves that the packet got through.
async function isOpen({ from = 'client', to = serverIp, port, udp = false }: Probe): Promise<boolean> {
  const namespace = from === 'other' ? blue : red;
  const script = udp ? `traceroute -n -f 2 -m 2 -q 1 -w 1 -p ${port - 1} ${to}` : `timeout 2 nc -w 1 ${to} ${port} </dev/null`;
  const { code, stdout } = await kubectl(['exec', '-n', namespace, from, '--', 'sh', '-c', script]);
  return udp
    ? stdout
        .split('\n')
        .slice(1)
        .some((line) => line.includes(to))
    : code === 0;
}

// A state holds once it was seen; until then each probe is tried for ten seconds.
async function expect(...probes: Probe[]): Promise<void> {
  await Promise.all(
    probes.map(async (probe) => {
      const end = Date.now() + 10_000;
      while ((await isOpen(probe)) !== probe.open) {
        assert.ok(Date.now() < end, `expected to be ${probe.open ? 'open' : 'closed'}: ${JSON.stringify(probe)}`);
        await sleep(50);
      }
    }),
  );
}

// apply makes these the only policies there are.
async function apply(...specs: object[]): Promise<void> {
  await must(['delete', 'networkpolicy', '--all', '-n', red, '--ignore-not-found']);
  if (specs.length === 0) return;
  const items = specs.map((spec, i) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `policy-${i}`, namespace: red },
    spec,
  }));
  await must(['apply', '-f', '-'], list(items));
}

const selecting = (app: string) => ({ podSelector: { matchLabels: { app } } });
const toServer = (...ingress: object[]) => apply({ ...selecting('server'), ingress });
const fromClient = (...egress: object[]) => apply({ ...selecting('client'), policyTypes: ['Egress'], egress });

before(async () => {
  const tools = await toolsImage({ name: 'localhost/netpol-test' });
  await loadImage(tools.archive);
  image = tools.reference;
  const namespaces = [red, blue].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { team: name } },
  }));
  await must(['apply', '-f', '-'], list(namespaces));
  await must(
    ['apply', '-f', '-'],
    list([
      pod(red, 'server', serve, [{ name: 'http', containerPort: 8080 }]),
      pod(red, 'client', 'exec sleep 3600'),
      pod(blue, 'other', 'exec sleep 3600'),
    ]),
  );
  await Promise.all([
    must(['wait', '-n', red, '--for=condition=Ready', 'pod', '--all', '--timeout=30s']),
    must(['wait', '-n', blue, '--for=condition=Ready', 'pod', '--all', '--timeout=30s']),
  ]);
  serverIp = await must(['get', 'pod', 'server', '-n', red, '-o', 'jsonpath={.status.podIP}']);
});

after(() => kubectl(['delete', 'namespace', red, blue, '--ignore-not-found', '--wait=false']));

test('everything is open without a policy', async () => {
  await apply();
  await expect(
    { port: 8080, open: true },
    { port: 8085, open: true },
    { port: 5353, udp: true, open: true },
    { from: 'other', port: 8080, open: true },
    { to: apiServer, port: 443, open: true },
  );
});

test('default deny of ingress', async () => {
  await apply({ podSelector: {}, policyTypes: ['Ingress'] });
  await expect(
    { port: 8080, open: false },
    { from: 'other', port: 8080, open: false },
    { port: 5353, udp: true, open: false },
    { to: apiServer, port: 443, open: true },
  );
});

test('a pod is isolated from its first moment on', async () => {
  await apply({ podSelector: {}, policyTypes: ['Egress'] });
  const script = `exec 2>/dev/null; for i in 1 2 3; do timeout 0.3 nc ${apiServer} 443 </dev/null && echo open || echo closed; done; exec sleep 3600`;
  const names = ['early-1', 'early-2', 'early-3'];
  await must(['apply', '-f', '-'], list(names.map((name) => pod(red, name, script))));
  await must(['wait', '-n', red, '--for=condition=Ready', 'pod', ...names, '--timeout=30s']);
  for (const name of names) {
    const end = Date.now() + 10_000;
    let said = '';
    while (said.split('\n').length < 4) {
      assert.ok(Date.now() < end, `pod ${name} said only ${said}`);
      said = await must(['logs', '-n', red, name]);
    }
    assert.equal(said, 'closed\nclosed\nclosed\n', name);
  }
  await must(['delete', 'pod', '-n', red, ...names, '--wait=false']);
});

test('default deny of egress', async () => {
  await apply({ podSelector: {}, policyTypes: ['Egress'] });
  await expect({ port: 8080, open: false }, { to: apiServer, port: 443, open: false }, { from: 'other', port: 8080, open: true });
});

test('podSelector', async () => {
  await toServer({ from: [selecting('client')] });
  await expect({ port: 8080, open: true }, { from: 'other', port: 8080, open: false });
});

test('namespaceSelector', async () => {
  await toServer({ from: [{ namespaceSelector: { matchLabels: { team: blue } } }] });
  await expect({ port: 8080, open: false }, { from: 'other', port: 8080, open: true });
});

test('ipBlock with an exception', async () => {
  const other = await must(['get', 'pod', 'other', '-n', blue, '-o', 'jsonpath={.status.podIP}']);
  await toServer({ from: [{ ipBlock: { cidr: layout.podCidr, except: [`${other}/32`] } }] });
  await expect({ port: 8080, open: true }, { from: 'other', port: 8080, open: false });
});

test('port', async () => {
  await toServer({ ports: [{ port: 8080 }] });
  await expect({ port: 8080, open: true }, { port: 8081, open: false }, { port: 5353, udp: true, open: false });
});

test('endPort', async () => {
  await toServer({ ports: [{ port: 8080, endPort: 8083 }] });
  await expect({ port: 8080, open: true }, { port: 8081, open: true }, { port: 8085, open: false });
});

test('named port, at either end', async () => {
  await toServer({ ports: [{ port: 'http' }] });
  await expect({ port: 8080, open: true }, { port: 8081, open: false });
  await fromClient({ to: [selecting('server')], ports: [{ port: 'http' }] });
  await expect({ port: 8080, open: true }, { port: 8081, open: false });
});

test('UDP', async () => {
  await toServer({ ports: [{ protocol: 'UDP', port: 5353 }] });
  await expect({ port: 5353, udp: true, open: true }, { port: 8080, open: false });
});

test('egress to the API server', async () => {
  await fromClient({ to: [selecting('server')] });
  await expect({ to: apiServer, port: 443, open: false }, { port: 8080, open: true });
  await fromClient({ to: [{ ipBlock: { cidr: `${layout.apiAddress}/32` } }], ports: [{ port: 6443 }] });
  await expect({ to: apiServer, port: 443, open: true }, { port: 8080, open: false });
});
