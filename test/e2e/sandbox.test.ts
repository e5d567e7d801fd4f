import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin, eventually } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { loadedImages } from '../lib/images.ts';
import { oneStep } from '../lib/one-step.ts';
import { type ActionView, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

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

const step = (name: string, script: string, more = '') => oneStep(name, ['sh', '-ec', script], { step: 'change', more });

const policy = `
apiVersion: sentinel.dev/v1alpha1
kind: AgentPolicy
metadata:
  name: shop
  namespace: shop
spec:
  subjects:
  - {kind: ServiceAccount, name: repair-agent}
  modes: [DryRun, Apply]
  kubernetes:
  - {apiGroups: ["*"], resources: ["*", deployments/scale], verbs: ["*"], decision: RequireApproval}
  approvals:
  - {upToRisk: High, approvals: 1, groups: [shop-approvers], expiresAfter: 1h}
  limits: {duration: 3m, objects: 20}
`;

const deployment = (tenant: Tenant, name: string) =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: tenant.namespace, annotations: { note: 'first' } },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image: tenant.image }] } },
    },
  });

const read = async (tenant: Tenant, kind: string, name: string, path: string) =>
  await admin.kubectl(['get', kind, name, '-n', tenant.namespace, '-o', `jsonpath={${path}}`]);

const waiting = ['AwaitingApproval', 'Denied', 'RehearsalFailed', 'NoEffect'];
const over = [
  'Succeeded',
  'Blocked',
  'RunFailed',
  'RolledBack',
  'RollbackIncomplete',
  'Cancelled',
  'VerificationFailed',
  'Denied',
];

