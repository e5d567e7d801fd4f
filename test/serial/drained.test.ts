import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type AuditRecord, verifyChain } from '@sentinel/crds';
import { Ledger } from '@sentinel/gateway/testing';
import { type AnyObject, configmaps, pods } from '@sentinel/kube';
import { auditEntries } from '../lib/audit-log.ts';
import { admin, eventually, policyForAnyPlaybook } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { holdWrites } from '../lib/hold-writes.ts';
import { imageOnly } from '../lib/image-only.ts';
import { oneStep } from '../lib/one-step.ts';
import { startProgram, stopProgram } from '../lib/programs.ts';
import { type ActionView, client, END_STATES, makeTenant, messageOf, stagesOf, stateOf, type Tenant } from '../lib/tenant.ts';

// The gateway is asked to end, as every upgrade and every drain of a node does. Nothing that it has begun is cut off: writes in flight
// are carried out and recorded, and no rehearsal is lost.

const SYSTEM = 'sentinel-system';
const SANDBOXES = 'sentinel-sandboxes';
/** As many as a plan may have whose risk people may decide. A real process with 100 of them: gateway/src/drain. */
const WRITES = 8;

const policy = policyForAnyPlaybook()
  .replace('objects: 5', 'objects: 60')
  .replace(
    '  - apiGroups: [apps]\n    resources: [deployments, deployments/scale]',
    '  - {apiGroups: [""], resources: [configmaps], verbs: [create], decision: RequireApproval}\n  - apiGroups: [apps]\n    resources: [deployments, deployments/scale]',
  );

/** Creates that many ConfigMaps, all of them at once. */
const createAll = (name: string) => `
kubectl proxy --port=8001 >/dev/null 2>&1 &
until wget -q -O /dev/null http://127.0.0.1:8001/api; do sleep 0.2; done
at=http://127.0.0.1:8001/api/v1/namespaces/$(cat /var/run/secrets/kubernetes.io/serviceaccount/namespace)/configmaps
all=
for i in $(seq ${WRITES}); do
  wget -q -O /dev/null --header 'Content-Type: application/json' --post-data '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}-'$i'"}}' $at &
  all="$all $!"
done
for one in $all; do wait $one || exit 1; done
`;
const setImage = (name: string) => `kubectl set image deployment/${name} web=localhost/web:two`;

const script = (name: string, text: string) => oneStep(name, ['sh', '-c', text]);

const isReady = ({ status, metadata }: AnyObject) =>
  metadata.deletionTimestamp === undefined &&
  (status as { conditions?: { type: string; status: string }[] } | undefined)?.conditions?.some(
    ({ type, status: value }) => type === 'Ready' && value === 'True',
  );

const replicas = async () =>
  (await client.list(pods, { namespace: SYSTEM, labelSelector: 'app.kubernetes.io/component=gateway' })).items;

const deletePod = (name: string) => admin.kubectl(['delete', 'pod', name, '-n', SYSTEM, '--wait=false']);

/** Whether a replica was told to end: it says so in its log, or it has ended since and its log is gone. */
async function wasTold(name: string): Promise<boolean> {
  const { code, stdout, stderr } = await admin.tryKubectl(['logs', name, '-n', SYSTEM, '--tail=20']);
  return code === 0 ? stdout.includes('Stop began') : stderr.includes('(NotFound)');
}

/** Asks these replicas to end; resolves when they were told. */
async function askToEnd(asked: readonly AnyObject[]): Promise<void> {
  const names = asked.map(({ metadata }) => metadata.name ?? '');
  for (const name of names) await deletePod(name);
  await eventually('the signal', async () => (await Promise.all(names.map(wasTold))).every(Boolean));
}

const ended = (asked: readonly AnyObject[]) =>
  eventually('the end of these replicas', async () => {
    const uids = new Set((await replicas()).map(({ metadata }) => metadata.uid));
    return asked.every(({ metadata }) => !uids.has(metadata.uid));
  });

const inFlight = async () => {
  const counts = await Promise.all(
    (await replicas()).filter(isReady).map(async ({ metadata }) => {
      const path = `/api/v1/namespaces/${SYSTEM}/pods/${metadata.name}:8080/proxy/metrics`;
      const text = await admin.kubectl(['get', '--raw', path]);
      return Number(/^sentinel_gateway_requests_in_flight (\d+)$/m.exec(text)?.[1] ?? 0);
    }),
  );
  return counts.reduce((sum, one) => sum + one, 0);
};

const jobOf = (action: ActionView, stage: string) =>
  action.status?.stages?.findLast((one) => one.stage === stage)?.uid ?? assert.fail(`no ${stage}`);

const chainOf = ({ status }: ActionView) =>
  verifyChain((status?.outbox?.records ?? []) as unknown as AuditRecord[], {
    sequence: status?.outbox?.sequence ?? 0,
    hash: status?.outbox?.head ?? '',
  });

