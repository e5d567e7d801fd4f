import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { auditEntries } from '../lib/audit-log.ts';
import { admin, eventually, example, type Person, person } from '../lib/cluster.ts';
import { loadedImages } from '../lib/images.ts';
import { annotateWeb, oneStep } from '../lib/one-step.ts';
import { filersOf, mayFile, policyAbout } from '../lib/people/requester.ts';
import { type ActionView, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Ways in from the side: straight to the webhook, as somebody else, at the same moment as somebody else, in another encoding, by
// way of another API server.

const policy = (approvals: number) => policyAbout('rita', approvals);

const rights = (ns: string) => `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: patchers, namespace: ${ns}}
rules: [{apiGroups: [sentinel.dev], resources: [agentactions], verbs: [get, patch, update]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: patchers, namespace: ${ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: patchers}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: mallory}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: more-approvers, namespace: ${ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sentinel-approver}
subjects:
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: otto}
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: rita}
${mayFile('rita', ns)}`;

const GROUP = 'side.sentinel.example';
// Another API server, which is nobody: that the API server passes such requests on is enough, whoever would answer them.
const apiService = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: `v1.${GROUP}` },
  spec: {
    group: GROUP,
    version: 'v1',
    groupPriorityMinimum: 100,
    versionPriority: 100,
    insecureSkipTLSVerify: true,
    service: { name: 'nobody', namespace: 'default', port: 443 },
  },
};

// Made first and used last: the gateway asks for the list of them now and then.
before(() => admin.apply(JSON.stringify(apiService)));
after(() => admin.kubectl(['delete', 'apiservice', `v1.${GROUP}`, '--ignore-not-found']));

const approvals = 'sentinel.dev/approvals';
type Answer = { code: number; stdout: string; stderr: string };

const linesOf = ({ metadata }: ActionView) => (metadata.annotations[approvals] ?? '').split('\n').filter((line) => line !== '');
const deployWeb = (namespace: string) =>
  admin.apply(
    example('shop/workload.yaml').replaceAll('namespace: shop', `namespace: ${namespace}`).replace('replicas: 1', 'replicas: 0'),
  );

function refused({ code, stderr }: Answer | { code: number; stderr: string }, message: string): void {
  assert.notEqual(code, 0, 'it was not refused');
  assert.ok(stderr.includes(message), `${stderr}\ndoes not say: ${message}`);
}

/** Annotates an action, in a request that says that it approves the plan. */
const annotate = async (who: Person, tenant: Tenant, name: string, annotations: Record<string, string>): Promise<Answer> =>
  who.tryKubectl([
    ...['patch', 'agentaction', name, '-n', tenant.namespace, '--type=merge'],
    ...['-p', JSON.stringify({ metadata: { annotations } })],
    `--field-manager=approve:${(await tenant.action(name)).status?.plan?.digest}`,
  ]);

