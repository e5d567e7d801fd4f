import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyOf } from '@sentinel/kube';
import { action, facts, NOW, stage } from '../../decide/decide.fixture.ts';
import { stateOf } from '../../status/conditions.ts';
import type { ActContext, Pass } from '../context.ts';
import { mergeOutcomes, rollBack } from './roll-back.ts';

type Outcome = Parameters<typeof mergeOutcomes>[0][number];
const one = (effect: number, outcome: Outcome['outcome']): Outcome => ({ effect, outcome });

describe('A second pass of a rollback', () => {
  const rows: [name: string, before: Outcome[], now: Outcome[], merged: Outcome[]][] = [
    ['keeps what the first restored', [one(0, 'Restored')], [one(0, 'Unchanged')], [one(0, 'Restored')]],
    ['says what it restored itself', [one(0, 'Failed')], [one(0, 'Restored')], [one(0, 'Restored')]],
    ['says what it found worse', [one(0, 'Restored')], [one(0, 'Failed')], [one(0, 'Failed')]],
    [
      'keeps an effect that it does not mention',
      [one(1, 'Restored')],
      [one(0, 'Restored')],
      [one(1, 'Restored'), one(0, 'Restored')],
    ],
    ['is newest first, as the first', [], [one(2, 'Restored'), one(0, 'Skipped')], [one(2, 'Restored'), one(0, 'Skipped')]],
  ];
  for (const [name, before, now, merged] of rows) it(name, () => assert.deepEqual(mergeOutcomes(before, now), merged));

  it('ends the action by what both passes did', async () => {
    const of = action('RollingBack', { stages: [stage('run', { outcome: 'Failed', message: 'm' })] });
    const draft = { ...copyOf(of.status ?? {}), rollback: [one(1, 'Restored')] };
    const pass: Pass = { facts: facts(of), action: of, draft, now: NOW, afterwards: [] };
    const gateway = { rollBack: async () => ({ outcomes: [one(1, 'Unchanged'), one(0, 'Restored')], retries: [] }) };
    await rollBack({ gateway, settings: async () => ({ gatewayAddress: 'x' }) } as unknown as ActContext, pass);
    assert.deepEqual(pass.draft.rollback, [one(1, 'Restored'), one(0, 'Restored')]);
    assert.equal(stateOf(pass.draft), 'RolledBack');
  });
});

describe('A rollback that the gateway refuses', () => {
  it('because the end was stated before somebody cancelled, says that they came too late', async () => {
    const of = action('RollingBack', { stages: [stage('run', { outcome: 'Succeeded', message: 'm' })], cancelled: true });
    const pass: Pass = { facts: facts(of), action: of, draft: copyOf(of.status ?? {}), now: NOW, afterwards: [] };
    const sealed = { time: 't', action: 'u', key: 'k', seal: 's' };
    const statement = JSON.stringify({ kind: 'Run', job: 'j', plan: 'p', effects: 'D', over: true, ...sealed });
    const refused = 'the run is over: its end was stated';
    const gateway = { rollBack: async () => ({ outcomes: [], retries: [], refused, statement }) };
    await rollBack({ gateway, settings: async () => ({ gatewayAddress: 'x' }) } as unknown as ActContext, pass);
    const said = pass.draft.conditions?.find(({ type }) => type === 'Succeeded')?.message ?? '';
    assert.equal(stateOf(pass.draft), 'RollbackIncomplete');
    assert.match(said, /the action was cancelled too late: the run was over already, so nothing was undone and its changes stay/);
    const details = pass.draft.outbox?.records.at(-1)?.details ?? [];
    assert.deepEqual(
      details.filter(({ name }) => name.startsWith('sentinel.stopped.')).map(({ name }) => name),
      ['sentinel.stopped.too_late'],
    );
  });

  it('ends the action, says why, and is not tried again', async () => {
    const of = action('RollingBack', { stages: [stage('run', { outcome: 'Succeeded', message: 'm' })] });
    const pass: Pass = { facts: facts(of), action: of, draft: copyOf(of.status ?? {}), now: NOW, afterwards: [] };
    const gateway = { rollBack: async () => ({ outcomes: [], retries: [], refused: 'the run is over: its checks succeeded' }) };
    await rollBack({ gateway, settings: async () => ({ gatewayAddress: 'x' }) } as unknown as ActContext, pass);
    assert.equal(stateOf(pass.draft), 'RollbackIncomplete');
    const said = pass.draft.conditions?.find(({ type }) => type === 'Succeeded')?.message;
    assert.match(
      said ?? '',
      /^the gateway does not roll the run back: the run is over: its checks succeeded\. Its changes stay\./,
    );
    assert.deepEqual(pass.afterwards, []);
  });
});

