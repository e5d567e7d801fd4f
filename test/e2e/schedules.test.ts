import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AgentAction, agentActions, annotations, OPERATOR_USER, playbooks, type ScheduleSpec } from '@sentinel/crds';
import { type AnyObject, cronjobs, jobs } from '@sentinel/kube';
import { timesOf } from '@sentinel/policy';
import { admin, eventually, Person } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { accepted, refused } from '../lib/people/answers.ts';
import { client, makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';
import { policyForSchedules, SCHEDULE_ACCOUNT, SCHEDULES, trusterMayUse } from '../lib/worlds/schedules.ts';

// A Playbook with a schedule has a real CronJob, whose pod files an action. Everything else that its account could be used for is tried.

const DRY = '--dry-run=server';

const book = (name: string, schedule: string) => `
apiVersion: sentinel.dev/v1alpha1
kind: Playbook
metadata:
  name: ${name}
  namespace: shop
spec:
  category: EnvironmentHealth
  description: Counts the pods of the namespace.
  account: remediator
  parameters: [{name: kind, default: pods}]
  sandbox: {profile: Observe, image: "\u0024{TOOLS_IMAGE}"}
  steps: [{name: look, command: [kubectl, get, "$(params.kind)"]}]
${schedule}`;
const schedule = (cron: string) => `  schedule: {cron: "${cron}", parameters: [{name: kind, value: services}]}\n`;
const note = oneStep('note', ['kubectl', 'annotate', '--overwrite', 'deployment', 'web', 'note=$(params.kind)'], {
  more: `  parameters: [{name: kind, default: pods}]\n${schedule('* * * * *')}`,
}).replace('---\n', '');

let tenant: Tenant;
let namespace = '';
let account: Person;

describe('A Playbook with a schedule', { concurrency: false }, () => {
  const cronJobOf = async (name: string): Promise<AnyObject | undefined> => {
    const { items } = await client.list(cronjobs, { namespace: SCHEDULES });
    return items.find(({ metadata }) => metadata.annotations?.[annotations.playbook] === `${namespace}/${name}`);
  };
  const suspensionOf = async (name: string) => {
    const found = await cronJobOf(name);
    return found && (found.spec as { suspend: boolean }).suspend
      ? (found.metadata.annotations?.[annotations.suspendedBecause] ?? '')
      : undefined;
  };
  const suspendedFor = (name: string, why: RegExp) =>
    eventually(`${name} suspended for ${why}`, async () => why.test((await suspensionOf(name)) ?? ''), 60);
  const runs = (name: string) =>
    eventually(`${name} runs`, async () => (await cronJobOf(name)) && (await suspensionOf(name)) === undefined, 60);
  const filedOf = async (name: string): Promise<AgentAction[]> =>
    (await client.list(agentActions, { namespace })).items.filter(({ spec }) => spec.playbookRef?.name === name);
  const setPlaybook = (name: string, spec: object) => client.patch(playbooks, { name, namespace }, { spec }, { type: 'merge' });
  let filed: AgentAction;

  before(async () => {
    const playbookList = [
      book('pulse', schedule('* * * * *')),
      book('yearly', schedule('@yearly')),
      book('plain', ''),
      book('spread', '  schedule: {cron: "0 * * * *", jitter: 1h}\n'),
      note,
      trusterMayUse,
    ];
    tenant = await makeTenant('schedules', {
      playbooks: playbookList.join('\n---\n'),
      policy: policyForSchedules(),
    });
    namespace = tenant.namespace;
    await tenant.deploy('web');
    // Only a pod has a token of this account: the API server gives none to anybody else. So it is impersonated.
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${SCHEDULES}`, 'system:authenticated'];
    account = new Person(admin.kubeconfig, { as: { user: SCHEDULE_ACCOUNT, groups } });
  });

  after(async () => {
    await admin.tryKubectl(['delete', 'playbook', '--all', '-n', namespace]);
  });

  it('has a CronJob whose pod files its action, which runs to its end', async () => {
    await runs('pulse');
    filed = await eventually('an action of the schedule', async () => (await filedOf('pulse'))[0], 120);
    assert.match(filed.metadata.name, /^pulse-scheduled-\d+$/);
    assert.equal(filed.spec.onBehalfOf?.user, 'tess');
    assert.deepEqual(filed.spec.parameters, [{ name: 'kind', value: 'services' }]);
    assert.match(filed.metadata.annotations?.[annotations.requestedBy] ?? '', new RegExp(`"user":"${SCHEDULE_ACCOUNT}"`));
    const ended = await tenant.until(filed.metadata.name, ['NoEffect', 'Denied', 'RehearsalFailed']);
    assert.match(JSON.stringify(ended.status?.conditions), /"NoEffect"/, messageOf(ended));
  });

  it('says what came of it, and is filed now by whoever may', async () => {
    const { schedule: came } = await eventually('what came of it', async () => {
      const { status } = await client.getOrThrow(playbooks, { name: 'pulse', namespace });
      return status?.conditions?.some(({ type, status: is }) => type === 'Healthy' && is === 'True') ? status : undefined;
    });
    assert.equal(came?.streak?.outcome, 'Succeeded');
    assert.equal(came?.missed, 0);
    assert.ok(Date.parse(came?.nextRunTime ?? '') > Date.now() - 60_000);
    const listed = await tenant.agent.sentinel(['schedules', '-n', namespace]);
    assert.match(listed, /^pulse +\* \* \* \* \* +True +\w+ +True +\d{4}-/m);
    assert.match(listed, /^yearly +@yearly +True +<none> +<none> +\d{4}-01-01T00:00Z$/m);
    const made = await tenant.agent.sentinel(['schedules', 'run', 'yearly', '-n', namespace]);
    const [, name = ''] = /^agentaction\.sentinel\.dev\/(\S+) created/.exec(made) ?? [];
    await tenant.until(name, ['NoEffect']);
  });

  it('is due at its own minute of the hour, by its jitter', async () => {
    await runs('spread');
    const playbook = await client.getOrThrow(playbooks, { name: 'spread', namespace });
    const { delay } = timesOf(playbook.spec.schedule as ScheduleSpec, playbook);
    const spec = (await cronJobOf('spread'))?.spec as { schedule: string } | undefined;
    assert.equal(spec?.schedule, `${delay} * * * *`);
    const next = new Date(playbook.status?.schedule?.nextRunTime ?? '');
    assert.equal(next.getUTCMinutes(), delay);
  });

  it('is suspended with the reason while its actions would be refused, and continues by itself', async () => {
    await tenant.setPolicy({ suspended: true });
    await suspendedFor('pulse', /the kill switch is on/);
    await suspendedFor('yearly', /the kill switch is on/);
    await tenant.setPolicy({ suspended: false });
    await runs('pulse');
    await setPlaybook('pulse', { description: 'Another one.' });
    await suspendedFor('pulse', /not trusted/);
    assert.equal(await suspensionOf('yearly'), undefined);
    await tenant.trust('pulse');
    await runs('pulse');
    await setPlaybook('pulse', { schedule: { suspend: true } });
    await suspendedFor('pulse', /`spec\.schedule\.suspend`/);
  });

  it('is refused with the path of what is wrong', async () => {
    const rows: [object, RegExp][] = [
      [{ cron: '0 0 30 2 *' }, /`schedule\.cron`: '0 0 30 2 \*' never matches/],
      [{ cron: 'TZ=UTC @daily' }, /`schedule\.cron`: .* must not contain a time zone/],
      [{ cron: '@every 1h' }, /`schedule\.cron`: .* must not be '@every'/],
      [{ cron: '0 * * * *', jitter: '2h' }, /`schedule\.jitter`: '2h' must not be longer than .* which is '60m'/],
      [{ timeZone: 'Europe/Nowhere' }, /`schedule\.timeZone`: 'Europe\/Nowhere'/],
      [{ parameters: [{ name: 'other', value: 'x' }] }, /`schedule\.parameters`: parameter 'other' is not declared/],
    ];
    for (const [change, why] of rows) {
      const args = ['patch', 'playbook', 'yearly', '-n', namespace, DRY, '--type=merge', '-p'];
      refused(await admin.tryKubectl([...args, JSON.stringify({ spec: { schedule: change } })]), why);
    }
  });

  it('lets its account do nothing else', async () => {
    const name = `yearly-scheduled-${Math.floor(Date.now() / 60_000)}`;
    const spec = { ...filed.spec, playbookRef: { name: 'yearly' } };
    const attempt = async (change: object, why: RegExp, as = name) => {
      const object = { ...filed, metadata: { name: as, namespace }, spec: { ...spec, ...change }, status: undefined };
      refused(await account.tryKubectl(['create', '-f', '-', DRY], { input: JSON.stringify(object) }), why);
    };
    await attempt({}, /the schedule has no run for which an action is named/);
    await attempt({ playbookRef: { name: 'plain' } }, /Playbooks with a schedule/);
    await attempt({ parameters: [{ name: 'kind', value: 'pods' }] }, /must have the parameters|has no run|is not the one/);
    await attempt({ onBehalfOf: { user: 'eve' } }, /on behalf of|has no run|is not the one/);
    await attempt({}, /has no run for which|may only create actions of Playbooks/, 'mine');
    const steps = { steps: [{ name: 'a', command: ['true'] }], account: 'remediator', image: 'x' };
    await attempt({ playbookRef: undefined, parameters: undefined, ...steps }, /Playbooks with a schedule/);
    for (const args of [
      ['delete', 'agentaction', filed.metadata.name, '-n', namespace, DRY],
      ['patch', 'agentaction', filed.metadata.name, '-n', namespace, DRY, '--type=merge', '-p', '{"spec":{"cancelled":true}}'],
      ['get', 'agentactions', '-A'],
      ['get', 'secrets', '-A'],
      ['get', 'cronjobs', '-n', SCHEDULES],
      ['create', 'token', 'schedule', '-n', SCHEDULES],
    ])
      refused(await account.tryKubectl(args), /cannot (get|delete|patch|list|create) resource/);
  });

  it('has actions that nobody edits or has revised: the right that was lent is used for nothing else', async () => {
    await runs('note');
    const { name } = await eventually('an action that writes', async () => (await filedOf('note'))[0]?.metadata, 120);
    await tenant.until(name, ['AwaitingApproval']);
    const patch = (spec: object) =>
      admin.tryKubectl([
        ...['patch', 'agentaction', name, '-n', namespace, DRY, '--type=merge'],
        ...['-p', JSON.stringify({ spec })],
      ]);
    for (const change of [
      { playbookRef: { name: 'yearly' } },
      { parameters: [{ name: 'kind', value: 'pods' }] },
      { onBehalfOf: null },
      { mode: 'DryRun' },
      { mode: 'DryRun', cancelled: true },
    ])
      refused(await patch(change), /can only be cancelled or rejected: cancel it, and correct the Playbook/);
    const asked = await tenant.decide(tenant.approver, name, 'request-changes');
    refused(asked, /an action of a schedule cannot be revised: reject it, and correct the Playbook/);
    accepted(await patch({ cancelled: true }));
    accepted(await tenant.decide(tenant.approver, name, 'reject'));
    await tenant.until(name, ['Rejected']);
  });

  it('has a namespace in which nobody else starts anything, and names that nobody else takes', async () => {
    const owned = /belongs to Sentinel: only its operator keeps CronJobs here/;
    const name = (await cronJobOf('pulse'))?.metadata.name ?? '';
    const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    const pod = {
      restartPolicy: 'Never',
      serviceAccountName: 'schedule',
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'x', image: 'x', securityContext }],
    };
    for (const args of [
      ['create', 'job', 'mine', `--from=cronjob/${name}`, '-n', SCHEDULES, DRY],
      ['delete', 'cronjob', name, '-n', SCHEDULES, DRY],
      ['patch', 'cronjob', name, '-n', SCHEDULES, DRY, '--type=merge', '-p', '{"spec":{"suspend":false}}'],
      ['create', 'token', 'schedule', '-n', SCHEDULES],
    ])
      refused(await admin.tryKubectl(args), owned);
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace: SCHEDULES }, spec: pod };
    refused(await admin.tryKubectl(['create', '-f', '-', DRY], { input: JSON.stringify(object) }), owned);
    const operator = new Person(admin.kubeconfig, { as: { user: OPERATOR_USER, groups: ['system:authenticated'] } });
    const kept = (await cronJobOf('pulse'))?.spec;
    const written = kept as { jobTemplate: { spec: { template: { spec: { containers: [{ env: object[] }] } } } } };
    const [container] = written.jobTemplate.spec.template.spec.containers;
    const form = /has one container that creates an action, and nothing else/;
    const attempts: [change: object, answer: RegExp | undefined][] = [
      [{}, undefined],
      [{ args: ['operator'] }, form],
      [{ command: ['sh'] }, form],
      [{ env: [...container.env, { name: 'NODE_OPTIONS', value: '--import=data:text/javascript,x' }] }, form],
      [{ lifecycle: { postStart: { exec: { command: ['sh'] } } } }, form],
      [{ livenessProbe: { exec: { command: ['sh'] } } }, form],
      [{ image: 'localhost/other:1' }, /the pods of schedules run the image of this installation .* and no other/],
    ];
    for (const [change, answer] of attempts) {
      const spec = structuredClone(written);
      Object.assign(spec.jobTemplate.spec.template.spec.containers[0], change);
      const object = { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'x', namespace: SCHEDULES }, spec };
      const made = await operator.tryKubectl(['create', '-f', '-', DRY], { input: JSON.stringify(object) });
      if (answer) refused(made, answer);
      else accepted(made);
    }
    const taken = {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: { name: 'yearly-scheduled-1', namespace },
      spec: { intent: { summary: 's' }, playbookRef: { name: 'plain' } },
    };
    refused(
      await tenant.agent.tryKubectl(['create', '-f', '-', DRY], { input: JSON.stringify(taken) }),
      /are those of schedules/,
    );
  });

  it('loses its CronJob with the Playbook', async () => {
    for (const name of ['pulse', 'yearly']) await client.delete(playbooks, { name, namespace });
    await eventually('no CronJob', async () => !(await cronJobOf('pulse')) && !(await cronJobOf('yearly')), 60);
    await eventually('no Job', async () => {
      const { items } = await client.list(jobs, { namespace: SCHEDULES });
      return items.every(({ metadata }) => metadata.annotations?.[annotations.playbook] !== `${namespace}/pulse`);
    });
  });
});
