import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, example } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// A run that makes writes that its rehearsal did not make: it is blocked and rolled back, and its plan can be amended, twice at most.

/** One annotation always; with a flag of the test, one more, or a Secret. Reading a ConfigMap is not compared, so no drift is seen. */
const SCRIPT = [
  'has() { kubectl get configmap "flag-$KEY-$1" --ignore-not-found -o name | grep -q .; }',
  'note() { kubectl annotate --overwrite deployment web "$1-$KEY=yes" || exit 9; }',
  'note first',
  'for more in one two three; do if has $more; then note $more; fi; done',
  'if has secret; then kubectl create secret generic "stolen-$KEY" --from-literal=a=b || exit 8; fi',
].join('\n');

const branches = oneStep('branches', ['sh', '-c', SCRIPT], {
  more: '  parameters:\n  - {name: key, required: true, pattern: "[a-z]{1,8}"}\n',
}).replace(']}\n  rollback', '], env: [{name: KEY, value: $(params.key)}]}\n  rollback');
const policy = example('shop/policy.yaml').replace('allow: [set-image,', 'allow: [branches, set-image,');

interface Shown {
  readonly spec: {
    readonly amends?: { readonly round: number; readonly effect?: number; readonly refused: string; readonly why: string };
    readonly effects: readonly { readonly name: string; readonly change?: readonly { readonly path: string }[] }[];
    readonly required: { readonly approvals: number };
  };
}

let tenant: Tenant;

const flags = (verb: 'create' | 'delete', key: string, ...names: readonly string[]) =>
  Promise.all(names.map((name) => admin.kubectl([verb, 'configmap', `flag-${key}-${name}`, '-n', tenant.namespace])));
const notes = async (key: string): Promise<string[]> => {
  const web = await admin.get<{ metadata: { annotations?: Record<string, string> } }>([
    'deployment',
    'web',
    '-n',
    tenant.namespace,
  ]);
  return Object.keys(web.metadata.annotations ?? {}).filter((name) => name.endsWith(`-${key}`));
};
const planOf = async (action: string): Promise<Shown> => {
  const name = (await tenant.action(action)).status?.plan?.name ?? '';
  return await admin.get<Shown>(['actionplan', name, '-n', tenant.namespace]);
};
const offerOf = async (action: string) =>
  ((await tenant.action(action)).status as { amendment?: { offered: boolean; refused: string; reason?: string } }).amendment;

/** Approves an action while these flags are set, and waits for its end. */
async function runWith(action: string, key: string, names: readonly string[], ends: string) {
  await flags('create', key, ...names);
  const answer = await tenant.decide(tenant.approver, action, 'approve');
  assert.equal(answer.code, 0, answer.stderr);
  const ended = await tenant.until(action, ['Succeeded', 'Blocked', 'RunFailed', 'RolledBack', 'RollbackIncomplete']);
  assert.equal(stateOf(ended), ends, messageOf(ended));
  await flags('delete', key, ...names);
  return ended;
}

/** Files an action of this key, of which the run meets the flags. */
async function blocked(key: string, ...names: readonly string[]): Promise<string> {
  const action = await tenant.file('branches', { key });
  await tenant.until(action, ['AwaitingApproval']);
  const ended = await runWith(action, key, names, 'Blocked');
  assert.deepEqual(await notes(key), [], messageOf(ended));
  return action;
}

async function amend(action: string): Promise<string> {
  const said = await tenant.agent.sentinel(['amend', action, '-n', tenant.namespace]);
  const name = /agentaction\.sentinel\.dev\/(\S+) created/.exec(said)?.[1] ?? assert.fail(said);
  await tenant.until(name, ['AwaitingApproval', 'RehearsalFailed']);
  assert.equal(stateOf(await tenant.action(name)), 'AwaitingApproval', messageOf(await tenant.action(name)));
  return name;
}

const amending = (name: string, uid: string, more: object = {}) =>
  tenant.file('branches', { key: 'a' }, { amends: { name, uid }, ...more });
