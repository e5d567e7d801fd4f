import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { showHealthCheck, untilStuck } from '../demo/health-check.ts';
import { admin, eventually, policyForAnyPlaybook, serviceAccount } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { carriedOut } from '../lib/runs.ts';
import { deleteWhenDone, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// `kubectl sentinel` as people and programs use it, against the real API server, webhook and operator, started by the real kubectl.

interface Report {
  readonly kind: string;
  readonly code: string;
  readonly name?: string;
  readonly state?: string;
  readonly rules?: readonly { readonly policy: string; readonly rule: string }[];
  readonly remedy?: string;
  readonly exitCode: number;
}
const json = (text: string) => JSON.parse(text) as Report;

describe('kubectl sentinel', { concurrency: true }, () => {
  let tenant: Tenant;
  let waiting: string;
  const image = ['deployment=web', 'container=web', 'image=registry.k8s.io/pause:3.9'];
  let place: string[];

  before(async () => {
    tenant = await makeTenant('cli');
    place = ['-n', tenant.namespace];
    await tenant.deploy('web');
    waiting = 'waits-for-people';
    const flags = ['--summary', 'Set the image', '--name', waiting, ...place];
    await tenant.agent.sentinel(['run', 'set-image', ...flags, ...image.flatMap((one) => ['--param', one])]);
    await tenant.until(waiting, ['AwaitingApproval']);
  });

  it('prints what kubectl prints for the same jsonpath', async () => {
    const templates = [
      '{.metadata.name}',
      '{range .status.conditions[*]}{.type}{"\\t"}{.reason}{"\\n"}{end}',
      '{.status.conditions[?(@.type=="Succeeded")].reason}',
      '{.metadata.annotations.sentinel\\.dev/requested-by}',
      '{.spec.parameters}',
      '{.status.stages[-1:].stage} and {.status.missing}',
      '{..playbookRef.name}',
      "{.status['plan','required']['risk','approvals']}",
    ];
    for (const template of templates) {
      const selected = [waiting, '-o', `jsonpath=${template}`, ...place];
      const [own, kubectls] = await Promise.all([
        tenant.approver.sentinel(['get', ...selected]),
        tenant.approver.kubectl(['get', 'agentaction', ...selected]),
      ]);
      assert.equal(own.trimEnd(), kubectls.trimEnd(), template);
    }
    const yaml = await tenant.approver.sentinel(['get', waiting, '-o', 'yaml', ...place]);
    assert.doesNotMatch(yaml, /managedFields/);
    assert.equal(
      await tenant.approver.sentinel(['get', waiting, '-o', 'name', ...place]),
      `agentaction.sentinel.dev/${waiting}\n`,
    );
  });

  it('takes names as kubectl does, and the beginning of one', async () => {
    const [one, slashed, prefix] = await Promise.all(
      [waiting, `agentactions.sentinel.dev/${waiting}`, 'waits'].map((name) =>
        tenant.approver.sentinel(['plan', name, ...place]),
      ),
    );
    assert.deepEqual([slashed, prefix], [one, one]);
    const refused = await tenant.approver.trySentinel(['reject', 'waits', '--comment', 'no', '--yes', ...place]);
    assert.deepEqual([refused.code, /pass the whole name: waits-for-people/.test(refused.stderr)], [2, true]);
  });

  it('reads a KUBECONFIG of several files of which one is missing, and is told another server', async () => {
    const env = { KUBECONFIG: '' };
    const both = `/does/not/exist:${tenant.approver.kubeconfig}`;
    const ran = await tenant.approver.tryKubectl(['sentinel', 'get', ...place, '--kubeconfig', tenant.approver.kubeconfig], {
      env,
    });
    assert.equal(ran.code, 0, ran.stderr);
    const { Person } = await import('../lib/cluster.ts');
    assert.match(await new Person(both).sentinel(['get', ...place]), new RegExp(waiting));
    const lost = await tenant.approver.trySentinel([
      'get',
      ...place,
      '--server',
      'https://127.0.0.1:1',
      '--request-timeout',
      '2s',
    ]);
    assert.match(lost.stderr, /the API server did not answer/);
    const spoken = await tenant.approver.trySentinel(['get', ...place, '-v', '6']);
    assert.match(spoken.stderr, /^GET https:.*agentactions\?limit=500 200 in \d+ milliseconds$/m);
  });

  it('tells an agent why it is refused: code, rule, remedy and an exit code of its own', async () => {
    const run = ['run', 'no-such-playbook', '--summary', 'Try', ...place, '--wait', '-o', 'json', '--timeout', '1m'];
    const ended = await tenant.agent.trySentinel(run);
    const answer = json(ended.code === 3 && ended.stdout !== '' ? ended.stdout : ended.stderr);
    assert.equal(ended.code, 3, ended.stderr);
    assert.ok(answer.code && answer.remedy && answer.rules?.length, JSON.stringify(answer));
  });

  it('waits for any end, and each kind of end has its exit code', async () => {
    const [read, refused] = await Promise.all([
      tenant.agent.trySentinel(['run', 'health-check', '--summary', 'Look', ...place, '--wait', '-o', 'json', '--timeout', '2m']),
      (async () => {
        const name = await tenant.file('set-image', { deployment: 'web', container: 'web', image: 'registry.k8s.io/pause:3.9' });
        const waited = tenant.agent.trySentinel(['wait', name, ...place, '-o', 'json', '--timeout', '2m']);
        await tenant.until(name, ['AwaitingApproval']);
        await tenant.approver.sentinel(['reject', name, ...place, '--comment', 'not now', '--yes']);
        return await waited;
      })(),
    ]);
    assert.deepEqual([read.code, json(read.stdout).state], [0, 'NoEffect'], read.stderr);
    assert.deepEqual([refused.code, json(refused.stdout).code], [3, 'Rejected'], refused.stderr);
    const late = await tenant.agent.trySentinel(['wait', waiting, ...place, '--timeout', '1s']);
    assert.deepEqual([late.code, /has not ended within 1s; it is AwaitingApproval/.test(late.stderr)], [5, true], late.stderr);
  });

  it('is completed by kubectl with names of objects', async () => {
    const complete = async (...words: string[]) => await tenant.approver.kubectl(['__complete', 'sentinel', ...words]);
    assert.match(await complete('appr'), /^approve\tApprove the plan of an action\n/);
    const found = await eventually(
      'the action among the candidates',
      async () => {
        const text = await complete('approve', ...place, 'waits');
        return text.includes(`${waiting}\tAwaitingApproval`) && text;
      },
      20,
    );
    assert.match(found, /:4\n/);
  });

  it('examines the installation, for an admin and for somebody who may read little', async () => {
    const ran = await admin.trySentinel(['doctor', ...place, '-o', 'json']);
    const { items } = JSON.parse(ran.stdout) as { items: { name: string; verdict: string; detail: string; next?: string }[] };
    assert.deepEqual(
      items.filter(({ verdict }) => verdict === 'fail'),
      [],
      ran.stdout,
    );
    assert.deepEqual(
      items.filter(({ verdict }) => verdict === 'skip'),
      [],
      ran.stdout,
    );
    assert.equal(ran.code, 0);
    const seen = await tenant.viewer.trySentinel(['doctor', ...place]);
    assert.match(seen.stdout, /^skip {2}webhook +not checked: you may not read it$/m);
    assert.match(seen.stdout, /^ok {4}API server/m);
    const version = await admin.sentinel(['version']);
    assert.match(version, /^Client Version: (\S+)\nServer Version: \1\nKubernetes: +v1\./);
  });

  it('suspends one agent with one command, and resumes it', async () => {
    const second = await makeTenant('cli-suspend');
    const there = ['-n', second.namespace];
    const run = ['run', 'health-check', '--summary', 'Look', ...there, '-o', 'json'];
    await admin.sentinel(['agents', 'suspend', 'repair-agent', '--yes', ...there]);
    const refused = await second.agent.trySentinel(run);
    assert.deepEqual([refused.code, json(refused.stderr).code], [3, 'PolicySuspended'], refused.stderr);
    assert.match(json(refused.stderr).rules?.[0]?.policy ?? '', /^AgentPolicy\/suspend-repair-agent-/);
    const policies = () => admin.kubectl(['get', 'agentpolicies', ...there, '-o', 'name']);
    assert.match(await policies(), /suspend-repair-agent-/);
    await admin.sentinel(['agents', 'resume', 'repair-agent', ...there]);
    assert.doesNotMatch(await policies(), /suspend-repair-agent-/);
    const accepted = await second.agent.trySentinel(run);
    assert.equal(accepted.code, 0, accepted.stderr);
    assert.match(await admin.sentinel(['agents', ...there]), /sa:repair-agent +1 +\d +health-check-/);
  });

  it('makes and deletes accounts, whose cluster-wide parts go with the namespace', async () => {
    const namespace = `cli-account-${randomBytes(3).toString('hex')}`;
    await admin.kubectl(['create', 'namespace', namespace]);
    deleteWhenDone(namespace);
    const create = (name: string, role: string) =>
      admin.trySentinel(['account', 'create', name, '-n', namespace, '--role', role]);
    const unknown = await create('fixer', 'no-such-role');
    assert.deepEqual([unknown.code, /there is no ClusterRole 'no-such-role'/.test(unknown.stderr)], [1, true], unknown.stderr);
    for (const name of ['fixer', 'other']) assert.equal((await create(name, 'edit')).code, 0);
    const exists = async (name: string) =>
      (await admin.tryKubectl(['get', 'clusterrole,clusterrolebinding', `sentinel-account-${namespace}-${name}`])).code === 0;
    assert.equal(await exists('fixer'), true);
    await admin.sentinel(['account', 'delete', 'fixer', '--yes', '-n', namespace]);
    assert.equal(await exists('fixer'), false);
    assert.match(await admin.sentinel(['account', 'list', '-n', namespace]), /^NAME +ROLE +USED-BY\nother /);
    await admin.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await eventually('the cluster role of the other account to go', async () => !(await exists('other')), 80);
  });

  it('shows an action that waits, where it is and what comes next', async () => {
    const status = await tenant.approver.sentinel(['status', waiting, ...place]);
    assert.match(status, new RegExp(`^${tenant.namespace}/${waiting} {2}AwaitingApproval`));
    assert.match(status, /next {7}kubectl sentinel plan waits-for-people/);
    const queue = await tenant.approver.sentinel(['queue', ...place, '--risk', 'Low+']);
    assert.match(queue, new RegExp(`^${waiting} `, 'm'));
    assert.equal(stateOf(await tenant.action(waiting)), 'AwaitingApproval');
  });

  it('prints what kubectl prints for the same columns, sorted, and with no headings', async () => {
    const columns = 'NAME:.metadata.name,STATE:.status.conditions[?(@.type=="Succeeded")].reason,BY:.metadata.annotations.nobody';
    const flags = ['-o', `custom-columns=${columns}`, '--sort-by', '.metadata.creationTimestamp', '--no-headers', ...place];
    const print = async () => ({
      own: await tenant.approver.sentinel(['get', ...flags]),
      kubectls: await tenant.approver.kubectl(['get', 'agentactions', ...flags]),
    });
    // Other tests create actions in between.
    await eventually('the same rows', async () => {
      const { own, kubectls } = await print();
      const rows = (text: string) => text.trim().replaceAll(/ +/g, ' ');
      return rows(own) !== '' && rows(own) === rows(kubectls);
    });
    const bare = await tenant.approver.sentinel(['queue', '--no-headers', ...place]);
    assert.match(bare, new RegExp(`^${waiting} `));
    assert.doesNotMatch(bare, /^ {2}/m);
  });
});

const changes = ['sh', '-c', 'echo "the step speaks"; kubectl annotate --overwrite deployment web note=done'];
const unwell = '  verify: [{name: check, command: [sh, -c, "echo it is not well; exit 1"]}]\n';

describe('kubectl sentinel logs', { concurrency: false }, () => {
  let tenant: Tenant;
  let place: string[];
  const logs = (...args: string[]) => tenant.approver.trySentinel(['logs', ...args, ...place]);
  const name = 'goes-back';
  before(async () => {
    tenant = await makeTenant('cli-logs', {
      playbooks: oneStep('goes-back', changes, { more: unwell }),
      policy: policyForAnyPlaybook(),
    });
    place = ['-n', tenant.namespace];
    await tenant.deploy('web');
    await tenant.agent.sentinel(['run', 'goes-back', '--summary', 'Change and go back', '--name', name, ...place]);
    await tenant.until(name, ['AwaitingApproval']);
    const action = await carriedOut(tenant, name);
    assert.equal(stateOf(action), 'RolledBack', messageOf(action));
  });

  it('shows each stage, the rollback too', async () => {
    for (const [stage, expected] of [
      ['rehearsal', /^ {2}\| the step speaks$/m],
      ['run', /^ {2}\| the step speaks$/m],
      ['verification', /STEP {2}check, exit code 1\n {2}\| it is not well$/m],
      ['rollback', /RESULT {2}rollback \(application\/json\)[\s\S]*Restored/],
    ] as const) {
      const { code, stdout, stderr } = await logs(name, '--stage', stage);
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`^EVIDENCE {2}${stage} `), stage);
      assert.match(stdout, expected, stage);
    }
    const { stdout } = await logs(name, '--all-stages', '-o', 'jsonpath={.items[*].spec.stage}');
    assert.equal(stdout.trim(), 'rehearsal run verification rollback');
  });

  it('says in words and with an exit code what cannot be shown', async () => {
    const none = await logs(name, '--stage', 'results', '-o', 'json');
    assert.deepEqual([none.code, json(none.stderr).code], [1, 'EvidenceMissing'], none.stderr);
    const gone = await logs('--digest', `sha256:${'0'.repeat(64)}`, '-o', 'json');
    assert.deepEqual([gone.code, json(gone.stderr).code], [1, 'EvidenceDeleted'], gone.stderr);
    const agent = await makeTenant('cli-logs-other');
    const refused = await agent.agent.trySentinel(['logs', name, ...place, '-o', 'json']);
    assert.deepEqual([refused.code, json(refused.stderr).code], [3, 'AccessDenied'], refused.stderr);
  });

  it('shows the evidence of an action that is deleted, by its digest', async () => {
    const digest = (await tenant.action(name)).status?.stages?.find(({ stage }) => stage === 'run')?.evidence ?? '';
    await admin.kubectl(['delete', 'agentaction', name, ...place]);
    const missing = await logs(name);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /kubectl sentinel logs --digest DIGEST/);
    const { code, stdout, stderr } = await logs('--digest', digest);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^EVIDENCE {2}run [\s\S]*the step speaks/);
  });
});

describe('The part of the demo about schedules', () => {
  it('shows a health check of the library on its schedule, and what it found', async () => {
    const tenant = await makeTenant('cli-health');
    await tenant.deploy('web');
    const told: string[] = [];
    const tell = (text: string) => void told.push(text);
    const target = { admin, agent: (namespace: string, name: string) => serviceAccount(namespace, name) };
    const speaks = { say: tell, show: tell, command: tell, trust: tenant.trust };
    const stage = { target, namespace: tenant.namespace, tools: tenant.image, ...speaks };
    await untilStuck(stage);
    await showHealthCheck(stage);
    const text = told.join('\n');
    assert.match(text, /^namespace-health +\*\/30 \* \* \* \* +True /m);
    assert.match(text, /Critical {2}pod-image-pull {2}Deployment\/web: .*\n.*\n +next: .* \(Playbook set-image\)/);
  });
});
