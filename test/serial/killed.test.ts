import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AuditRecord, actionPlans, verifyChain } from '@sentinel/crds';
import { jobs, leases, pods } from '@sentinel/kube';
import { auditEntries, realWrites } from '../lib/audit-log.ts';
import { admin, eventually, policyForAnyPlaybook } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { imageOnly } from '../lib/image-only.ts';
import { type Death, withMortal } from '../lib/mortal.ts';
import { oneStep } from '../lib/one-step.ts';
import { type ActionView, client, END_STATES, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// What is killed here: the gateway in the middle of a write, the operator that leads, the pod of a sandbox. Whatever it was, nothing
// is done twice, nothing is lost, and the end says what is known.

const SYSTEM = 'sentinel-system';
const SANDBOXES = 'sentinel-sandboxes';

const policy = policyForAnyPlaybook();

/** A Playbook of the same name as the Deployment that it is for, with this shell script as its step. */
const playbook = (name: string, script: string) => oneStep(name, ['sh', '-c', script]);

const setImage = (name: string) => `kubectl set image deployment/${name} web=localhost/web:two`;
/** As a step that does not give up does it. */
const again = (command: string) => `for i in 1 2 3 4 5 6 7 8 9; do ${command} && exit 0; sleep 1; done; exit 1`;

const transitionsOf = (action: ActionView) => action.status?.outbox?.records.map(({ transition }) => transition) ?? [];
const chainOf = ({ status }: ActionView) =>
  verifyChain((status?.outbox?.records ?? []) as unknown as AuditRecord[], {
    sequence: status?.outbox?.sequence ?? 0,
    hash: status?.outbox?.head ?? '',
  });

/** A Deployment as it is: how often its spec changed, and the image. */
async function shown(name: string, namespace: string): Promise<string> {
  const format = '{.metadata.generation} {.spec.template.spec.containers[0].image}';
  return await admin.kubectl(['get', 'deployment', name, '-n', namespace, '-o', `jsonpath=${format}`]);
}

async function jobsOf(action: string, namespace: string): Promise<string[]> {
  const { items } = await client.list(jobs, { namespace: SANDBOXES });
  return items
    .filter(({ metadata }) => metadata.annotations?.['sentinel.dev/action'] === `${namespace}/${action}`)
    .map(({ metadata }) => metadata.labels?.['sentinel.dev/stage'] ?? '')
    .sort();
}

async function makeWorld(name: string, scripts: Readonly<Record<string, string>>): Promise<Tenant> {
  const playbooks = Object.entries(scripts).map(([playbookName, script]) => playbook(playbookName, script));
  const tenant = await makeTenant(name, { policy, playbooks: playbooks.join('') });
  const names = Object.keys(scripts).flatMap((one) => [one, `${one}-first`]);
  await admin.apply(names.map((one) => JSON.stringify(imageOnly(one, tenant.namespace))).join('\n---\n'));
  return tenant;
}

async function approved(tenant: Tenant, action: string): Promise<void> {
  await tenant.until(action, ['AwaitingApproval']);
  const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
  assert.equal(code, 0, stderr);
}

describe('A gateway that is killed', { concurrency: false }, () => {
  interface Case {
    readonly what: string;
    readonly when: Death['when'];
    readonly at: string;
    readonly retry?: boolean;
    readonly state: string;
    /** Generation and image at the end, and how many writes were carried out. */
    readonly end: string;
    readonly written: number;
    readonly says: RegExp;
  }
  const [same, made, back] = ['1 localhost/web:one', '2 localhost/web:two', '3 localhost/web:one'];
  const cases: Readonly<Record<string, Case>> = {
    'no-intent': {
      what: 'before its intent: nothing was done, and that is said',
      ...{ when: 'before', at: 'POST intent Intended', state: 'RunFailed', end: same, written: 0 },
      says: /0 of 1 approved effects carried out\)/,
    },
    'intent-only': {
      what: 'after its intent: it was surely not sent, and nothing was done',
      ...{ when: 'after', at: 'POST intent Intended', state: 'RunFailed', end: same, written: 0 },
      says: /0 of 1 approved effects carried out\)/,
    },
    'sent-only': {
      what: 'between the note that it is sent and the write: it is sent again, so that its outcome is known, and rolled back',
      ...{ when: 'after', at: 'PUT intent Sent', state: 'RolledBack', end: back, written: 2 },
      says: /1 of 1 effects rolled back/,
    },
    'write-lost': {
      what: 'between write and result: what was done is found out and rolled back',
      ...{ when: 'after', at: 'PATCH deployment', state: 'RolledBack', end: back, written: 2 },
      says: /1 of 1 effects rolled back/,
    },
    'result-lost': {
      what: 'after the result: what the step did not learn of is rolled back',
      ...{ when: 'after', at: 'PUT intent Done', state: 'RolledBack', end: back, written: 2 },
      says: /1 of 1 effects rolled back/,
    },
    'intent-again': {
      what: 'after its intent, and the step tries again: it is done once',
      ...{ when: 'after', at: 'POST intent Intended', retry: true, state: 'Succeeded', end: made, written: 1 },
      says: /1 of 1 approved effects/,
    },
    'sent-again': {
      what: 'between the note that it is sent and the write, and the step tries again: it is done once',
      ...{ when: 'after', at: 'PUT intent Sent', retry: true, state: 'Succeeded', end: made, written: 1 },
      says: /1 of 1 approved effects/,
    },
    'write-again': {
      what: 'between write and result, and the step tries again: it is not done twice, and it is known that it was done',
      ...{ when: 'after', at: 'PATCH deployment', retry: true, state: 'Succeeded', end: made, written: 1 },
      says: /1 of 1 approved effects/,
    },
  };
  let tenant: Tenant;
  const ended = new Map<string, ActionView>();

  before(async () => {
    const scripts = Object.entries(cases).map(([name, { retry }]) => [name, retry ? again(setImage(name)) : setImage(name)]);
    tenant = await makeWorld('killed-gw', {
      ...Object.fromEntries(scripts),
      // Two writes; the gateway dies in the middle of the second one of the rehearsal and has forgotten the first.
      forgotten: `${setImage('forgotten-first')} && ${again(setImage('forgotten'))}`,
      idle: 'true',
    });
    const deaths: Death[] = Object.entries(cases).map(([name, { when, at }]) => ({ action: name, when, at }));
    const inRehearsal: Death = { action: 'forgotten', when: 'after', at: 'PATCH deployment as a dry-run' };
    const trace = await withMortal('gateway', [...deaths, inRehearsal], async (read) => {
      // Nobody dies while these are rehearsed, so all of them can be at once. The runs come one after the other: a death in one
      // would cut off the requests of another.
      const names = Object.keys(cases);
      const actions = await Promise.all(names.map((name) => tenant.file(name)));
      for (const [index, name] of names.entries()) {
        const action = actions[index] ?? assert.fail();
        await approved(tenant, action);
        ended.set(name, await tenant.until(action, END_STATES));
      }
      const action = await tenant.file('forgotten');
      ended.set('forgotten', await tenant.until(action, ['AwaitingApproval', ...END_STATES]));
      return await read();
    });
    const died = trace.flatMap(({ event, action, when, at }) => (event === 'death' ? [`${action} ${when} ${at}`] : []));
    assert.deepEqual(died.sort(), [...deaths, inRehearsal].map(({ action, when, at }) => `${action} ${when} ${at}`).sort());
  });

  for (const [name, { what, state, end, written: times, says }] of Object.entries(cases))
    it(what, async () => {
      const action = ended.get(name) ?? assert.fail();
      assert.equal(stateOf(action), state, messageOf(action));
      assert.match(messageOf(action), says);
      assert.equal(await shown(name, tenant.namespace), end);
      assert.equal(await realWrites(tenant.namespace, name), times);
      assert.deepEqual(await jobsOf(action.metadata.name, tenant.namespace), ['rehearsal', 'run']);
      assert.deepEqual(chainOf(action), []);
    });

  it('in a rehearsal: it is rehearsed again, and the plan has all that it would do', async () => {
    const action = ended.get('forgotten') ?? assert.fail();
    assert.equal(stateOf(action), 'AwaitingApproval', messageOf(action));
    assert.equal(action.status?.plan?.effects, 2);
    assert.deepEqual(await jobsOf(action.metadata.name, tenant.namespace), ['rehearsal', 'rehearsal']);
    const plan = await client.getOrThrow(actionPlans, { name: action.status?.plan?.name ?? '', namespace: tenant.namespace });
    assert.deepEqual(
      plan.spec.effects.map(({ name }) => name),
      ['forgotten-first', 'forgotten'],
    );
    assert.equal(await shown('forgotten', tenant.namespace), same);
  });

  it('is not missed by a step that asked for nothing: it has done its work in one rehearsal', async () => {
    const action = await tenant.until(await tenant.file('idle'), END_STATES);
    assert.equal(stateOf(action), 'NoEffect', messageOf(action));
    assert.deepEqual(await jobsOf(action.metadata.name, tenant.namespace), ['rehearsal']);
  });
});

