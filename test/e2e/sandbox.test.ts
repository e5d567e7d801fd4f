import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin, policyForAnyWrite } from '../lib/cluster.ts';
import { loadedImages } from '../lib/images.ts';
import { oneStep } from '../lib/one-step.ts';
import { makeTenant } from '../lib/tenant.ts';

const sandboxes = 'sentinel-sandboxes';

// Reports what a sandbox pod can see, read, write and reach.
const probe = `
const fs = require('fs'), net = require('net'), dns = require('dns');
const tryIt = (f) => { try { return f(); } catch (e) { return e.code || String(e); } };
const reach = (host, port) => new Promise((resolve) => {
  const socket = net.connect({ host, port });
  socket.setTimeout(1500, () => { socket.destroy(); resolve('timeout'); });
  socket.on('connect', () => { socket.destroy(); resolve('reached'); });
  socket.on('error', (e) => resolve(e.code));
});
const resolveName = (f) => new Promise((resolve) => { const t = setTimeout(() => resolve('timeout'), 1500); f((e, a) => { clearTimeout(t); resolve(e ? e.code : a); }); });
(async () => {
  const [node, pod] = process.argv.slice(1);
  const dir = '/var/run/secrets/kubernetes.io/serviceaccount/';
  const claims = JSON.parse(Buffer.from(fs.readFileSync(dir + 'token', 'utf8').split('.')[1], 'base64url'));
  const at = { api: ['10.96.0.1', 443], api80: ['10.96.0.1', 80], node: [node, 6443], kubelet: [node, 10250], metadata: ['169.254.169.254', 80],
    pod: [pod, 8080], internet: ['1.1.1.1', 443], dns: ['10.96.0.10', 53], gateway: ['sentinel-gateway', 443], gatewayOther: ['sentinel-gateway', 8443], gatewayPlain: ['sentinel-gateway', 80] };
  const reached = Object.fromEntries(await Promise.all(Object.entries(at).map(async ([name, [host, port]]) => [name, await reach(host, port)])));
  fs.writeFileSync(process.env.SENTINEL_RESULTS + '/report', JSON.stringify({
    aud: claims.aud, uid: process.getuid(), files: fs.readdirSync(dir).filter((n) => !n.startsWith('.')).sort(),
    write: tryIt(() => fs.writeFileSync('/x', '')), etc: tryIt(() => fs.writeFileSync('/etc/x', '')), tmp: tryIt(() => fs.writeFileSync('/tmp/x', '') || 'written'),
    caps: /CapEff:\\s*(\\S+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1], noNew: /NoNewPrivs:\\s*(\\d)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1],
    seccomp: /Seccomp:\\s*(\\d)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1],
    env: Object.keys(process.env).filter((n) => /SERVICE|_PORT|TOKEN|SECRET|KEY/.test(n)).sort(),
    lookup: await resolveName((done) => dns.lookup('kubernetes.default.svc.cluster.local', done)), resolve: await resolveName((done) => dns.resolve4('example.com', done)),
    reached }));
})();
`;

describe('What a sandbox pod is', { concurrency: false }, () => {
  it('holds a token for the gateway alone, a read-only root, no capability, no name service, and reaches the gateway alone', async () => {
    const node = (await admin.kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[0].address}'])).trim();
    const other = (
      await admin.kubectl([
        ...['get', 'pods', '-n', 'sentinel-system', '-l', 'app.kubernetes.io/component=webhook'],
        ...['-o', 'jsonpath={.items[0].status.podIP}'],
      ])
    ).trim();
    const playbooks = oneStep('probe', ['/usr/local/bin/node', '-e', probe, '--', node, other], {
      image: loadedImages().sentinel,
      more: '  results: [{name: report, mediaType: application/json}]\n',
    });
    const tenant = await makeTenant('gw-pod', { policy: policyForAnyWrite(), playbooks });
    const action = await tenant.until(await tenant.file('probe'), ['NoEffect', 'RehearsalFailed', 'Denied']);
    const { reached, lookup, resolve, ...rest } = JSON.parse(action.status?.results?.[0]?.content ?? '{}') as {
      reached: Record<string, string>;
      lookup: string;
      resolve: string;
    };
    assert.deepEqual(rest, {
      aud: ['sentinel-gateway'],
      uid: 65532,
      files: ['ca.crt', 'namespace', 'token'],
      write: 'EROFS',
      etc: 'EROFS',
      tmp: 'written',
      caps: '0000000000000000',
      noNew: '1',
      seccomp: '2',
      // The kubelet always tells where the API server is; nothing there answers.
      env: [
        'KUBERNETES_PORT',
        'KUBERNETES_PORT_443_TCP',
        'KUBERNETES_PORT_443_TCP_ADDR',
        'KUBERNETES_PORT_443_TCP_PORT',
        'KUBERNETES_PORT_443_TCP_PROTO',
        'KUBERNETES_SERVICE_HOST',
        'KUBERNETES_SERVICE_PORT',
        'KUBERNETES_SERVICE_PORT_HTTPS',
      ],
    });
    assert.match(lookup, /^(timeout|E[A-Z_]+)$/);
    assert.match(resolve, /^(timeout|E[A-Z_]+)$/);
    const open = Object.entries(reached).filter(([, how]) => how === 'reached');
    assert.deepEqual(
      open.map(([name]) => name),
      ['gateway'],
      JSON.stringify(reached),
    );
  });
});