describe('A rollback with an effect that the API server does not let through', () => {
  const of = action('RollingBack', { stages: [stage('run', { outcome: 'Failed', message: 'm' })] });
  const reason = 'the API server is temporarily unavailable: HTTP 500';
  const gateway = { rollBack: async () => ({ outcomes: [one(0, 'Restored')], retries: [{ effect: 1, reason }] }) };
  const context = { gateway, settings: async () => ({ gatewayAddress: 'x' }) } as unknown as ActContext;
  const passAt = async (draft: Pass['draft'], now: number) => {
    const pass: Pass = { facts: facts(of), action: of, draft, now, afterwards: [] };
    await rollBack(context, pass);
    return pass;
  };

  it('is tried again for ten minutes, says why, and then ends as incomplete', async () => {
    const first = await passAt(copyOf(of.status ?? {}), NOW);
    assert.equal(stateOf(first.draft), 'RollingBack');
    assert.deepEqual(first.draft.rollback, [one(0, 'Restored')]);
    const messageOf = (type: string) => first.draft.conditions?.find((found) => found.type === type)?.message ?? '';
    for (const type of ['RolledBack', 'Succeeded']) assert.ok(messageOf(type).includes(`effect 2: ${reason}`));
    await assert.rejects(async () => await first.afterwards[0]?.(), /tried again/);
    const later = await passAt(first.draft, NOW + 590_000);
    assert.equal(stateOf(later.draft), 'RollingBack');
    const last = await passAt(later.draft, NOW + 601_000);
    assert.equal(stateOf(last.draft), 'RollbackIncomplete');
    assert.deepEqual(last.draft.rollback, [{ effect: 1, outcome: 'Failed', message: reason }, one(0, 'Restored')]);
    assert.deepEqual(last.afterwards, []);
  });
});

describe('The message of an action that was rolled back', () => {
  const messageAfter = async (of: ReturnType<typeof action>, outcomes: Outcome[]) => {
    const pass: Pass = { facts: facts(of), action: of, draft: copyOf(of.status ?? {}), now: NOW, afterwards: [] };
    const gateway = { rollBack: async () => ({ outcomes, retries: [] }) };
    await rollBack({ gateway, settings: async () => ({ gatewayAddress: 'x' }) } as unknown as ActContext, pass);
    const message = pass.draft.conditions?.find(({ type }) => type === 'Succeeded')?.message;
    return `${stateOf(pass.draft)}: ${message}`;
  };
  const failed = stage('run', { outcome: 'Failed', message: "step 'one' ended with exit code 1" });
  const done = stage('run', { outcome: 'Succeeded' });

  it('says what failed, what was rolled back, and what to do next', async () => {
    assert.equal(
      await messageAfter(action('RollingBack', { stages: [failed] }), [one(0, 'Restored')]),
      "RolledBack: step 'one' ended with exit code 1. 1 of 1 effects rolled back. Correct the cause, then create the action again.",
    );
    assert.match(
      await messageAfter(action('RollingBack', { stages: [failed] }), [
        { effect: 1, outcome: 'Skipped', message: 'others changed /data/a since' },
        one(0, 'Restored'),
      ]),
      /^RollbackIncomplete: step 'one' .*\. 1 of 2 effects rolled back \(effect 2: others changed \/data\/a since\)\. Look at the changed objects and correct by hand .*kubectl sentinel report a -n shop$/,
    );
  });

  it('begins with who cancelled', async () => {
    const of = (run: typeof done) => action('RollingBack', { stages: [run], cancelled: true });
    assert.equal(
      await messageAfter(of(done), [one(0, 'Restored')]),
      'Cancelled: the action was cancelled before it was verified. 1 of 1 effects rolled back',
    );
    assert.equal(
      await messageAfter(of(failed), [one(0, 'Restored')]),
      "Cancelled: the action was cancelled; step 'one' ended with exit code 1. 1 of 1 effects rolled back",
    );
  });
});
