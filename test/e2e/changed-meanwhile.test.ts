import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, policyForAnyWrite } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { idle } from '../lib/image-only.ts';
import { oneStep } from '../lib/one-step.ts';
import { approve, carriedOut, rehearsed } from '../lib/runs.ts';
import { END_STATES, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Objects and actions that somebody changes between plan, run and end.

const sandboxes = 'sentinel-sandboxes';
const policy = policyForAnyWrite();
const ENDED = [...END_STATES, 'Cancelled', 'VerificationFailed'];
const step = (name: string, script: string, more = '') => oneStep(name, ['sh', '-ec', script], { step: 'change', more });

/** A Deployment without pods whose annotation `note` is there to be changed. */
const noted = (tenant: Tenant, name: string) => {
  const object = idle(name, tenant.namespace, tenant.image);
  return JSON.stringify({ ...object, metadata: { ...object.metadata, annotations: { note: 'first' } } });
};

const read = async (tenant: Tenant, kind: string, name: string, path: string) =>
  await admin.kubectl(['get', kind, name, '-n', tenant.namespace, '-o', `jsonpath={${path}}`]);

describe('A field that somebody changes between plan and run', { concurrency: true }, () => {
  let tenant: Tenant;
  const annotate = (name: string, value: string) => `kubectl annotate --overwrite deployment ${name} note=${value}`;

  before(async () => {
    tenant = await makeTenant('gw-drift', {
      policy,
      playbooks: [
        step('same', annotate('same', 'agent')),
        step('other', annotate('other', 'agent')),
        step('back', `${annotate('back', 'agent')} && kubectl annotate deployment back note-`),
        step(
          'late',
          annotate('late', 'agent'),
          `  verify:\n  - {name: never, command: [sh, -c, "${whileHeld('held')}; exit 1"]}\n`,
        ),
      ].join(''),
    });
    await admin.apply(['same', 'other', 'back', 'late'].map((name) => noted(tenant, name)).join('\n---\n'));
  });

  it('blocks the run, names the difference, and is not overwritten', async () => {
    const name = await rehearsed(tenant, 'same');
    await admin.kubectl(['annotate', '--overwrite', 'deployment', 'same', '-n', tenant.namespace, 'note=somebody']);
    const action = await carriedOut(tenant, name);
    assert.equal(stateOf(action), 'Blocked', messageOf(action));
    assert.match(
      messageOf(action),
      /at \/metadata\/annotations\/note: approved "first" → "agent", attempted "somebody" → "agent"/,
    );
    assert.equal(await read(tenant, 'deployment', 'same', '.metadata.annotations.note'), 'somebody');
  });

  it('is put back by the run itself, and both writes were in the plan', async () => {
    const name = await rehearsed(tenant, 'back');
    assert.equal((await tenant.action(name)).status?.plan?.effects, 2);
    const action = await carriedOut(tenant, name);
    assert.equal(stateOf(action), 'Succeeded', messageOf(action));
    assert.equal(await read(tenant, 'deployment', 'back', '.metadata.annotations.note'), '');
  });

  it('does not matter when it is another field', async () => {
    const name = await rehearsed(tenant, 'other');
    await admin.kubectl(['annotate', 'deployment', 'other', '-n', tenant.namespace, 'more=somebody']);
    const action = await carriedOut(tenant, name);
    assert.equal(stateOf(action), 'Succeeded', messageOf(action));
    assert.equal(await read(tenant, 'deployment', 'other', '.metadata.annotations.note'), 'agent');
    assert.equal(await read(tenant, 'deployment', 'other', '.metadata.annotations.more'), 'somebody');
  });

  it('is left alone by a rollback, which says which field it is', async () => {
    const name = await rehearsed(tenant, 'late');
    const letGo = await hold(tenant, 'held');
    await approve(tenant, name);
    await tenant.until(name, ['Verifying']);
    await admin.kubectl(['annotate', '--overwrite', 'deployment', 'late', '-n', tenant.namespace, 'note=somebody']);
    await letGo();
    const action = await tenant.until(name, ENDED);
    assert.equal(stateOf(action), 'RollbackIncomplete', messageOf(action));
    assert.match(messageOf(action), /others changed \/metadata\/annotations\/note since/);
    assert.equal(await read(tenant, 'deployment', 'late', '.metadata.annotations.note'), 'somebody');
  });
});

describe('A run that is ended on the way', { concurrency: true }, () => {
  let tenant: Tenant;
  const script = (name: string) =>
    `kubectl annotate --overwrite deployment ${name} note=agent; if [ "$(kubectl get configmap go-${name} -o 'jsonpath={.data.real}')" = yes ]; then sleep 60; fi`;

  before(async () => {
    tenant = await makeTenant('gw-stop', {
      policy,
      playbooks: step('cancel', script('cancel')) + step('remove', script('remove')),
    });
    await admin.apply(['cancel', 'remove'].map((name) => noted(tenant, name)).join('\n---\n'));
    // One for each: the run of one begins while the other is still rehearsed.
    for (const name of ['cancel', 'remove']) await admin.kubectl(['create', 'configmap', `go-${name}`, '-n', tenant.namespace]);
  });

  const underWay = async (playbook: string) => {
    const name = await rehearsed(tenant, playbook);
    const real = JSON.stringify({ data: { real: 'yes' } });
    await admin.kubectl(['patch', 'configmap', `go-${playbook}`, '-n', tenant.namespace, '--type=merge', '-p', real]);
    await approve(tenant, name);
    await eventually(
      'the write of the run',
      async () => (await read(tenant, 'deployment', playbook, '.metadata.annotations.note')) === 'agent',
    );
    return name;
  };

  it('by cancelling it: its step ends, its changes are rolled back', async () => {
    const name = await underWay('cancel');
    const job = (await tenant.action(name)).status?.stages?.find(({ stage }) => stage === 'run')?.name ?? '';
    for (const args of [
      ['exec', `job/${job}`, '-c', 'step-change', '--', 'id'],
      ['attach', `job/${job}`, '-c', 'step-change'],
      ['delete', '--dry-run=server', 'job', job],
    ]) {
      const { code, stderr } = await admin.tryKubectl([
        ...args.slice(0, 1),
        '-n',
        sandboxes,
        '--request-timeout=10s',
        ...args.slice(1),
      ]);
      assert.notEqual(code, 0, `${args[0]} went through`);
      assert.match(stderr, /belongs to Sentinel's operator alone/);
    }
    await tenant.cancel(name);
    const action = await tenant.until(name, ENDED);
    assert.equal(stateOf(action), 'Cancelled', messageOf(action));
    assert.equal(await read(tenant, 'deployment', 'cancel', '.metadata.annotations.note'), 'first');
  });

  it('by deleting the action: the Job goes first, its changes are rolled back, then the action goes', async () => {
    const name = await underWay('remove');
    const job = (await tenant.action(name)).status?.stages?.find(({ stage }) => stage === 'run')?.name ?? '';
    await admin.kubectl(['delete', 'agentaction', name, '-n', tenant.namespace, '--wait=false']);
    await eventually(
      'the end of the action',
      async () => (await admin.tryKubectl(['get', 'agentaction', name, '-n', tenant.namespace])).code !== 0,
    );
    await eventually('the end of the Job', async () => (await admin.tryKubectl(['get', 'job', job, '-n', sandboxes])).code !== 0);
    assert.equal(await read(tenant, 'deployment', 'remove', '.metadata.annotations.note'), 'first');
  });
});