async function deniedWith(action: string, says: RegExp): Promise<void> {
  assert.match(messageOf(await tenant.until(action, ['Denied', 'RehearsalFailed', 'AwaitingApproval'])), says);
}

describe('A plan whose run was blocked', { concurrency: true }, () => {
  before(async () => {
    tenant = await makeTenant('amended', { playbooks: branches, policy });
    await tenant.deploy('web');
  });

  it('is amended with the refused write, approved and run from the start, once', async () => {
    const first = await blocked('a', 'one');
    const offer = await offerOf(first);
    assert.equal(offer?.offered, true, JSON.stringify(offer));
    assert.match(messageOf(await tenant.action(first)), /A plan with the refused write can be proposed: kubectl sentinel amend /);
    const { uid } = (await tenant.action(first)).metadata;
    // The flag is gone: this rehearsal does not meet the write, either.
    const [amended, second, other, alien] = await Promise.all([
      amend(first),
      amend(first),
      tenant.file('branches', { key: 'z' }, { amends: { name: first, uid } }),
      amending(first, '00000000-0000-4000-8000-000000000000'),
    ]);
    await deniedWith(other, /it does not do the same work as action/);
    await deniedWith(alien, /there is no action '.+' with this uid/);
    const { spec } = await planOf(amended);
    assert.equal(spec.effects.length, 2);
    assert.equal(spec.amends?.round, 1);
    assert.equal(spec.amends?.effect, 1);
    assert.match(JSON.stringify(spec.effects[1]?.change), /one-a/);
    assert.equal(spec.required.approvals, 1);
    const shown = await tenant.approver.sentinel(['plan', amended, '-n', tenant.namespace]);
    assert.match(shown, new RegExp(`AMENDMENT {2}1 of the plan of ${first}, whose run was blocked and rolled back`));
    assert.match(shown, /DIFFERENCE {2}\(to the plan before, sha256:/);
    assert.doesNotMatch(shown, /that plan is gone/);
    await runWith(amended, 'a', ['one'], 'Succeeded');
    assert.deepEqual((await notes('a')).sort(), ['first-a', 'one-a']);
    const late = await runWith(second, 'a', ['one'], 'RunFailed');
    assert.match(messageOf(late), /has run as the amendment of/);
  });

  it('is amended twice, and not a third time', async () => {
    const first = await blocked('b', 'one');
    const second = await amend(first);
    await runWith(second, 'b', ['one', 'two'], 'Blocked');
    assert.deepEqual(await notes('b'), []);
    const third = await amend(second);
    assert.equal((await planOf(third)).spec.effects.length, 3);
    assert.equal((await planOf(third)).spec.amends?.round, 2);
    const ended = await runWith(third, 'b', ['one', 'two', 'three'], 'Blocked');
    assert.deepEqual(await notes('b'), []);
    assert.match(messageOf(ended), /No amendment of the plan is offered: it would be amendment 3 of the first plan; at most 2/);
    const refused = await tenant.agent.trySentinel(['amend', third, '-n', tenant.namespace]);
    assert.match(refused.stderr, /offers no amendment: it would be amendment 3/);
    const { uid } = (await tenant.action(third)).metadata;
    await deniedWith(
      await tenant.file('branches', { key: 'b' }, { amends: { name: third, uid } }),
      /offers no amendment: it would be amendment 3/,
    );
  });

  it('is not offered again with a write that is never allowed', async () => {
    const action = await tenant.file('branches', { key: 'c' });
    await tenant.until(action, ['AwaitingApproval']);
    const ended = await runWith(action, 'c', ['secret'], 'RolledBack');
    assert.match(messageOf(ended), /secrets/);
    assert.equal(await offerOf(action), undefined);
    assert.deepEqual(await notes('c'), []);
    const refused = await tenant.agent.trySentinel(['amend', action, '-n', tenant.namespace]);
    assert.match(refused.stderr, /it is RolledBack, and only a run that was blocked and rolled back can be amended/);
  });
});