/** Files an action and waits until people are asked. */
async function rehearsed(tenant: Tenant, playbook: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> {
  const name = await tenant.file(playbook, parameters);
  const action = await tenant.until(name, waiting);
  assert.equal(stateOf(action), 'AwaitingApproval', messageOf(action));
  return name;
}

async function approve(tenant: Tenant, name: string): Promise<void> {
  const { code, stderr } = await tenant.decide(tenant.approver, name, 'approve');
  assert.equal(code, 0, stderr);
}

async function carriedOut(tenant: Tenant, name: string): Promise<ActionView> {
  await approve(tenant, name);
  return await tenant.until(name, over);
}

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
    const tenant = await makeTenant('gw-pod', { policy, playbooks });
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

  it('are closed to whoever has every right in them: nobody runs, alters, enters or feeds a sandbox, or writes the ledger', async () => {
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

describe('A field that somebody changes between plan and run', { concurrency: true }, () => {
  let tenant: Tenant;
  const annotate = (name: string, value: string) => `kubectl annotate --overwrite deployment ${name} note=${value}`;

  before(async () => {
    tenant = await makeTenant('gw-drift', {
      policy,
      playbooks: [
        step('same', annotate('same', 'agent')),
        step('other', annotate('other', 'agent')),
        step('back', `${annotate('back', 'agent')} && kubectl annotate deployment back note-`),
        step(
          'late',
          annotate('late', 'agent'),
          `  verify:\n  - {name: never, command: [sh, -c, "${whileHeld('held')}; exit 1"]}\n`,
        ),
      ].join(''),
    });
    await admin.apply(['same', 'other', 'back', 'late'].map((name) => deployment(tenant, name)).join('\n---\n'));
  });

  it('blocks the run, names the difference, and is not overwritten', async () => {
    const name = await rehearsed(tenant, 'same');
    await admin.kubectl(['annotate', '--overwrite', 'deployment', 'same', '-n', tenant.namespace, 'note=somebody']);
    const action = await carriedOut(tenant, name);
    assert.equal(stateOf(action), 'Blocked', messageOf(action));
    assert.match(
      messageOf(action),
      /at \/metadata\/annotations\/note: approved "first" → "agent", attempted "somebody" → "agent"/,
    );
    assert.equal(await read(tenant, 'deployment', 'same', '.metadata.annotations.note'), 'somebody');
  });

  it('is put back by the run itself, and both writes were in the plan', async () => {
    const name = await rehearsed(tenant, 'back');
    assert.equal((await tenant.action(name)).status?.plan?.effects, 2);
    const action = await carriedOut(tenant, name);
    assert.equal(stateOf(action), 'Succeeded', messageOf(action));
    assert.equal(await read(tenant, 'deployment', 'back', '.metadata.annotations.note'), '');
  });

  it('does not matter when it is another field', async () => {
    const name = await rehearsed(tenant, 'other');
    await admin.kubectl(['annotate', 'deployment', 'other', '-n', tenant.namespace, 'more=somebody']);
    const action = await carriedOut(tenant, name);
    assert.equal(stateOf(action), 'Succeeded', messageOf(action));
    assert.equal(await read(tenant, 'deployment', 'other', '.metadata.annotations.note'), 'agent');
    assert.equal(await read(tenant, 'deployment', 'other', '.metadata.annotations.more'), 'somebody');
  });

  it('is left alone by a rollback, which says which field it is', async () => {
    const name = await rehearsed(tenant, 'late');
    const letGo = await hold(tenant, 'held');
    await approve(tenant, name);
    await tenant.until(name, ['Verifying']);
    await admin.kubectl(['annotate', '--overwrite', 'deployment', 'late', '-n', tenant.namespace, 'note=somebody']);
    await letGo();
    const action = await tenant.until(name, over);
    assert.equal(stateOf(action), 'RollbackIncomplete', messageOf(action));
    assert.match(messageOf(action), /others changed \/metadata\/annotations\/note since/);
    assert.equal(await read(tenant, 'deployment', 'late', '.metadata.annotations.note'), 'somebody');
  });
});

describe('A run that is ended on the way', { concurrency: true }, () => {
  let tenant: Tenant;
  const script = (name: string) =>
    `kubectl annotate --overwrite deployment ${name} note=agent; if [ "$(kubectl get configmap go-${name} -o 'jsonpath={.data.real}')" = yes ]; then sleep 60; fi`;

  before(async () => {
    tenant = await makeTenant('gw-stop', {
      policy,
      playbooks: step('cancel', script('cancel')) + step('remove', script('remove')),
    });
    await admin.apply(['cancel', 'remove'].map((name) => deployment(tenant, name)).join('\n---\n'));
    // One for each: the run of one begins while the other is still rehearsed.
    for (const name of ['cancel', 'remove']) await admin.kubectl(['create', 'configmap', `go-${name}`, '-n', tenant.namespace]);
  });

  const underWay = async (playbook: string) => {
    const name = await rehearsed(tenant, playbook);
    await admin.kubectl([
      'patch',
      'configmap',
      `go-${playbook}`,
      '-n',
      tenant.namespace,
      '--type=merge',
      '-p',
      '{"data":{"real":"yes"}}',
    ]);
    await approve(tenant, name);
    await eventually(
      'the write of the run',
      async () => (await read(tenant, 'deployment', playbook, '.metadata.annotations.note')) === 'agent',
    );
    return name;
  };

  it('by cancelling it: its step ends, what it did is taken back', async () => {
    const name = await underWay('cancel');
    const job = (await tenant.action(name)).status?.stages?.find(({ stage }) => stage === 'run')?.name ?? '';
    for (const args of [
      ['exec', `job/${job}`, '-c', 'step-change', '--', 'id'],
      ['attach', `job/${job}`, '-c', 'step-change'],
      ['delete', '--dry-run=server', 'job', job],
    ]) {
      const { code, stderr } = await admin.tryKubectl([
        ...args.slice(0, 1),
        '-n',
        sandboxes,
        '--request-timeout=10s',
        ...args.slice(1),
      ]);
      assert.notEqual(code, 0, `${args[0]} went through`);
      assert.match(stderr, /belongs to Sentinel's operator alone/);
    }
    await tenant.agent.kubectl([
      'patch',
      'agentaction',
      name,
      '-n',
      tenant.namespace,
      '--type=merge',
      '-p',
      '{"spec":{"cancelled":true}}',
    ]);
    const action = await tenant.until(name, over);
    assert.equal(stateOf(action), 'Cancelled', messageOf(action));
    assert.equal(await read(tenant, 'deployment', 'cancel', '.metadata.annotations.note'), 'first');
  });

  it('by deleting the action: the Job goes first, what it did is taken back, then the action goes', async () => {
    const name = await underWay('remove');
    const job = (await tenant.action(name)).status?.stages?.find(({ stage }) => stage === 'run')?.name ?? '';
    await admin.kubectl(['delete', 'agentaction', name, '-n', tenant.namespace, '--wait=false']);
    await eventually(
      'the end of the action',
      async () => (await admin.tryKubectl(['get', 'agentaction', name, '-n', tenant.namespace])).code !== 0,
    );
    await eventually('the end of the Job', async () => (await admin.tryKubectl(['get', 'job', job, '-n', sandboxes])).code !== 0);
    assert.equal(await read(tenant, 'deployment', 'remove', '.metadata.annotations.note'), 'first');
  });
});

describe('The verbs of kubectl', { concurrency: true }, () => {
  let tenant: Tenant;
  const applied = (name: string) =>
    `kubectl apply -f - <<END\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {a: applied}\nEND\n`;
  const verbs: Readonly<Record<string, { script: string; kind: string; path: string; after: RegExp }>> = {
    'v-apply-new': { script: applied('v-apply-new'), kind: 'configmap', path: '.data.a', after: /^applied$/ },
    'v-apply-old': { script: applied('v-apply-old'), kind: 'configmap', path: '.data.a', after: /^applied$/ },
    'v-apply-server': {
      script: applied('v-apply-server').replace('apply', 'apply --server-side'),
      kind: 'configmap',
      path: '.data.a',
      after: /^applied$/,
    },
    'v-patch': {
      script: `kubectl get deployment v-patch >/dev/null; kubectl patch deployment v-patch --type=json -p '[{"op":"add","path":"/spec/minReadySeconds","value":7}]'`,
      kind: 'deployment',
      path: '.spec.minReadySeconds',
      after: /^7$/,
    },
    'v-set': {
      script: 'kubectl set env deployment/v-set A=b',
      kind: 'deployment',
      path: '.spec.template.spec.containers[0].env[0].value',
      after: /^b$/,
    },
    'v-scale': {
      script: 'kubectl scale deployment v-scale --replicas=1',
      kind: 'deployment',
      path: '.spec.replicas',
      after: /^1$/,
    },
    'v-label': {
      script: 'kubectl label deployment v-label a=b; kubectl annotate deployment v-label c=d',
      kind: 'deployment',
      path: '.metadata',
      after: /"c":"d".*"a":"b"/,
    },
    'v-restart': {
      script: 'kubectl rollout restart deployment/v-restart',
      kind: 'deployment',
      path: '.spec.template.metadata.annotations',
      after: /restartedAt/,
    },
  };

  before(async () => {
    const playbooks = Object.entries(verbs).map(([name, { script }]) => step(name, script));
    tenant = await makeTenant('gw-verbs', {
      policy,
      playbooks: playbooks.join('') + step('v-delete', 'kubectl delete deployment v-delete'),
    });
    const old = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'v-apply-old', namespace: tenant.namespace },
      data: { a: 'old' },
    };
    const names = [...Object.keys(verbs), 'v-delete'].filter((name) => !name.startsWith('v-apply'));
    await admin.apply([JSON.stringify(old), ...names.map((name) => deployment(tenant, name))].join('\n---\n'));
  });

  for (const [playbook, { kind, path, after }] of Object.entries(verbs)) {
    it(`${playbook.slice(2)} is rehearsed, then done as planned`, async () => {
      const earlier = await admin.tryKubectl(['get', kind, playbook, '-n', tenant.namespace, '-o', `jsonpath={${path}}`]);
      const name = await rehearsed(tenant, playbook);
      const still = await admin.tryKubectl(['get', kind, playbook, '-n', tenant.namespace, '-o', `jsonpath={${path}}`]);
      assert.equal(still.stdout, earlier.stdout);
      const action = await carriedOut(tenant, name);
      assert.equal(stateOf(action), 'Succeeded', messageOf(action));
      assert.match(await read(tenant, kind, playbook, path), after);
    });
  }

  it('delete is rehearsed, then done as planned', async () => {
    const name = await rehearsed(tenant, 'v-delete');
    assert.equal((await admin.tryKubectl(['get', 'deployment', 'v-delete', '-n', tenant.namespace])).code, 0);
    const action = await carriedOut(tenant, name);
    assert.equal(stateOf(action), 'Succeeded', messageOf(action));
    assert.equal((await admin.tryKubectl(['get', 'deployment', 'v-delete', '-n', tenant.namespace])).code, 1);
  });
});