describe('Two operators', { concurrency: false }, () => {
  let tenant: Tenant;
  const scale = async (replicas: number) => {
    await admin.kubectl(['scale', 'deployment', 'sentinel-operator', '-n', SYSTEM, `--replicas=${replicas}`]);
    await admin.kubectl(['rollout', 'status', 'deployment', 'sentinel-operator', '-n', SYSTEM, '--timeout=90s']);
  };
  const leader = async () =>
    (await client.getOrThrow(leases, { name: 'sentinel-operator', namespace: SYSTEM })).spec?.holderIdentity ?? '';

  before(async () => {
    tenant = await makeWorld('killed-op', {
      calm: setImage('calm'),
      passed: `${setImage('passed')} && ${whileHeld('held')}`,
    });
    await scale(2);
  });
  after(() => scale(1));

  it('send each record once: one leads, the other only waits', async () => {
    const name = await tenant.file('calm');
    await approved(tenant, name);
    const action = await tenant.until(name, END_STATES);
    assert.equal(stateOf(action), 'Succeeded', messageOf(action));
    const sent = async () =>
      (await auditEntries(tenant.namespace)).filter(
        ({ verb, objectRef }) => verb === 'create' && objectRef?.resource === 'events' && objectRef.name?.startsWith(`${name}.`),
      );
    await eventually('all Events', async () => (await sent()).length >= transitionsOf(action).length);
    // The other one would be at it as well by now.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.deepEqual(
      (await sent()).map(({ responseStatus }) => responseStatus?.code),
      transitionsOf(action).map(() => 201),
    );
  });

  it('pass the work on: the leader is killed in the middle of a rehearsal, and the next one in the middle of the real run', async () => {
    // However long a kubelet takes to end the leader's process: the step is under way until another one leads.
    let letGo = await hold(tenant, 'held');
    const name = await tenant.file('passed');
    /** Both names: who led, and who leads now. */
    const killLeader = async () => {
      const killed = await leader();
      await admin.kubectl(['delete', 'pod', killed, '-n', SYSTEM, '--grace-period=0', '--force']);
      await eventually('another leader', async () => !['', killed].includes(await leader()));
      return { killed, next: await leader() };
    };
    const inTheMiddle = (stage: string) =>
      eventually(
        `the ${stage} in its step`,
        async () => {
          const job = (await tenant.action(name)).status?.stages?.find((one) => one.stage === stage && one.outcome === undefined);
          if (!job) return false;
          const { items } = await client.list(pods, {
            namespace: SANDBOXES,
            labelSelector: `batch.kubernetes.io/controller-uid=${job.uid}`,
          });
          const status = items[0]?.status as
            | { initContainerStatuses?: { name: string; state: { running?: unknown } }[] }
            | undefined;
          return status?.initContainerStatuses?.some((one) => one.name === 'step-one' && one.state.running !== undefined);
        },
        undefined,
        200,
      );
    await inTheMiddle('rehearsal');
    const { next } = await killLeader();
    await letGo();
    await tenant.until(name, ['AwaitingApproval']);
    letGo = await hold(tenant, 'held');
    await approved(tenant, name);
    await inTheMiddle('run');
    assert.equal((await killLeader()).killed, next);
    await letGo();
    const action = await tenant.until(name, END_STATES);
    assert.equal(stateOf(action), 'Succeeded', messageOf(action));
    assert.deepEqual(transitionsOf(action), [
      'Admitted',
      'RehearsalStarted',
      'Planned',
      'Decided',
      'RunStarted',
      'RunEnded',
      'Ended',
    ]);
    assert.deepEqual(chainOf(action), []);
    assert.deepEqual(await jobsOf(name, tenant.namespace), ['rehearsal', 'run']);
    assert.equal(await shown('passed', tenant.namespace), '2 localhost/web:two');
    assert.equal(await realWrites(tenant.namespace, 'passed'), 1);
  });
});

