import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { agentActions } from '@sentinel/crds';
import { configmaps, pods } from '@sentinel/kube';
import { auditEntries } from '../lib/audit-log.ts';
import { admin, eventually, policyForAnyPlaybook } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { imageOnly } from '../lib/image-only.ts';
import { oneStep } from '../lib/one-step.ts';
import { startProgram, stopProgram } from '../lib/programs.ts';
import { client, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// The operator is gone while a run is under way. What is stored then, a suspension or a cancellation, stops the next write all the
// same: the gateway asks the API server itself, and one second later nothing is written any more.

const SYSTEM = 'sentinel-system';
const SANDBOXES = 'sentinel-sandboxes';
const over = ['Succeeded', 'RolledBack', 'RollbackIncomplete', 'RunFailed', 'Blocked', 'Cancelled', 'VerificationFailed'];

const policy = policyForAnyPlaybook().replace('objects: 5', 'objects: 20');
const annotate = (key: string) => `kubectl annotate --overwrite deployment web ${key}=yes`;
// Once it is let go, it tries for ten seconds, and ends well whatever came of it.
const script = `${annotate('first')} && ${whileHeld('held')}; for i in 1 2 3 4 5; do ${annotate('second')} && break; sleep 2; done; ${whileHeld('open')}`;
/** How often the other one writes after it was let go. */
const STREAM = 15;
const stream = `${annotate('first')} && ${whileHeld('held')}; for i in ${Array.from({ length: STREAM }, (_, i) => i).join(' ')}; do ${annotate('n$i')}; sleep 0.2; done; ${whileHeld('open')}`;

const annotationsOf = async ({ namespace }: Tenant): Promise<Record<string, string>> =>
  (await admin.get<{ metadata: { annotations?: Record<string, string> } }>(['deployment', 'web', '-n', namespace])).metadata
    .annotations ?? {};

/** The writes of the run to the object, as the API server's own audit log has them, dry-runs apart. */
const writesOf = async ({ namespace }: Tenant) =>
  (await auditEntries(namespace)).filter(
    ({ verb, impersonatedUser, requestURI, objectRef }) =>
      verb === 'patch' &&
      impersonatedUser?.username.startsWith('sentinel:enforce:') &&
      !requestURI.includes('dryRun') &&
      objectRef?.name === 'web',
  );

describe('With the operator stopped', { concurrency: false }, () => {
  before(() => startProgram('operator', 1));
  afterEach(() => startProgram('operator', 1));
  after(() => startProgram('operator', 1));

  /** A run that has written once; the operator is gone, and the step waits to be let go. */
  async function halfDone(name: string, what = script) {
    const tenant = await makeTenant(name, { policy, playbooks: oneStep('twice', ['sh', '-c', what]) });
    await admin.apply(JSON.stringify(imageOnly('web', tenant.namespace)));
    const action = await tenant.file('twice');
    const waiting = await tenant.until(action, ['AwaitingApproval', 'Denied', 'RehearsalFailed', ...over]);
    assert.equal(stateOf(waiting), 'AwaitingApproval', messageOf(waiting));
    const letGo = await hold(tenant, 'held');
    const letEnd = await hold(tenant, 'open');
    const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
    assert.equal(code, 0, stderr);
    await eventually('the first write', async () => (await annotationsOf(tenant)).first === 'yes');
    // The Job is released and recorded by then, but not every write of the operator need be over.
    await tenant.until(action, ['Running']);
    await stopProgram('operator');
    return { tenant, action, letGo, letEnd };
  }

  /** Lets the step go one second after the change was stored, and shows that the gateway alone refused its second write. */
  async function refusedAlone(tenant: Tenant, action: string, letGo: () => Promise<unknown>): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await letGo();
    const run = (await tenant.action(action)).status?.stages?.find(({ stage }) => stage === 'run') ?? assert.fail('no run');
    const { items } = await client.list(pods, {
      namespace: SANDBOXES,
      labelSelector: `batch.kubernetes.io/controller-uid=${run.uid}`,
    });
    const log = await eventually('the answer to the second write', async () => {
      const text = await client.logs(SANDBOXES, items[0]?.metadata.name ?? '', 'step-one', {});
      return /second|refused|suspended|cancelled/.test(text) && text;
    });
    assert.match(log, /is refused: .*(suspended|cancelled)/);
    // It tries on; none of that goes through.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const { first, second } = await annotationsOf(tenant);
    assert.deepEqual({ first, second }, { first: 'yes', second: undefined });
    assert.equal((await writesOf(tenant)).length, 1);
    assert.equal(stateOf(await tenant.action(action)), 'Running', 'somebody else ended it');
  }

  it('a suspension stops the next write; the operator ends the run when it is back, and nothing more is written', async () => {
    const { tenant, action, letGo, letEnd } = await halfDone('no-op-suspended');
    await tenant.setPolicy({ suspended: true });
    await refusedAlone(tenant, action, letGo);
    await startProgram('operator', 1);
    const ended = await tenant.until(action, over);
    await letEnd();
    assert.equal(stateOf(ended), 'RunFailed', messageOf(ended));
    assert.match(
      messageOf(ended),
      /stopped by the kill switch of AgentPolicy\/[a-z0-9-]+ \(by admin since [^)]+\); 1 of 2 approved effects carried out, and stay/,
    );
    assert.equal((await writesOf(tenant)).length, 1);
  });

  it('a cancellation stops the next write; the operator rolls the first one back when it is running again', async () => {
    const { tenant, action, letGo, letEnd } = await halfDone('no-op-cancelled');
    const { namespace } = tenant;
    await client.patch(agentActions, { name: action, namespace }, { spec: { cancelled: true } }, { type: 'merge' });
    await refusedAlone(tenant, action, letGo);
    await startProgram('operator', 1);
    const ended = await tenant.until(action, over);
    await letEnd();
    assert.equal(stateOf(ended), 'Cancelled', messageOf(ended));
    const { first, second } = await annotationsOf(tenant);
    assert.deepEqual({ first, second }, { first: undefined, second: undefined });
    // The first write, and its rollback.
    assert.equal((await writesOf(tenant)).length, 2);
  });

  it('no write of a run that writes on and on starts later than one second after a suspension was stored', async () => {
    const { tenant, action, letGo, letEnd } = await halfDone('no-op-stream', stream);
    await letGo();
    await eventually('the third write', async () => (await annotationsOf(tenant)).n2 === 'yes', undefined, 200);
    await tenant.setPolicy({ suspended: true });
    // Long enough for some more of them, had they gone through.
    await new Promise((resolve) => setTimeout(resolve, 8000));
    const stored = (await auditEntries(tenant.namespace)).findLast(
      ({ verb, objectRef }) => verb === 'patch' && objectRef?.resource === 'agentpolicies',
    );
    const begun = Date.parse(stored?.stageTimestamp ?? assert.fail('the suspension is not in the audit log'));
    const late = (await writesOf(tenant)).map(({ requestReceivedTimestamp: at }) => Date.parse(at) - begun);
    assert.ok(Math.max(...late) <= 1000, `writes after the suspension, in ms: ${late.join(', ')}`);
    assert.ok(late.length >= 3 && late.length < STREAM, `${late.length} writes`);
    await startProgram('operator', 1);
    await letEnd();
    const ended = await tenant.until(action, over);
    assert.equal(stateOf(ended), 'RunFailed', messageOf(ended));
  });

  it('a block stops the next write, no matter who stored it', async () => {
    const { tenant, action, letGo, letEnd } = await halfDone('no-op-blocked');
    const run = (await tenant.action(action)).status?.stages?.find(({ stage }) => stage === 'run') ?? assert.fail('no run');
    const { items } = await client.list(configmaps, {
      namespace: 'sentinel-ledger',
      labelSelector: `sentinel.dev/job=${run.uid}`,
    });
    assert.equal(items.length, 1);
    // As another replica of the gateway does it: nobody else may write the ledger.
    const gateway = ['--as', `system:serviceaccount:${SYSTEM}:sentinel-gateway`];
    const patch = JSON.stringify({ data: { blocked: 'the action is refused: it was cancelled by a test' } });
    await admin.kubectl([
      'patch',
      'configmap',
      items[0]?.metadata.name ?? '',
      '-n',
      'sentinel-ledger',
      '--type=merge',
      '-p',
      patch,
      ...gateway,
    ]);
    await refusedAlone(tenant, action, letGo);
    await startProgram('operator', 1);
    await letEnd();
    const ended = await tenant.until(action, over);
    assert.equal(stateOf(ended), 'Blocked', messageOf(ended));
    assert.match(messageOf(ended), /cancelled by a test/);
  });

  it('a cancellation during the checks comes before their success, and the operator rolls the run back when it is running again', async () => {
    const check = JSON.stringify({ name: 'waits', command: ['sh', '-c', whileHeld('checked')] });
    const playbook = oneStep('checks', ['sh', '-c', annotate('first')], { more: `  verify: [${check}]\n` });
    const tenant = await makeTenant('no-op-checked', { policy, playbooks: playbook });
    const { namespace } = tenant;
    await admin.apply(JSON.stringify(imageOnly('web', namespace)));
    const letCheck = await hold(tenant, 'checked');
    const action = await tenant.file('checks');
    await tenant.until(action, ['AwaitingApproval']);
    const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
    assert.equal(code, 0, stderr);
    await tenant.until(action, ['Verifying']);
    const checks = await eventually('the pod of the checks', async () => {
      const { items } = await client.list(pods, { namespace: SANDBOXES, labelSelector: 'sentinel.dev/stage=verification' });
      const pod = items.find(({ metadata }) => metadata.annotations?.['sentinel.dev/action'] === `${namespace}/${action}`);
      const asked = (await auditEntries(namespace)).some(
        ({ objectRef, requestURI }) => objectRef?.name === 'checked' || requestURI.includes('/configmaps/checked'),
      );
      return asked && pod;
    });
    await stopProgram('operator');
    await client.patch(agentActions, { name: action, namespace }, { spec: { cancelled: true } }, { type: 'merge' });
    await letCheck();
    await eventually('the success of the checks', async () => {
      const pod = await client.get(pods, { namespace: SANDBOXES, name: checks.metadata.name ?? '' });
      return (pod?.status as { phase?: string } | undefined)?.phase === 'Succeeded';
    });
    await startProgram('operator', 1);
    const ended = await tenant.until(action, over);
    assert.equal(stateOf(ended), 'Cancelled', messageOf(ended));
    assert.equal((await annotationsOf(tenant)).first, undefined);
  });
});
