import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { jobs, leases, pods } from '@sentinel/kube';
import { auditEntries, realWrites } from '../lib/audit-log.ts';
import { admin, eventually } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { client, END_STATES, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';
import { approved, chainOf, jobsOf, makeWorld, SANDBOXES, setImage, shown, transitionsOf } from '../lib/worlds/killed.ts';

// The operator that leads is killed, and the pod of a sandbox. Nothing is done twice, nothing is lost, and the end says what is known.

const SYSTEM = 'sentinel-system';

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

  it('in the middle of the real run: a half-done run is rolled back, and it is not started again', async () => {
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
