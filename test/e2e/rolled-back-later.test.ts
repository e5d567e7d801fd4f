import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, example, type Person, policyForAnyWrite, serviceAccount } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { refused } from '../lib/people/answers.ts';
import { END_STATES, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// An action succeeded and did harm: another action undoes it, governed like any other.

const CHANGE = `kubectl scale deployment/web --replicas=3
kubectl annotate deployment/web team=blue
kubectl annotate --overwrite deployment/web team=green
kubectl patch configmap settings -p '{"data":{"a":"2","b":"new"}}'
kubectl create service clusterip made --tcp=80 --dry-run=client -o json | kubectl create -f -
kubectl delete service doomed`;
const NOTE = 'kubectl annotate --overwrite deployment/web note=$(params.text)';

const playbooks = [
  oneStep('change', ['sh', '-ec', CHANGE]),
  oneStep('note', NOTE.split(' '), { more: '  parameters:\n  - {name: text, required: true, pattern: "[a-z]{1,16}"}\n' }),
].join('');

interface Web {
  metadata: { annotations?: Record<string, string> };
  spec: { replicas: number };
}
interface Settings {
  data: Record<string, string>;
}

let tenant: Tenant;
let stranger: Person;
const at = () => ['-n', tenant.namespace];
const exists = async (kind: string, name: string) =>
  (await admin.kubectl(['get', kind, name, ...at(), '--ignore-not-found', '-o', 'name'])) !== '';
const web = async () => {
  const { metadata, spec } = await admin.get<Web>(['deployment', 'web', ...at()]);
  return { replicas: spec.replicas, team: metadata.annotations?.team, note: metadata.annotations?.note };
};
const settings = async () => (await admin.get<Settings>(['configmap', 'settings', ...at()])).data;

async function carriedOut(action: string): Promise<void> {
  await tenant.until(action, ['AwaitingApproval', ...END_STATES]);
  const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
  assert.equal(code, 0, `${stderr} ${messageOf(await tenant.action(action))}`);
  const done = await tenant.until(action, END_STATES);
  assert.equal(stateOf(done), 'Succeeded', messageOf(done));
}

const askBack = (who: Person, action: string, ...more: string[]) => who.trySentinel(['rollback', action, ...at(), ...more]);

async function fileBack(action: string): Promise<string> {
  const { code, stdout, stderr } = await askBack(tenant.agent, action, '--reason', 'it did harm');
  assert.equal(code, 0, stderr);
  const [, name = ''] = /^agentaction\.sentinel\.dev\/(\S+) created\n/.exec(stdout) ?? assert.fail(stdout);
  assert.match(stdout, /nothing is changed yet; its plan is being made: kubectl sentinel plan/);
  return name;
}

/** A rollback as a manifest of somebody who does not use the plugin. */
const applyBack = (who: Person, name: string, rollbackOf: object, account: string | undefined = 'remediator') =>
  who.tryKubectl(['create', '-f', '-'], {
    input: JSON.stringify({
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: { name, namespace: tenant.namespace },
      spec: { intent: { summary: 'undo it' }, rollbackOf, ...(account === '' ? {} : { account }) },
    }),
  });

describe('An action that another one undoes', { concurrency: false }, () => {
  let harmful = '';
  let back = '';
  before(async () => {
    tenant = await makeTenant('undone', { playbooks, policy: policyForAnyWrite({ resources: ['*', 'deployments/scale'] }) });
    const { namespace } = tenant;
    await admin.apply(
      example('shop/workload.yaml')
        .replaceAll('namespace: shop', `namespace: ${namespace}`)
        .replace('localhost/web:no-such-tag', tenant.image)
        .replace('replicas: 1', 'replicas: 2'),
    );
    await admin.kubectl(['create', 'configmap', 'settings', ...at(), '--from-literal=a=1']);
    await admin.kubectl(['create', 'service', 'clusterip', 'doomed', ...at(), '--tcp=80']);
    await admin.kubectl(['create', 'serviceaccount', 'stranger', ...at()]);
    stranger = await serviceAccount(namespace, 'stranger');
    await admin.kubectl(['create', 'role', 'file', ...at(), '--verb=create,get,list', '--resource=agentactions.sentinel.dev']);
    await admin.kubectl(['create', 'rolebinding', 'file', ...at(), '--role=file', `--serviceaccount=${namespace}:stranger`]);
    harmful = await tenant.file('change');
    const waiting = await tenant.until(harmful, ['AwaitingApproval', ...END_STATES]);
    assert.equal(stateOf(waiting), 'AwaitingApproval', messageOf(waiting));
  });

  it('is not undone before it has ended, nor by a requester without the right to its account', async () => {
    refused(await askBack(tenant.agent, harmful), /has not ended: it is AwaitingApproval.*\[RollbackSourceNotEnded\]/s);
    await carriedOut(harmful);
    assert.deepEqual(await web(), { replicas: 3, team: 'green', note: undefined });
    refused(await askBack(stranger, harmful), /the verb 'use' on accounts\.sentinel\.dev\/remediator/);
    const { uid } = (await tenant.action(harmful)).metadata;
    refused(
      await applyBack(tenant.agent, 'as-reader', { name: harmful, uid }, 'reader'),
      /ran as the account 'remediator', not 'reader'/,
    );
    refused(await applyBack(tenant.agent, 'of-another', { name: harmful, uid: 'x' }), /with the uid 'x' in this namespace/);
    refused(await applyBack(tenant.agent, 'without', { name: harmful, uid }, ''), /needs the `account`/);
  });

  it('is shown to people as a plan, with what is left as it is', async () => {
    await admin.kubectl(['patch', 'configmap', 'settings', ...at(), '-p', '{"data":{"b":"of somebody else"}}']);
    back = await fileBack(harmful);
    const waiting = await tenant.until(back, ['AwaitingApproval', ...END_STATES]);
    assert.equal(stateOf(waiting), 'AwaitingApproval', messageOf(waiting));
    const shown = await tenant.approver.sentinel(['plan', back, ...at(), '--full']);
    assert.match(shown, new RegExp(`rollback of the action ${harmful}, account remediator`));
    assert.match(shown, /NOT ROLLED BACK {2}\(left as it is\)/);
    assert.match(shown, /! effect 6, delete services \S+\/doomed: a deleted object cannot be restored/);
    assert.match(shown, /! effect 4, patch configmaps \S+\/settings \/data\/b: others changed it since/);
    assert.match(shown, /delete Service \S*made/);
    assert.deepEqual(await web(), { replicas: 3, team: 'green', note: undefined });
  });

  it('is not undone by two actions at a time', async () => {
    const second = await fileBack(harmful);
    const denied = await tenant.until(second, ['AwaitingApproval', ...END_STATES]);
    assert.equal(stateOf(denied), 'Denied', messageOf(denied));
    assert.match(messageOf(denied), new RegExp(`'${back}', which has not ended, rolls back '${harmful}' already`));
  });

  it('equals its pre-images afterwards, apart from what others changed', async () => {
    await carriedOut(back);
    assert.deepEqual(await web(), { replicas: 2, team: undefined, note: undefined });
    assert.deepEqual(await settings(), { a: '1', b: 'of somebody else' });
    assert.deepEqual([await exists('service', 'made'), await exists('service', 'doomed')], [false, false]);
    assert.match(await tenant.approver.sentinel(['report', back, ...at()]), new RegExp(`the rollback of ${harmful}`));
  });

  it('has a trail that names the other one, and both verify', async () => {
    const undone = await eventually('the record of the rollback', async () => {
      const { status } = await tenant.action(harmful);
      return status?.outbox?.records.find(({ transition }) => transition === 'RolledBackLater');
    });
    assert.match(undone.summary, new RegExp(`rolled back by AgentAction '${back}'`));
    const admitted = (await tenant.action(back)).status?.outbox?.records.find(({ transition }) => transition === 'Admitted');
    assert.match(admitted?.summary ?? '', new RegExp(`asks for the rollback of AgentAction '${harmful}'`));
    for (const name of [harmful, back]) await admin.sentinel(['audit', 'verify', name, ...at()]);
  });

  it('is not undone twice', async () => {
    refused(
      await askBack(tenant.agent, harmful),
      new RegExp(`was rolled back by AgentAction '${back}'.*RollbackAlreadyDone`, 's'),
    );
  });

  it('has its changes again when its rollback is undone', async () => {
    const again = await fileBack(back);
    await carriedOut(again);
    assert.deepEqual(await web(), { replicas: 3, team: 'green', note: undefined });
    assert.deepEqual(await settings(), { a: '2', b: 'of somebody else' });
    assert.equal(await exists('service', 'made'), false);
  });
});

describe('A rollback that finds something else than it was planned for', { concurrency: false }, () => {
  it('is refused if the run does not find what was approved, and overwrites nothing', async () => {
    const action = await tenant.file('note', { text: 'fast' });
    await carriedOut(action);
    const back = await fileBack(action);
    await tenant.until(back, ['AwaitingApproval', ...END_STATES]);
    await admin.kubectl(['annotate', '--overwrite', 'deployment', 'web', ...at(), 'note=mine']);
    await tenant.decide(tenant.approver, back, 'approve');
    const done = await tenant.until(back, [...END_STATES, 'Cancelled']);
    assert.notEqual(stateOf(done), 'Succeeded', messageOf(done));
    assert.match(messageOf(done), /not the approved one any more: .*note: others changed it since/);
    assert.equal((await web()).note, 'mine');
    const only = await fileBack(action);
    const failed = await tenant.until(only, ['AwaitingApproval', ...END_STATES]);
    assert.equal(stateOf(failed), 'RehearsalFailed', messageOf(failed));
    assert.match(messageOf(failed), /nothing can be undone/);
  });

  it('is refused for an action that never ran, and for one that was deleted', async () => {
    const dry = await tenant.file('note', { text: 'dry' }, { mode: 'DryRun' });
    await tenant.until(dry, ['DryRunCompleted', ...END_STATES]);
    refused(await askBack(tenant.agent, dry), /RollbackSourceNotRun/);
    const gone = await tenant.file('note', { text: 'gone' });
    await carriedOut(gone);
    const { uid } = (await tenant.action(gone)).metadata;
    await admin.kubectl(['delete', 'agentaction', gone, ...at()]);
    refused(await askBack(tenant.agent, gone), /there is no action/);
    refused(await applyBack(tenant.agent, 'of-gone', { name: gone, uid }), /the values from before it are deleted with it/);
  });
});