describe('A gateway that is asked to end', { concurrency: false }, () => {
  let tenant: Tenant;

  before(async () => {
    await startProgram('gateway', 2);
    tenant = await makeTenant('drained', {
      policy,
      playbooks: [
        script('many-a', createAll('many-a')),
        script('many-b', createAll('many-b')),
        script('held', `${setImage('one')} && ${whileHeld('held')}; ${setImage('two')}`),
        script('kept', `${setImage('three')} && ${whileHeld('kept')}`),
      ].join(''),
    });
    const names = ['one', 'two', 'three'];
    await admin.apply(names.map((name) => JSON.stringify(imageOnly(name, tenant.namespace))).join('\n---\n'));
  });
  after(async () => {
    await startProgram('operator', 1);
    await startProgram('gateway', 2);
  });

  async function awaitPlan(name: string): Promise<ActionView> {
    const action = await tenant.until(name, ['AwaitingApproval', ...END_STATES]);
    assert.equal(stateOf(action), 'AwaitingApproval', messageOf(action));
    return action;
  }

  async function approve(name: string): Promise<void> {
    const { code, stderr } = await tenant.decide(tenant.approver, name, 'approve');
    assert.equal(code, 0, stderr);
  }

  /** The rehearsal of an action has tried its first write. */
  const hasTried = (object: string) =>
    eventually('the write of the rehearsal', async () =>
      (await auditEntries(tenant.namespace)).some(
        ({ impersonatedUser, requestURI, objectRef }) =>
          impersonatedUser?.username.startsWith('sentinel:rehearsal:') &&
          requestURI.includes('dryRun=All') &&
          objectRef?.name === object,
      ),
    );

  it(`carries out and records ${2 * WRITES} writes that are in flight, and none is unknown`, async (t) => {
    const names = [await tenant.file('many-a'), await tenant.file('many-b')];
    for (const name of names) assert.equal((await awaitPlan(name)).status?.plan?.effects, WRITES);
    const writes = await holdWrites(tenant.namespace);
    try {
      for (const name of names) await approve(name);
      const most = await eventually(
        'all writes in flight',
        async () => {
          const count = await inFlight();
          if (writes.held() === 2 && count >= 2 * WRITES) return count;
          throw new Error(`${writes.held()} held, ${count} in flight`);
        },
        undefined,
        300,
      );
      t.diagnostic(`${most} requests in flight`);
      await askToEnd((await replicas()).filter(isReady));
    } finally {
      await writes.stop();
    }
    for (const name of names) {
      const action = await tenant.until(name, END_STATES);
      assert.equal(stateOf(action), 'Succeeded', messageOf(action));
      const details = action.status?.outbox?.records.find(({ transition }) => transition === 'RunEnded')?.details ?? [];
      const said = Object.fromEntries(details.map(({ name: key, value }) => [key, value]));
      assert.deepEqual([said['sentinel.effects.done'], said['sentinel.effects.unknown']], [String(WRITES), '0']);
      const states = (await new Ledger(client).states(jobOf(action, 'run'))).map(({ state }) => state);
      assert.deepEqual([states.length, new Set(states)], [WRITES, new Set(['Done'])]);
      assert.deepEqual(chainOf(action), []);
    }
    const created = (await auditEntries(tenant.namespace)).filter(
      ({ verb, impersonatedUser, requestURI, objectRef, responseStatus }) =>
        verb === 'create' &&
        objectRef?.resource === 'configmaps' &&
        impersonatedUser?.username.startsWith('sentinel:enforce:') &&
        !requestURI.includes('dryRun') &&
        responseStatus?.code === 201,
    );
    assert.equal(created.length, 2 * WRITES);
    t.diagnostic(`${created.length} writes carried out`);
  });

  it('goes on with a rehearsal that it records, whichever replica the sandbox reaches', async () => {
    await startProgram('gateway', 2);
    const letGo = await hold(tenant, 'held');
    const name = await tenant.file('held');
    await hasTried('one');
    const job = jobOf(await tenant.action(name), 'rehearsal');
    const { items } = await client.list(configmaps, { namespace: 'sentinel-ledger' });
    const claim = items.find(({ data }) => (data as Record<string, string> | undefined)?.job === job) ?? assert.fail('no claim');
    const recorder = (await replicas()).filter(
      ({ status }) => (status as { podIP?: string }).podIP === (claim.data as Record<string, string>).replica,
    );
    assert.equal(recorder.length, 1);
    await askToEnd(recorder);
    // Endpoints have changed by then: what the step asks next reaches the other replica.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await letGo();
    const action = await awaitPlan(name);
    assert.equal(action.status?.plan?.effects, 2);
    assert.equal(stagesOf(action).length, 1);
    await ended(recorder);
  });

  it('keeps what a rehearsal recorded that has ended, for an operator that comes later', async () => {
    await startProgram('gateway', 2);
    const letGo = await hold(tenant, 'kept');
    const name = await tenant.file('kept');
    await hasTried('three');
    await stopProgram('operator');
    await letGo();
    const job = jobOf(await tenant.action(name), 'rehearsal');
    await eventually('the end of the pod', async () => {
      const { items } = await client.list(pods, {
        namespace: SANDBOXES,
        labelSelector: `batch.kubernetes.io/controller-uid=${job}`,
      });
      return (items[0]?.status as { phase?: string } | undefined)?.phase === 'Succeeded';
    });
    const all = await replicas();
    await askToEnd(all);
    await ended(all);
    await startProgram('operator', 1);
    const action = await awaitPlan(name);
    assert.equal(action.status?.plan?.effects, 1);
    assert.equal(stagesOf(action).length, 1);
  });
});