describe('The namespaces of Sentinel', { concurrency: false }, () => {
  const guard = /belongs to Sentinel's (operator|gateway) alone/;
  const job = (name: string, namespace: string) =>
    JSON.stringify({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace },
      spec: {
        suspend: true,
        template: { spec: { restartPolicy: 'Never', serviceAccountName: 'sandbox', containers: [{ name: 'x', image: 'x' }] } },
      },
    });
  const plain = (kind: string, namespace: string) =>
    JSON.stringify({ apiVersion: 'v1', kind, metadata: { name: 'gw-made', namespace } });
  const locked = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    runAsUser: 65532,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const podOf = (namespace: string, serviceAccountName: string) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'gw-made', namespace },
      spec: { serviceAccountName, containers: [{ name: 'x', image: 'x', securityContext: locked }] },
    });
  const network = JSON.stringify({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'gw-made', namespace: sandboxes },
    spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{}] },
  });
  // Tried as dry-runs, which the guards judge alike: a guard that fails here must not cost the installation anything.
  const dry = '--dry-run=server';
  const create = ['create', dry, '-f', '-'];

  before(async () => {
    // Rights that an admin could hand out by mistake: everything, in both namespaces.
    for (const namespace of [sandboxes, 'sentinel-ledger'])
      await admin.apply(
        JSON.stringify({
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name: 'gw-mallory', namespace },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
          subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'gw-mallory' }],
        }),
      );
  });

  after(async () => {
    for (const namespace of [sandboxes, 'sentinel-ledger'])
      await admin.tryKubectl(['delete', 'rolebinding', 'gw-mallory', '-n', namespace, '--ignore-not-found']);
  });

  it('are closed to users with every right in them: nobody runs, alters, enters or feeds a sandbox, or writes the ledger', async () => {
    const pod = (await admin.kubectl(['get', 'pods', '-n', sandboxes, '-o', 'jsonpath={.items[0].metadata.name}'])).trim();
    assert.notEqual(pod, '', 'there is no sandbox to attack');
    const tries: readonly (readonly [string, readonly string[], string?])[] = [
      ['pod', create, podOf(sandboxes, 'sandbox')],
      ['Job', create, job('gw-made', sandboxes)],
      ['a Job under a name that the operator would use', create, job('run-0123456789abcdef', sandboxes)],
      ['ConfigMap', create, plain('ConfigMap', sandboxes)],
      ['Secret', create, plain('Secret', sandboxes)],
      ['Deployment', ['create', dry, 'deployment', 'gw-made', '--image=x', '-n', sandboxes]],
      ['CronJob', ['create', dry, 'cronjob', 'gw-made', '--image=x', '--schedule=* * * * *', '-n', sandboxes]],
      ['NetworkPolicy', create, network],
      ['delete of a NetworkPolicy', ['delete', dry, 'networkpolicy', 'sentinel-default-deny', '-n', sandboxes]],
      ['relabel', ['label', dry, 'pod', pod, 'x=y', '-n', sandboxes]],
      ['token', ['create', 'token', 'sandbox', '-n', sandboxes, '--audience', 'sentinel-gateway']],
      ['token for the API', ['create', 'token', 'default', '-n', sandboxes]],
      ['ConfigMap of the ledger', create, plain('ConfigMap', 'sentinel-ledger')],
      ['Secret of the ledger', create, plain('Secret', 'sentinel-ledger')],
      ['token of the ledger', ['create', 'token', 'default', '-n', 'sentinel-ledger']],
      ['pod of the ledger', create, podOf('sentinel-ledger', 'default')],
      ['Job of the ledger', create, job('gw-made', 'sentinel-ledger')],
    ];
    // system:masters may administer the installation: Helm changes network policies and ConfigMaps of the sandboxes.
    const installs = new Set(['ConfigMap', 'NetworkPolicy', 'delete of a NetworkPolicy']);
    const slips: string[] = [];
    for (const user of ['gw-mallory', 'gw-root']) {
      const as = user === 'gw-root' ? ['--as', user, '--as-group', 'system:masters'] : ['--as', user];
      const answers = await Promise.all(
        tries
          .filter(([what]) => user !== 'gw-root' || !installs.has(what))
          .map(async ([what, args, input]) => ({
            what,
            ...(await admin.tryKubectl([...as, '--request-timeout=10s', ...args], input === undefined ? {} : { input })),
          })),
      );
      for (const { what, code, stderr } of answers)
        if (code === 0 || !(guard.test(stderr) || /forbidden: User "gw-mallory"/.test(stderr)))
          slips.push(`${user}: ${what}: ${code} ${stderr.slice(0, 200)}`);
    }
    assert.deepEqual(slips, []);
  });
});