describe('The pod of a sandbox that is deleted', { concurrency: true }, () => {
  let tenant: Tenant;
  // What drains a node: nobody else may delete a pod there.
  const drain = ['--as', 'system:serviceaccount:kube-system:node-controller', '--as-group', 'system:masters'];

  before(async () => {
    tenant = await makeWorld('killed-pod', {
      'gone-trial': `${setImage('gone-trial')}; sleep 60`,
      'gone-run': `${setImage('gone-run')}; if [ "$(kubectl get deployment gone-run-first -o 'jsonpath={.metadata.annotations.real}')" = yes ]; then sleep 60; fi`,
    });
  });

  async function deletePod(name: string, stage: string): Promise<void> {
    const job = (await tenant.action(name)).status?.stages?.findLast((one) => one.stage === stage) ?? assert.fail(`no ${stage}`);
    const { items } = await client.list(pods, {
      namespace: SANDBOXES,
      labelSelector: `batch.kubernetes.io/controller-uid=${job.uid}`,
    });
    assert.equal(items.length, 1);
    await admin.kubectl([
      'delete',
      'pod',
      items[0]?.metadata.name ?? '',
      '-n',
      SANDBOXES,
      '--grace-period=1',
      '--wait=false',
      ...drain,
    ]);
  }

  /** That no second pod was started in the place of the first. */
  async function onePod(name: string, stage: string): Promise<void> {
    const job = (await tenant.action(name)).status?.stages?.filter((one) => one.stage === stage) ?? [];
    assert.equal(job.length, 1);
    const { items } = await client.list(pods, {
      namespace: SANDBOXES,
      labelSelector: `batch.kubernetes.io/controller-uid=${job[0]?.uid}`,
    });
    assert.ok(items.length <= 1, items.map(({ metadata }) => metadata.name).join(', '));
    await eventually('the end of its Job', async () => {
      const found = await client.getOrThrow(jobs, { name: job[0]?.name ?? '', namespace: SANDBOXES });
      const { failed, active } = found.status as { failed?: number; active?: number };
      assert.ok((failed ?? 0) <= 1);
      return failed === 1 && (active ?? 0) === 0;
    });
  }

  it('in the middle of the real run: what was half done is taken back, and it is not started again', async () => {
    const name = await tenant.file('gone-run');
    await tenant.until(name, ['AwaitingApproval']);
    await admin.kubectl(['annotate', 'deployment', 'gone-run-first', '-n', tenant.namespace, 'real=yes']);
    await approved(tenant, name);
    await eventually('the write', async () => (await shown('gone-run', tenant.namespace)) === '2 localhost/web:two');
    // The step asks once more before it sleeps. Were that cut off, it would end well: all that was approved is done.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await deletePod(name, 'run');
    const action = await tenant.until(name, END_STATES);
    assert.equal(stateOf(action), 'RolledBack', messageOf(action));
    assert.match(messageOf(action), /step 'one' did not complete|step 'one' ended with exit code|its Job is gone/);
    assert.match(messageOf(action), /1 of 1 effects rolled back/);
    assert.equal(await shown('gone-run', tenant.namespace), '3 localhost/web:one');
    assert.equal(await realWrites(tenant.namespace, 'gone-run'), 2);
    await onePod(name, 'run');
    assert.deepEqual(chainOf(action), []);
  });

  it('in the middle of the rehearsal: it ends there, nothing was changed', async () => {
    const name = await tenant.file('gone-trial');
    await eventually('the write of the rehearsal', async () =>
      (await auditEntries(tenant.namespace)).some(
        ({ impersonatedUser, requestURI, objectRef }) =>
          impersonatedUser?.username.startsWith('sentinel:rehearsal:') &&
          requestURI.includes('dryRun=All') &&
          objectRef?.name === 'gone-trial',
      ),
    );
    await deletePod(name, 'rehearsal');
    const action = await tenant.until(name, ['AwaitingApproval', ...END_STATES]);
    assert.equal(stateOf(action), 'RehearsalFailed', messageOf(action));
    assert.equal(await shown('gone-trial', tenant.namespace), '1 localhost/web:one');
    await onePod(name, 'rehearsal');
    assert.deepEqual(chainOf(action), []);
  });
});
