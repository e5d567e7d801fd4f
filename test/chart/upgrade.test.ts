import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { run } from '../../tools/run.ts';
import { loadPreviousRelease, type Previous } from '../lib/chart/previous.ts';
import { helm, releaseValues, upgradeRelease, type Values } from '../lib/chart/release.ts';
import { admin } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { type ActionView, END_STATES, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';
import { approved, chainOf, makeWorld, setImage, shown } from '../lib/worlds/killed.ts';

// `helm upgrade` from the previous release and `helm rollback` to it, with actions in every state: nothing is lost, nothing runs twice.

describe('An installation of the previous release', { concurrency: false }, () => {
  let values: Values;
  let previous: Previous;
  let tenant: Tenant;
  const actions = new Map<string, ActionView>();

  const installPrevious = async () => {
    // That release does not know the new values of these.
    const { image: _, operator: __, floor: ___, ...others } = values;
    const args = ['upgrade', 'sentinel', previous.chart, '--values', '-', '--force-conflicts', '--wait', '--timeout', '150s'];
    const input = JSON.stringify({ ...others, image: previous.image });
    await run(paths.helm, args, { env: { KUBECONFIG: paths.kubeconfig }, input });
  };

  const file = async (name: string, playbook: string) => {
    const action = await tenant.file(playbook);
    actions.set(name, await tenant.action(action));
    return action;
  };
  const nameOf = (name: string) => actions.get(name)?.metadata.name ?? '';
  const images = async () => {
    const deployments = await admin.kubectl([
      ...['get', 'deployments', '-n', 'sentinel-system', '-o'],
      'jsonpath={.items[*].spec.template.spec.containers[0].image}',
    ]);
    return new Set(deployments.split(' '));
  };

  /** A new action goes all the way. */
  async function works(playbook: string): Promise<void> {
    const action = await tenant.file(playbook);
    await approved(tenant, action);
    const ended = await tenant.until(action, END_STATES);
    assert.equal(stateOf(ended), 'Succeeded', messageOf(ended));
    assert.equal(await shown(playbook, tenant.namespace), '2 localhost/web:two');
  }

  before(async () => {
    values = await releaseValues();
    previous = await loadPreviousRelease();
    tenant = await makeWorld('upgraded', {
      calm: setImage('calm'),
      upgraded: setImage('upgraded'),
      back: setImage('back'),
      held: `${setImage('held-first')} && ${whileHeld('held')} && ${setImage('held')}`,
    });
    await installPrevious();
  });
  after(() => upgradeRelease(values));

  let letGo: () => Promise<unknown>;

  it('has actions in every state', async () => {
    assert.deepEqual([...(await images())], [previous.image]);
    await file('done', 'calm');
    await approved(tenant, nameOf('done'));
    actions.set('done', await tenant.until(nameOf('done'), ['Succeeded']));
    await file('rejected', 'held');
    await tenant.until(nameOf('rejected'), ['AwaitingApproval']);
    await tenant.decide(tenant.approver, nameOf('rejected'), 'reject');
    actions.set('rejected', await tenant.until(nameOf('rejected'), ['Rejected']));
    await file('waiting', 'held');
    actions.set('waiting', await tenant.until(nameOf('waiting'), ['AwaitingApproval']));
    await file('running', 'held');
    await tenant.until(nameOf('running'), ['AwaitingApproval']);
    letGo = await hold(tenant, 'held');
    await approved(tenant, nameOf('running'));
    await tenant.until(nameOf('running'), ['Running']);
  });

  it('is upgraded: what ended is as it was, with its record', async () => {
    await upgradeRelease(values);
    assert.ok(!(await images()).has(previous.image));
    for (const name of ['done', 'rejected']) {
      const now = await tenant.action(nameOf(name));
      assert.deepEqual(now.status?.conditions, actions.get(name)?.status?.conditions, name);
      assert.deepEqual(chainOf(now), chainOf(actions.get(name) as ActionView), name);
    }
  });

  it('lets a run that was under way come to its end', async () => {
    await letGo();
    const ended = await tenant.until(nameOf('running'), END_STATES);
    assert.equal(stateOf(ended), 'Succeeded', messageOf(ended));
    // Each write once: the generation of a Deployment counts them.
    for (const deployment of ['held-first', 'held'])
      assert.equal(await shown(deployment, tenant.namespace), '2 localhost/web:two');
  });

  it('does not start what was planned by the previous release, and says what to do', async () => {
    await tenant.decide(tenant.approver, nameOf('waiting'), 'approve');
    const ended = await tenant.until(nameOf('waiting'), END_STATES);
    assert.equal(stateOf(ended), 'Denied');
    assert.match(messageOf(ended), /Sentinel or its settings changed\. Create the action again\. Nothing was changed\./);
  });

  it('takes new work: trust, policies and accounts are as they were', () => works('upgraded'));

  it('is rolled back: new work is done by the previous release, and the records are all there', async () => {
    await helm('rollback', 'sentinel', '--force-conflicts', '--wait', '--timeout', '150s');
    assert.deepEqual([...(await images())], [previous.image]);
    await works('back');
    const now = await tenant.action(nameOf('done'));
    assert.deepEqual(now.status?.conditions, actions.get('done')?.status?.conditions);
  });
});