describe('A review of one’s own, straight to the webhook', { concurrency: false }, () => {
  let tenant: Tenant;
  let action: string;
  let mallory: Person;
  let rita: Person;
  let otto: Person;
  let port = 0;
  let forward: ReturnType<typeof spawn>;

  before(async () => {
    tenant = await makeTenant('side-forged', { playbooks: annotateWeb('touch'), policy: policy(1) });
    await admin.apply(rights(tenant.namespace));
    await deployWeb(tenant.namespace);
    [mallory, rita, otto] = await Promise.all([
      person('mallory', ['shop-viewers']),
      person('rita', [filersOf('rita'), 'shop-approvers', 'shop-viewers']),
      person('otto', ['shop-viewers']),
    ]);
    action = await tenant.file('touch', { key: 'forged' });
    await tenant.until(action, ['AwaitingApproval']);
    forward = spawn(
      join(paths.bin, 'kubectl'),
      ['--kubeconfig', admin.kubeconfig, 'port-forward', '-n', 'sentinel-system', 'service/sentinel-webhook', ':443'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    port = await new Promise<number>((resolve, reject) => {
      forward.stdout?.setEncoding('utf8').on('data', (text: string) => {
        const [, found] = /127\.0\.0\.1:(\d+)/.exec(text) ?? [];
        if (found) resolve(Number(found));
      });
      forward.once('exit', () => reject(new Error('kubectl port-forward ended')));
    });
  });

  after(() => forward.kill());

  interface Review {
    readonly allowed: boolean;
    readonly patch?: string;
    readonly status?: { message: string };
  }

  /** What the webhook answers to a review that says that `userInfo` approves; `forge` changes what it says of the action. */
  async function review(
    name: string,
    userInfo: { username: string; groups: string[]; extra?: Record<string, string[]> },
    forge: (object: Record<string, never>) => void = () => undefined,
  ): Promise<Review> {
    const live = await admin.get<Record<string, never>>(['agentaction', name, '-n', tenant.namespace]);
    forge(live);
    const { metadata, status } = live as unknown as ActionView;
    const decision = { 'sentinel.dev/decision': 'approve', 'sentinel.dev/plan': status?.plan?.digest ?? '' };
    const object = { ...live, metadata: { ...metadata, annotations: { ...metadata.annotations, ...decision } } };
    const request = {
      uid: 'forged',
      resource: { group: 'sentinel.dev', version: 'v1alpha1', resource: 'agentactions' },
      operation: 'UPDATE',
      namespace: tenant.namespace,
      name,
      userInfo,
      object,
      oldObject: live,
      options: { kind: 'UpdateOptions', fieldManager: `approve:${status?.plan?.digest}` },
    };
    const { text } = await post(port, { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request });
    return (JSON.parse(text) as { response: Review }).response;
  }

  /** The record that came back, with its seal. */
  function sealed(answer: Review): string {
    assert.equal(answer.allowed, true, answer.status?.message);
    const patch = JSON.parse(Buffer.from(answer.patch ?? '', 'base64').toString('utf8')) as {
      path: string;
      value: Record<string, string>;
    }[];
    const line =
      patch
        .find(({ path }) => path === '/metadata/annotations')
        ?.value[approvals]?.split('\n')
        .at(-1) ?? '';
    assert.match((JSON.parse(line) as { seal: string }).seal, /^[A-Za-z0-9+/]{86}==$/);
    return line;
  }

  const wrongName = 'sentinel: a decision must name this action, its current plan, and who makes it';
  const stillWaits = async (name: string) => {
    const found = await tenant.action(name);
    assert.equal(stateOf(found), 'AwaitingApproval', messageOf(found));
    assert.deepEqual(linesOf(found), []);
  };

  it('changes nothing by itself: what comes back is an answer and no more', async () => {
    sealed(await review(action, { username: 'ada', groups: ['shop-approvers', 'shop-viewers', 'system:authenticated'] }));
    await stillWaits(action);
  });

  it('that names an approver gets a seal that nobody else can use, and the approver has it from nobody', async () => {
    const line = sealed(
      await review(action, { username: 'ada', groups: ['shop-approvers', 'shop-viewers', 'system:authenticated'] }),
    );
    for (const who of [mallory, otto, rita, tenant.agent, admin]) {
      const answer = await annotate(who, tenant, action, { [approvals]: line });
      assert.notEqual(answer.code, 0, 'it was taken');
      assert.match(
        answer.stderr,
        /a decision must name this action, its current plan, and who makes it|cannot patch resource|you can act as who asked/,
      );
    }
    await stillWaits(action);
  });

  it('that names oneself is refused without the right, and with groups that one does not have the seal does not fit', async () => {
    const plain = await review(action, { username: 'mallory', groups: ['shop-viewers', 'system:authenticated'] });
    assert.equal(plain.allowed, false);
    assert.match(plain.status?.message ?? '', /'mallory' does not hold the verb 'approve'/);
    for (const more of ['shop-approvers', 'shop-viewers']) {
      const names = { username: 'mallory', groups: ['shop-approvers', more, 'system:authenticated'] };
      const line = sealed(await review(action, names));
      refused(await annotate(mallory, tenant, action, { [approvals]: line }), wrongName);
    }
    await stillWaits(action);
  });

  it('that hides who asked does not let them approve', async () => {
    const name = 'ritas';
    const spec = { intent: { summary: 'Own' }, playbookRef: { name: 'touch' }, parameters: [{ name: 'key', value: 'own' }] };
    const object = {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: { name, namespace: tenant.namespace },
      spec,
    };
    await rita.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
    await tenant.until(name, ['AwaitingApproval']);
    const me = await whoAmI(rita);
    const honest = await review(name, me);
    assert.match(honest.status?.message ?? '', /you asked for this action: somebody else must approve it/);
    const forged = (stamp: string | undefined) =>
      review(name, me, (live) => {
        const { annotations } = (live as unknown as ActionView).metadata;
        if (stamp === undefined) delete annotations['sentinel.dev/requested-by'];
        else annotations['sentinel.dev/requested-by'] = stamp;
      });
    // Without a stamp nobody knows whose approval it needs; with another's, the API server knows better.
    assert.match((await forged(undefined)).status?.message ?? '', /it is not known who asked for this action or edited it/);
    const line = sealed(await forged('{"user":"somebody","uid":"","groups":[]}'));
    refused(
      await annotate(rita, tenant, name, { [approvals]: line }),
      'you asked for this action, or edited it, or the agent acts on your behalf: somebody else must approve it',
    );
    await stillWaits(name);
  });

  it('that brings claims which policy requires gets a seal that does not fit: the record names them', async () => {
    const name = await tenant.file('touch', { key: 'claims' });
    await tenant.until(name, ['AwaitingApproval']);
    const { namespace } = tenant;
    const spec = {
      subjects: [{ kind: 'ServiceAccount', name: 'repair-agent', namespace }],
      modes: ['DryRun', 'Apply'],
      identity: { approverClaims: [{ name: 'example.com/mfa', values: ['true'] }] },
    };
    const floor = { apiVersion: 'sentinel.dev/v1alpha1', kind: 'ClusterAgentPolicy', metadata: { name: namespace }, spec };
    await admin.apply(JSON.stringify(floor));
    try {
      const me = await whoAmI(tenant.approver);
      assert.match((await review(name, me)).status?.message ?? '', /the claim 'example\.com\/mfa' must be one of true/);
      const line = sealed(await review(name, { ...me, extra: { 'example.com/mfa': ['true'] } }));
      refused(
        await annotate(tenant.approver, tenant, name, { [approvals]: line }),
        'sentinel: a decision must name the claims of who makes it as the API server authenticated them',
      );
    } finally {
      await admin.kubectl(['delete', 'clusteragentpolicy', namespace]);
    }
    await stillWaits(name);
  });

  it('that hides what policy asks for gets a seal that does not count', async () => {
    const me = await whoAmI(otto);
    const honest = await review(action, me);
    assert.match(honest.status?.message ?? '', /policy asks for an approver from one of the groups shop-approvers/);
    const line = sealed(
      await review(action, me, (live) => {
        delete (live as unknown as { status: { required?: unknown } }).status.required;
      }),
    );
    const { code, stderr } = await annotate(otto, tenant, action, { [approvals]: line });
    assert.equal(code, 0, stderr);
    const decided = await eventually('the decision in the status', async () => {
      const now = await tenant.action(action);
      return now.status?.decisions?.length === 1 && now;
    });
    assert.equal(stateOf(decided), 'AwaitingApproval', messageOf(decided));
    assert.deepEqual(
      decided.status?.decisions?.map(({ user, counts, why }) => [user, counts, why]),
      [['otto', false, 'the user is in none of the groups shop-approvers']],
    );
  });
});

async function whoAmI(who: Person): Promise<{ username: string; groups: string[] }> {
  const { status } = JSON.parse(await who.kubectl(['auth', 'whoami', '-o', 'json'])) as {
    status: { userInfo: { username: string; groups: string[] } };
  };
  return { username: status.userInfo.username, groups: status.userInfo.groups };
}

function post(port: number, body: unknown): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/mutate',
        rejectUnauthorized: false,
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.setTimeout(10_000, () => request.destroy(new Error('timeout')));
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

describe('Somebody in the name of somebody else', { concurrency: false }, () => {
  let tenant: Tenant;
  let action: string;
  const as = ['--as', 'ada', '--as-group', 'shop-approvers'];

  before(async () => {
    tenant = await makeTenant('side-as', { playbooks: annotateWeb('touch'), policy: policy(1) });
    await deployWeb(tenant.namespace);
    action = await tenant.file('touch', { key: 'as' });
    await tenant.until(action, ['AwaitingApproval']);
  });

  const approve = async (who: Person, more: readonly string[]) => {
    const plan = (await tenant.action(action)).status?.plan?.digest;
    return await who.tryKubectl([
      ...['annotate', 'agentaction', action, '-n', tenant.namespace, 'sentinel.dev/decision=approve'],
      ...[`sentinel.dev/plan=${plan}`, `--field-manager=approve:${plan}`, ...more],
    ]);
  };

  it('is refused by the API server without the right to impersonate', async () => {
    for (const who of [tenant.viewer, tenant.agent, tenant.approver]) {
      const answer = await approve(who, ['--as', 'bea', '--as-group', 'shop-approvers']);
      assert.notEqual(answer.code, 0, 'it was not refused');
      assert.match(answer.stderr, /cannot impersonate/);
    }
  });

  it('is not one of Sentinel’s programs nor a virtual user, not even for an admin: programs do not decide', async () => {
    for (const user of [
      'system:serviceaccount:sentinel-system:sentinel-operator',
      'system:serviceaccount:sentinel-system:sentinel-webhook',
      `sentinel:enforce:${tenant.namespace}:remediator`,
    ]) {
      const { code, stderr } = await approve(admin, ['--as', user, '--as-group', 'system:masters']);
      assert.notEqual(code, 0, user);
      assert.match(stderr, /only people can decide|was not sealed|you can act as who asked/, user);
    }
    assert.deepEqual(linesOf(await tenant.action(action)), []);
  });

  it('who may impersonate decides as them, and the audit log of the cluster names both', async () => {
    const { code, stderr } = await approve(admin, as);
    assert.equal(code, 0, stderr);
    const done = await tenant.until(action, ['Succeeded']);
    assert.deepEqual(
      linesOf(done).map((line) => (JSON.parse(line) as { user: string }).user),
      ['ada'],
    );
    const me = await whoAmI(admin);
    const found = await eventually('the line in the audit log', async () => decisionsInAuditLog(tenant.namespace, action));
    assert.deepEqual(found, [[me.username, 'ada']]);
  });
});

async function decisionsInAuditLog(namespace: string, name: string): Promise<[string, string | undefined][] | undefined> {
  const found = (await auditEntries(namespace)).filter(
    ({ verb, impersonatedUser, objectRef, responseStatus }) =>
      verb === 'patch' &&
      impersonatedUser !== undefined &&
      objectRef?.resource === 'agentactions' &&
      objectRef.subresource === undefined &&
      objectRef.name === name &&
      responseStatus?.code === 200,
  );
  return found.length > 0 ? found.map(({ user, impersonatedUser }) => [user.username, impersonatedUser?.username]) : undefined;
}

describe('Two people at the same moment', { concurrency: false }, () => {
  const ROUNDS = 5;
  let one: Tenant;
  let two: Tenant;
  let bea: Person;

  before(async () => {
    [one, two] = (await Promise.all(
      [1, 2].map((needed) => makeTenant(`side-race${needed}`, { playbooks: annotateWeb('touch'), policy: policy(needed) })),
    )) as [Tenant, Tenant];
    await Promise.all([deployWeb(one.namespace), deployWeb(two.namespace)]);
    bea = await person('bea', ['shop-approvers', 'shop-viewers']);
  });

  const clear = /object has been modified|Operation cannot be fulfilled|only added to|it is too late to decide: the action is/;

  it('one approves and one rejects: what is rejected never runs, and who came too late is told so', async (t) => {
    const names = await Promise.all(Array.from({ length: ROUNDS }, (_, round) => one.file('touch', { key: `round-${round}` })));
    const seen: Record<string, number> = {};
    for (const name of names) {
      await one.until(name, ['AwaitingApproval']);
      const plan = (await one.action(name)).status?.plan?.digest;
      const answers = await Promise.all([one.decide(one.approver, name, 'approve', plan), one.decide(bea, name, 'reject', plan)]);
      for (const { code, stderr } of answers) if (code !== 0) assert.match(stderr, clear);
      assert.ok(
        answers.some(({ code }) => code === 0),
        'both were refused',
      );
      const ended = await one.until(name, ['Succeeded', 'Rejected', 'Cancelled', 'RolledBack', 'Blocked']);
      const rejected = linesOf(ended).some((line) => (JSON.parse(line) as { decision: string }).decision === 'reject');
      const ran = ended.status?.stages?.some(({ stage }) => stage === 'run') ?? false;
      assert.equal(
        rejected,
        answers[1].code === 0,
        `${name}: a rejection that was taken is in the record, and one that was not is not`,
      );
      assert.equal(ran, !rejected, `${name}: ${stateOf(ended)}: ${messageOf(ended)}`);
      const outcome = rejected ? 'rejected' : 'ran';
      seen[outcome] = (seen[outcome] ?? 0) + 1;
    }
    t.diagnostic(JSON.stringify(seen));
  });

  it('two of two approve: both are kept, or one is told to try again and then is', async () => {
    for (let round = 0; round < 3; round++) {
      const name = await two.file('touch', { key: `both-${round}` });
      await two.until(name, ['AwaitingApproval']);
      const plan = (await two.action(name)).status?.plan?.digest;
      const decide = async (who: Person) => {
        const first = await two.decide(who, name, 'approve', plan);
        if (first.code === 0) return;
        assert.match(first.stderr, /object has been modified|Operation cannot be fulfilled|only added to/);
        const again = await two.decide(who, name, 'approve', plan);
        assert.equal(again.code, 0, again.stderr);
      };
      await Promise.all([decide(two.approver), decide(bea)]);
      const done = await two.until(name, ['Succeeded']);
      const users = linesOf(done).map((line) => (JSON.parse(line) as { user: string }).user);
      assert.deepEqual(users.sort(), ['ada', 'bea']);
      const records = done.status?.outbox?.records.filter(({ transition }) => transition === 'Decided').map(({ actor }) => actor);
      assert.deepEqual(records?.sort(), ['ada', 'bea']);
    }
  });
});

// What runs in the sandbox: requests to the gateway, the answers as a result.
const driver = `
const fs = require('fs'), https = require('https');
const dir = '/var/run/secrets/kubernetes.io/serviceaccount/';
const read = (name) => fs.readFileSync(dir + name, 'utf8');
const send = ([method, path, body, type]) => new Promise((resolve) => {
  const bytes = body === undefined ? undefined : Buffer.from(body, 'base64');
  const request = https.request({ host: 'sentinel-gateway', port: 443, ca: read('ca.crt'), method, path: path.replaceAll('NS', read('namespace')),
    headers: { authorization: 'Bearer ' + read('token'), ...(bytes ? { 'content-type': type, 'content-length': bytes.length } : {}) } });
  request.on('response', (response) => {
    let text = '';
    response.on('data', (chunk) => { text += chunk; });
    response.on('end', () => resolve([response.statusCode, JSON.parse(text).message || JSON.parse(text).kind]));
  });
  request.on('error', (error) => resolve([0, error.code]));
  request.end(bytes);
});
(async () => {
  const out = [];
  for (const one of JSON.parse(process.argv[1])) out.push(await send(one));
  fs.writeFileSync(process.env.SENTINEL_RESULTS + '/report', JSON.stringify(out));
})();
`;

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
/** An object `made` with `a: secret` in its data, as Kubernetes writes it in protobuf: magic, then Unknown{typeMeta, raw}. */
function protobuf(kind: 'ConfigMap' | 'Secret'): string {
  const field = (number: number, bytes: Buffer) => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  const text = (number: number, value: string) => field(number, Buffer.from(value));
  const object = Buffer.concat([field(1, text(1, 'made')), field(2, Buffer.concat([text(1, 'a'), text(2, 'secret')]))]);
  const unknown = Buffer.concat([field(1, Buffer.concat([text(1, 'v1'), text(2, kind)])), field(2, object)]);
  return Buffer.concat([Buffer.from('k8s\0'), unknown]).toString('base64');
}

describe('From inside a sandbox', { concurrency: false }, () => {
  let tenant: Tenant;
  let ended: ActionView;
  let answers: [number, string][];

  const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
  const requests = [
    ['POST', '/api/v1/namespaces/NS/configmaps', protobuf('ConfigMap'), PROTOBUF],
    ['POST', '/api/v1/namespaces/NS/configmaps?dryRun=All', protobuf('ConfigMap'), PROTOBUF],
    ['POST', '/api/v1/namespaces/NS/secrets', protobuf('Secret'), PROTOBUF],
    ['GET', `/apis/${GROUP}/v1/namespaces/NS/things`],
    [
      'POST',
      `/apis/${GROUP}/v1/namespaces/NS/things`,
      json({ apiVersion: `${GROUP}/v1`, kind: 'Thing', metadata: { name: 'made' } }),
      'application/json',
    ],
    ['DELETE', `/apis/${GROUP}/v1/namespaces/NS/things/made`],
  ];

  before(async () => {
    const name = 'send';
    const playbook = oneStep(name, ['/usr/local/bin/node', '-e', driver, '--', JSON.stringify(requests)], {
      image: loadedImages().sentinel,
      more: '  results:\n  - {name: report, mediaType: application/json}\n',
    });
    const all = `
  kubernetes:
  - {apiGroups: ["*"], resources: ["*"], verbs: ["*"], decision: RequireApproval}
`;
    const open = policy(1).replace(/\n {2}kubernetes:\n[\s\S]*?\n {2}approvals:/, `${all}  approvals:`);
    tenant = await makeTenant('side-inside', { playbooks: playbook, policy: open });
    ended = await tenant.until(await tenant.file(name), ['NoEffect', 'AwaitingApproval', 'RehearsalFailed', 'Denied']);
    answers = JSON.parse(ended.status?.results?.[0]?.content ?? assert.fail(messageOf(ended))) as [number, string][];
    assert.equal(stateOf(ended), 'AwaitingApproval', JSON.stringify(answers));
  });

  // `kubectl create` sends it. The query alone says whether a POST is a dry-run, so the bytes stay as they are; what comes of them is
  // asked for as JSON, and that is what people see.
  it('a create in protobuf is an effect like any other: seen whole, tried only, and refused for what may not be made', async () => {
    assert.deepEqual(answers.slice(0, 2), [
      [201, 'ConfigMap'],
      [201, 'ConfigMap'],
    ]);
    assert.equal(answers[2]?.[0], 403);
    assert.match(answers[2]?.[1] ?? '', /Secrets may not be touched from a sandbox|secrets may not be touched from a sandbox/);
    const plan = await admin.get<{
      spec: { effects: { verb: string; resource: string; name: string; change: { path: string; after?: string }[] }[] };
    }>(['actionplan', ended.status?.plan?.name ?? '', '-n', tenant.namespace]);
    assert.deepEqual(
      plan.spec.effects.map(({ verb, resource, name }) => [verb, resource, name]),
      [['create', 'configmaps', 'made']],
    );
    assert.ok(
      plan.spec.effects[0]?.change.some(({ path, after }) => path === '/data' && after === '{"a":"secret"}'),
      JSON.stringify(plan.spec.effects),
    );
    assert.equal((await admin.tryKubectl(['get', 'configmap', 'made', '-n', tenant.namespace])).code, 1);
  });

  it('an API of another server is refused, to read and to write', () => {
    for (const [status, message] of answers.slice(3)) {
      assert.equal(status, 403, message);
      assert.match(message, /is served by another server, which need not honour a dry-run/);
    }
  });
});
