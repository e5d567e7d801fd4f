import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseStatement, statedStates, statementFault } from '@sentinel/policy';
import { JOB } from '../enforce/world.fixture.ts';
import { type EntryState, intended, send } from '../ledger/entry.ts';
import { Overtaken } from '../ledger/store.ts';
import type { SealedRecording } from '../rehearse/sealed-recording.ts';
import { noteGoodEnd } from '../run/note-end.ts';
import { publicKey, ref, Scene } from '../scene.fixture.ts';
import { serveEnd } from './serve-end.ts';
import { stateRehearsal } from './state-rehearsal.ts';
import { stateOfEntry, type Told } from './state-run.ts';

const keys = new Map([['k1', publicKey]]);
const body = Buffer.from(JSON.stringify({ namespace: 'shop', name: 'fix' }));

function read(text: string | undefined) {
  const statement = parseStatement(text ?? '') ?? assert.fail('it is not a statement');
  assert.ok(statement.kind === 'Run');
  assert.equal(statementFault(statement, 'uid-fix', keys), undefined);
  return { ...statement, states: statedStates(statement).join('') };
}

function ending(scene: Scene, process = 'one') {
  const { client, ledger, context } = scene.replica(process);
  const replica = { address: '10.0.0.1', process };
  return async () => read((await serveEnd({ client, ledger, replica, key: context.key }, body)).statement);
}

describe('What the gateway states at the end of an action', () => {
  it('is what its ledger says of the run, its checks and its rollback', async () => {
    const kept = await ending(await Scene.make())();
    assert.deepEqual([kept.job, kept.plan, kept.states, kept.checks, kept.verified], [JOB, 'd', 'D', 1, undefined]);
    const scene = await Scene.make();
    const { statement } = await scene.replica('one').serveRollback();
    assert.deepEqual([read(statement).states, read(statement).over], ['r', undefined], 'it may go on');
    const end = await ending(scene, 'two')();
    assert.deepEqual([end.states, end.over], ['r', true]);
  });

  it('says that checks succeeded only where the gateway saw that', async () => {
    for (const [exitCode, expected] of [
      [1, undefined],
      [0, true],
    ] as const) {
      const scene = await Scene.make();
      await noteGoodEnd(scene.replica('one').context, await scene.verify(exitCode));
      assert.equal((await ending(scene)()).verified, expected);
      assert.equal((await ending(scene)()).verified, expected);
    }
  });

  it('is that nothing was run, and then nothing is: no Job can claim the action any more', async () => {
    const scene = new Scene();
    scene.putAction();
    const first = await ending(scene)();
    assert.deepEqual([first.job, first.plan, first.states], [undefined, undefined, '']);
    const held = await scene.replica('two').ledger.claim(scene.claim());
    assert.notEqual(held.job, JOB, 'the action was run after it was stated that it was not');
    assert.equal((await ending(scene, 'two')()).job, undefined);
  });

  it('stays true: what is only intended by then is never sent', async () => {
    const scene = await Scene.make({ effects: 2 });
    assert.equal((await ending(scene)()).states, 'D.');
    assert.equal((await scene.replica('one').ledger.claimOf(JOB))?.closed, true);
  });

  it('stays true for a write that was asked for before: the process that intended it cannot send it any more', async () => {
    const scene = await Scene.make({ effects: 2 });
    const { ledger } = scene.replica('one');
    const owner = { process: 'one', nonce: 'n' };
    const [done] = await ledger.entries(JOB);
    const { target, sending } = done ?? assert.fail();
    const entry = await ledger.store(intended(JOB, { ...target, index: 1 }, owner, 1));
    assert.equal((await ending(scene, 'two')()).states, 'D.');
    await assert.rejects(ledger.store(send(entry, owner, sending ?? assert.fail())), Overtaken);
  });

  it('stays true if a rollback is requested after it', async () => {
    const scene = await Scene.make();
    assert.deepEqual([(await ending(scene)()).states, scene.replicas], ['D', 2]);
    assert.match((await scene.replica('two').serveRollback()).refused ?? '', /the run is over: its end was stated/);
    assert.deepEqual([(await ending(scene)()).states, scene.replicas], ['D', 2]);
  });

  it('says that a run is blocked, and no more once the unknown outcome is resolved that blocked it', async () => {
    const scene = await Scene.make();
    const { ledger } = scene.replica('one');
    const { name } = (await ledger.claimOf(JOB)) ?? assert.fail();
    await ledger.block(name, 'the outcome of effect 1 is unknown', 'OutcomeUnknown');
    assert.equal((await ending(scene)()).blocked, undefined, 'every effect has an outcome');
    const other = await Scene.make();
    const held = (await other.replica('one').ledger.claimOf(JOB)) ?? assert.fail();
    await other.replica('one').ledger.block(held.name, 'it tried something else');
    assert.equal((await ending(other)()).blocked, true);
  });

  it('is refused of an action that does not exist', async () => {
    const scene = new Scene();
    await assert.rejects(ending(scene)(), /there is no such action/);
  });
});

describe('What the gateway states of a rehearsal', () => {
  const recording = { action: ref, job: JOB, sealedAt: 0, account: 'x', effects: [], notObservable: [] };
  const of = (more: object) => stateRehearsal({ ...recording, ...more } as unknown as SealedRecording).mode;

  it('is that it was a dry run, where the action was filed for one', () =>
    assert.deepEqual([of({ dryRun: true }), of({})], ['DryRun', undefined]));
});

describe('The state of an effect', () => {
  const entry = (state: EntryState, more: Partial<Told> = {}): Told => ({
    target: { index: 0 } as Told['target'],
    state,
    ...more,
  });
  const ordered = { orders: [{ id: 'o', resolution: 'roll-back' as const, user: 'ada', time: '' }] };
  const rows: readonly [what: string, entry: Told, expected: string][] = [
    ['only intended', entry('Intended'), '.'],
    ['refused', entry('Refused'), '.'],
    ['done', entry('Done'), 'D'],
    ['sent', entry('Sent'), 'U'],
    ['unknown', entry('Unknown'), 'U'],
    ['accepted', entry('Accepted'), 'A'],
    ['done, and its rollback has begun', entry('Done', { rollback: 'Restoring' }), 'D'],
    ['restored', entry('Done', { rollback: 'Restored' }), 'r'],
    ['found unchanged', entry('Unknown', { rollback: 'Unchanged' }), 'u'],
    ['ordered back', entry('Done', ordered), 'B'],
    ['ordered back and restored', entry('Done', { ...ordered, rollback: 'Restored' }), 'r'],
  ];
  for (const [what, told, expected] of rows) it(`that is ${what}: ${expected}`, () => assert.equal(stateOfEntry(told), expected));
});
