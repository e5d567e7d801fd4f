import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { agentActions, annotations, type Playbook, playbooks, type ScheduleSpec } from '@sentinel/crds';
import { cronjobs, events } from '@sentinel/kube';
import { scheduledAction } from '@sentinel/policy';
import { admin, eventually, Person } from '../lib/cluster.ts';
import { startEvilWebhook } from '../lib/hostile/evil-webhook.ts';
import { oneStep } from '../lib/one-step.ts';
import { accepted, refused } from '../lib/people/answers.ts';
import { approve } from '../lib/runs.ts';
import { client, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';
import { policyForSchedules, SCHEDULE_ACCOUNT, SCHEDULES, trusterMayUse } from '../lib/worlds/schedules.ts';

// What comes of the actions of schedules. The account of schedules may file the run of the coming minute, so nothing waits for more than
// one minute: both runs of each Playbook are filed as its pods file them, and all cases go on beside each other.

const MINUTE_MS = 60_000;
const observes = { profile: 'Observe' } as const;
const each = (more = '') => `  schedule: {cron: "* * * * *"${more}}\n`;
/** Annotates the Deployment of its own name. */
const touches = (name: string, more = '') =>
  oneStep(name, ['kubectl', 'annotate', '--overwrite', 'deployment', name, 'touched=yes'], { more: each(more) });
const books = [
  touches('forbid'),
  touches('replace', ', concurrencyPolicy: Replace'),
  touches('allow', ', concurrencyPolicy: Allow'),
  touches('busy', ', concurrencyPolicy: Replace').replace(
    '  rollback',
    '  - {name: wait, command: [kubectl, wait, --for=create, deployment/go, --timeout=150s]}\n  rollback',
  ),
  oneStep('late', ['kubectl', 'get', 'deployment', 'late'], { ...observes, more: each() }),
  oneStep('kept', ['kubectl', 'get', 'pods'], { ...observes, more: each(', history: {succeeded: 1}') }),
  oneStep('paused', ['kubectl', 'get', 'pods'], { ...observes, more: each(', suspend: true') }),
  oneStep('inspect', ['sentinel-inspect', 'namespace', '--since=1h'], {
    ...observes,
    more: `  results: [{name: findings, mediaType: application/vnd.sentinel.findings.v1+json}]\n${each()}`,
  }).replace('_IMAGE}"}', '_IMAGE}", resources: {memory: 512Mi}}'),
].join('');
const reads = `
  - {apiGroups: [""], resources: [resourcequotas, persistentvolumeclaims], verbs: [list], decision: Allow}
  - {apiGroups: [apps], resources: [statefulsets, daemonsets], verbs: [list], decision: Allow}
  - {apiGroups: [policy], resources: [poddisruptionbudgets], verbs: [list], decision: Allow}
  - {apiGroups: [batch], resources: [jobs, cronjobs], verbs: [list], decision: Allow}
  - {apiGroups: [events.k8s.io], resources: [events], verbs: [list], decision: Allow}`;

let tenant: Tenant;
let namespace = '';

describe('The actions of a schedule', { concurrency: true }, () => {
  let account: Person;
  /** The first minute that is due after all schedules began to run; the second is the next one. */
  let first = 0;
  const second = () => first + MINUTE_MS;

  const playbook = (name: string): Promise<Playbook> => client.getOrThrow(playbooks, { name, namespace });
  const conditionOf = async (name: string, type: string) =>
    (await playbook(name)).status?.conditions?.find((condition) => condition.type === type);
  const schedule = (name: string, spec: Partial<ScheduleSpec>) =>
    client.patch(playbooks, { name, namespace }, { spec: { schedule: spec } }, { type: 'merge' });

  /** Files the action of a schedule for a due time, as its pod does; answers with its name. */
  async function tryToFile(name: string, due: number) {
    const found = scheduledAction(await playbook(name), 'tess', due);
    const object = {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: { name: found?.name, namespace },
      spec: found?.spec,
    };
    return {
      name: found?.name ?? '',
      answer: await account.tryKubectl(['create', '-f', '-'], { input: JSON.stringify(object) }),
    };
  }
  async function file(name: string, due: number): Promise<string> {
    // Not before the minute that is before it; a pod of the CronJob may have been quicker.
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - MINUTE_MS + 500 - Date.now())));
    const filed = await tryToFile(name, due);
    if (!/AlreadyExists/.test(filed.answer.stderr)) accepted(filed.answer);
    return filed.name;
  }

  before(async () => {
    tenant = await makeTenant('overlap', {
      playbooks: `${books}---${trusterMayUse}`,
      policy: policyForSchedules().replace('  kubernetes:', `  kubernetes:${reads}`),
    });
    namespace = tenant.namespace;
    await tenant.deploy('forbid', 'replace', 'allow', 'busy', 'go');
    // Only a pod has a token of this account: the API server gives none to anybody else. So it is impersonated.
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${SCHEDULES}`, 'system:authenticated'];
    account = new Person(admin.kubeconfig, { as: { user: SCHEDULE_ACCOUNT, groups } });
    const running = ['forbid', 'replace', 'allow', 'busy', 'late', 'kept', 'inspect'];
    for (const name of running)
      await eventually(`${name} runs`, async () => (await conditionOf(name, 'Scheduled'))?.status === 'True');
    first = (Math.floor(Date.now() / MINUTE_MS) + 1) * MINUTE_MS;
  });
  it('Forbid: the next one is skipped while an earlier one has not ended, and its record says why', async () => {
    const waits = await file('forbid', first);
    await tenant.until(waits, ['AwaitingApproval']);
    const skipped = await tenant.until(await file('forbid', second()), ['Denied', 'AwaitingApproval'], 90);
    assert.equal(stateOf(skipped), 'Denied');
    assert.match(messageOf(skipped), new RegExp(`skipped, because the action '${waits}' of the same schedule has not ended`));
    const codes = skipped.status?.outbox?.records.flatMap(({ details = [] }) => details).map(({ value }) => value);
    assert.ok(codes?.includes('ScheduleOverlap'), codes?.join());
    assert.equal(stateOf(await tenant.action(waits)), 'AwaitingApproval');
    // A time that was skipped says nothing of health.
    assert.equal(await conditionOf('forbid', 'Healthy'), undefined);
  });

  it('Replace: the next one cancels the earlier one, whose run has not begun', async () => {
    const replaced = await file('replace', first);
    await tenant.until(replaced, ['AwaitingApproval']);
    const next = await file('replace', second());
    assert.match(messageOf(await tenant.until(replaced, ['Cancelled'], 90)), new RegExp(`replaced by '${next}'`));
    await tenant.until(next, ['AwaitingApproval']);
  });

  it('Replace: the next one is skipped if the run of the earlier one has begun, which goes on', async () => {
    const busy = await file('busy', first);
    await tenant.until(busy, ['AwaitingApproval']);
    await admin.kubectl(['delete', 'deployment', 'go', '-n', namespace]);
    await approve(tenant, busy);
    await tenant.until(busy, ['Running']);
    const skipped = await tenant.until(await file('busy', second()), ['Denied', 'AwaitingApproval'], 90);
    assert.equal(stateOf(skipped), 'Denied', messageOf(skipped));
    assert.equal(stateOf(await tenant.action(busy)), 'Running');
    await tenant.deploy('go');
    await tenant.until(busy, ['Succeeded']);
  });

  it('Allow: both go on', async () => {
    const one = await file('allow', first);
    const two = await file('allow', second());
    await tenant.until(two, ['AwaitingApproval'], 90);
    assert.equal(stateOf(await tenant.action(one)), 'AwaitingApproval');
  });

  it('Healthy is False with what failed, as an Event and in the metric, and True again after the next that does not', async () => {
    const failed = await file('late', first);
    const isHealthy = (status: string) =>
      eventually(
        `Healthy=${status}`,
        async () => {
          const found = await conditionOf('late', 'Healthy');
          return found?.status === status ? found : undefined;
        },
        90,
      );
    const { message } = await isHealthy('False');
    assert.match(message, new RegExp(`^'${failed}' failed \\(RehearsalFailed\\): .*step`));
    assert.match(await tenant.viewer.sentinel(['schedules', '-n', namespace]), new RegExp(`^! late: '${failed}' failed`, 'm'));
    await eventually('the metric', async () => {
      const pods = await admin.get<{ items: { metadata: { name: string } }[] }>([
        'pods',
        '-n',
        'sentinel-system',
        '-l',
        'app.kubernetes.io/component=operator',
      ]);
      const path = `/api/v1/namespaces/sentinel-system/pods/${pods.items[0]?.metadata.name}:8080/proxy/metrics`;
      return /^sentinel_schedules\{healthy="False",scheduled="True"\} [1-9]/m.test(await admin.kubectl(['get', '--raw', path]));
    });
    await tenant.deploy('late');
    await tenant.until(await file('late', second()), ['NoEffect'], 90);
    await isHealthy('True');
    const told = await eventually(
      'both Events',
      async () => {
        const { items } = await client.list(events, { namespace });
        const found = items.filter(({ regarding, reason }) => {
          const { kind, name } = regarding as { kind?: string; name?: string };
          return kind === 'Playbook' && name === 'late' && /Healthy|Unhealthy/.test(String(reason));
        });
        return found.length === 2 ? found : undefined;
      },
      30,
    );
    assert.deepEqual(told.map(({ reason, type }) => `${type} ${reason}`).sort(), ['Normal Healthy', 'Warning Unhealthy']);
  });

  it('the last report is in the status: critical findings are not healthy, although the action ended as asked for', async () => {
    const name = await file('inspect', first);
    const ended = await tenant.until(name, ['NoEffect', 'RehearsalFailed'], 90);
    assert.equal(stateOf(ended), 'NoEffect', messageOf(ended));
    const report = await eventually('the report', async () => (await playbook('inspect')).status?.schedule?.lastReport);
    assert.deepEqual([report.action, report.result, report.conclusion], [name, 'findings', 'Critical']);
    assert.ok((report.counts?.critical ?? 0) > 0);
    const healthy = await eventually('health', () => conditionOf('inspect', 'Healthy'));
    assert.equal(healthy.status, 'False');
    assert.match(healthy.message, new RegExp(`^'${name}' reports \\d+ critical findings?, first: (Pod|Deployment)/`));
    assert.match(await tenant.viewer.sentinel(['schedules', '-n', namespace]), /^inspect .* NoEffect, Critical \(\d+\) +False/m);
  });

  it('history keeps as many as it says, and none goes that a policy retains', async () => {
    const old = await file('kept', first);
    await tenant.until(old, ['NoEffect']);
    await tenant.setPolicy({ dataHandling: { retainAtLeast: '1h' } });
    const newer = await file('kept', second());
    await tenant.until(newer, ['NoEffect'], 90);
    // Now neither its time nor its end can be missing in the status of the Playbook.
    await schedule('kept', { suspend: true });
    const look = (value: string) =>
      admin.kubectl(['annotate', '--overwrite', 'agentaction', old, '-n', namespace, `example.com/look=${value}`]);
    const isGone = async () => (await client.get(agentActions, { name: old, namespace })) === null;
    const since = Date.parse((await client.getOrThrow(agentActions, { name: old, namespace })).status?.finishedAt ?? '');
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, since + 61_000 - Date.now())));
    await look('held');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.equal(await isGone(), false);
    await tenant.setPolicy({ dataHandling: null });
    await look('now');
    await eventually('the older one is gone', isGone, 60);
    assert.equal(stateOf(await tenant.action(newer)), 'NoEffect');
    assert.equal((await playbook('kept')).status?.schedule?.missed, 0);
  });

  it('what was due while a schedule was suspended is not started when it continues', async () => {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, first + 1_000 - Date.now())));
    await schedule('paused', { suspend: false });
    await tenant.trust('paused');
    await eventually('it runs', async () => (await conditionOf('paused', 'Scheduled'))?.status === 'True');
    const late = await tryToFile('paused', first);
    refused(late.answer, /when the schedule was suspended/);
    await tenant.until(await file('paused', second()), ['NoEffect'], 90);
    assert.equal(await client.get(agentActions, { name: late.name, namespace }), null);
    assert.equal((await playbook('paused')).status?.schedule?.missed, 0);
  });
});

// Sentinel's own webhook refuses such edits before the policy of the API server sees them. This one comes after it.
describe('A webhook that somebody has taken over', { concurrency: false }, () => {
  it('cannot edit the action of a schedule in the name of an admin: the API server lets it be cancelled alone', async () => {
    const { items } = await client.list(agentActions, { namespace });
    const waits = items.find(({ metadata }) => metadata.name.startsWith('forbid-scheduled-'))?.metadata.name ?? '';
    assert.equal(stateOf(await tenant.action(waits)), 'AwaitingApproval');
    const evil = await startEvilWebhook(namespace);
    try {
      const note = () => admin.tryKubectl(['annotate', 'agentaction', waits, '-n', namespace, 'note=x', '--dry-run=server']);
      const fixed = /ValidatingAdmissionPolicy 'sentinel-actions'.* an action of a schedule can only be cancelled or rejected/;
      for (const edit of [
        { mode: 'DryRun' },
        { parameters: [{ name: 'x', value: 'y' }] },
        { playbookRef: { name: 'allow' } },
        { onBehalfOf: { user: 'eve' } },
        { cancelled: true, mode: 'DryRun' },
      ]) {
        evil.edits(edit);
        refused(await note(), fixed);
      }
      evil.edits({ cancelled: true });
      accepted(await note());
    } finally {
      await evil.stop();
    }
  });
});

describe('A namespace that is deleted', () => {
  it('takes the CronJobs of its Playbooks with it', async () => {
    const own = async () =>
      (await client.list(cronjobs, { namespace: SCHEDULES })).items.filter(({ metadata }) =>
        metadata.annotations?.[annotations.playbook]?.startsWith(`${namespace}/`),
      );
    assert.equal((await own()).length, 8);
    await admin.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await eventually('no CronJob', async () => (await own()).length === 0, 90);
  });
});
