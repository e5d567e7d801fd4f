import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attempt, JOB, LEDGER, scaleUp, WEB } from '../enforce/world.fixture.ts';
import { claimName } from '../ledger/claim-object.ts';
import { intended, send } from '../ledger/entry.ts';
import { Overtaken } from '../ledger/store.ts';
import { closeEndedRuns, noteGoodEnd } from '../run/note-end.ts';
import { body, plan, podOf, ref, Scene } from '../scene.fixture.ts';
import { serveEnd } from '../statement/serve-end.ts';
import { serveRollback } from './serve-rollback.ts';

// One run with one effect that was carried out, replicas of the gateway, and an operator that asks for a rollback whenever it likes.

const outcomes = async (answer: Promise<{ outcomes: { outcome: string }[] }>) =>
  (await answer).outcomes.map(({ outcome }) => outcome);

describe('A rollback', () => {
  it('of a run whose checks did not succeed is carried out, and again by another replica', async () => {
    for (const exitCode of [undefined, 1]) {
      const scene = await Scene.make();
      await noteGoodEnd(scene.replica('one').context, await scene.verify(exitCode));
      assert.deepEqual(await outcomes(scene.replica('one').serveRollback()), ['Restored']);
      assert.equal(scene.replicas, 1);
      assert.deepEqual(await outcomes(scene.replica('two').serveRollback()), ['Restored']);
    }
  });

  it('is refused for good once its checks succeeded, whatever the status says, on every replica', async () => {
    const scene = await Scene.make();
    await noteGoodEnd(scene.replica('one').context, await scene.verify(0));
    for (const process of ['one', 'two']) {
      const { statement: _, ...answer } = await scene.replica(process).serveRollback();
      assert.deepEqual(answer, { outcomes: [], retries: [], refused: 'the run is over: its checks succeeded' });
    }
    scene.cancel();
    assert.match((await scene.replica('three').serveRollback()).refused ?? '', /checks succeeded/);
    assert.equal(scene.replicas, 2);
  });

  it('is not refused for checks that succeed after the action was cancelled, however late the operator looks', async () => {
    const scene = await Scene.make();
    const pod = await scene.verify(0);
    scene.cancel();
    for (const process of ['one', 'two']) await noteGoodEnd(scene.replica(process).context, pod);
    assert.deepEqual(await outcomes(scene.replica('one').serveRollback()), ['Restored']);
  });

  it('is not refused for a pod that the gateway did not serve as a verification of the run', async () => {
    const scene = await Scene.make();
    await scene.verify(0);
    const { context, serveRollback: again } = scene.replica('one');
    for (const pod of [podOf('check-1', 'another', 0), podOf('nobody', 'n', 0), podOf(JOB, 'p', 0)])
      await noteGoodEnd(context, pod);
    assert.deepEqual(await outcomes(again()), ['Restored']);
  });

  it('is of everything: a write that was asked for before it is not sent after it', async () => {
    const scene = await Scene.make({ effects: 2 });
    const { ledger, serveRollback: begin } = scene.replica('one');
    const [done] = await ledger.entries(JOB);
    const owner = { process: 'two', nonce: 'n' };
    const entry = await ledger.store(intended(JOB, { ...(done ?? assert.fail()).target, index: 1 }, owner, 1));
    assert.deepEqual(await outcomes(begin()), ['Restored']);
    await assert.rejects(ledger.store(send(entry, owner, done?.sending ?? assert.fail())), Overtaken);
  });

  it('that has begun is not stopped by checks that succeed afterwards', async () => {
    const scene = await Scene.make();
    const isWrite = (method: string, path: string) => method === 'PATCH' && path === WEB;
    const { upstream } = scene.world.replica('x', { hits: ({ method, path }) => isWrite(method, path), fault: 'lost' }).context;
    const first = scene.replica('one');
    await serveRollback({ ...first.context, upstream }, body);
    await noteGoodEnd(first.context, await scene.verify(0));
    assert.deepEqual(await outcomes(scene.replica('two').serveRollback()), ['Restored']);
  });

  it('is refused once the action has ended, and not before', async () => {
    const scene = await Scene.make();
    const { client, ledger } = scene.replica('one');
    await closeEndedRuns(client, ledger);
    assert.deepEqual(await outcomes(scene.replica('one').serveRollback()), ['Restored']);
    scene.say('RollbackIncomplete');
    await closeEndedRuns(client, ledger);
    assert.deepEqual(await ledger.openRuns(), []);
    scene.say('RollingBack');
    assert.match((await scene.replica('two').serveRollback()).refused ?? '', /the action ended as RollbackIncomplete/);
  });

  it('whose end was stated is told again as it was, and writes nothing: the operator may not have stored it', async () => {
    for (const isChanged of [false, true]) {
      const scene = await Scene.make();
      const { client, ledger, context, serveRollback: begin } = scene.replica('one');
      const change = (replicas: number) => scene.world.api.change(WEB, (object) => Object.assign(object, { spec: { replicas } }));
      if (isChanged) change(7);
      assert.deepEqual(await outcomes(begin()), [isChanged ? 'Skipped' : 'Restored']);
      await serveEnd({ client, ledger, replica: context.replica, key: context.key }, body);
      change(2);
      const { outcomes: found, refused } = await scene.replica('two').serveRollback();
      assert.deepEqual([found.map(({ outcome }) => outcome), refused], [[isChanged ? 'Failed' : 'Restored'], undefined]);
      assert.equal(scene.replicas, 2, 'something was written');
    }
  });

  it('of a plan that has none writes nothing, also when the action was cancelled', async () => {
    const scene = await Scene.make({ rollback: 'None' });
    scene.cancel();
    assert.match((await scene.replica('one').serveRollback()).refused ?? '', /the approved plan has no rollback/);
    assert.equal(scene.replicas, 2);
  });

  it('of a run without checks that ended well is for a person who cancels, and for nobody else', async () => {
    const scene = await Scene.make({ checks: 0 });
    await noteGoodEnd(scene.replica('one').context, podOf(JOB, 'p', 0));
    assert.match((await scene.replica('two').serveRollback()).refused ?? '', /ended well/);
    scene.cancel();
    assert.deepEqual(await outcomes(scene.replica('two').serveRollback()), ['Restored']);
  });

  it('waits until the pod of the run has ended', async () => {
    const scene = await Scene.make();
    scene.pods.push(podOf(JOB, 'p'));
    await assert.rejects(scene.replica('one').serveRollback(), /the pod of the run has not ended/);
    scene.pods[0] = podOf(JOB, 'p', 1);
    assert.deepEqual(await outcomes(scene.replica('one').serveRollback()), ['Restored']);
  });

  it('and the end of the run that come at once: one of them holds', async () => {
    for (let round = 0; round < 20; round++) {
      const scene = await Scene.make();
      const pod = await scene.verify(0);
      const [one, two] = [scene.replica('one'), scene.replica('two')];
      const [answer] = await Promise.all([one.serveRollback().catch(() => undefined), noteGoodEnd(two.context, pod)]);
      const claim = await two.ledger.claimNamed(claimName(scene.claim()));
      assert.notEqual(claim.rollingBack, claim.over !== undefined);
      assert.equal(scene.replicas, claim.rollingBack ? 1 : 2);
      if (claim.rollingBack)
        assert.deepEqual(
          answer?.outcomes.map(({ outcome }) => outcome),
          ['Restored'],
        );
    }
  });

  it('sends nothing of the run afterwards', async () => {
    const scene = await Scene.make({ effects: 2 });
    await scene.replica('one').serveRollback();
    assert.match(await attempt(scene.replica('two').writer, scaleUp), /403|closed|ended|over/);
    assert.equal(scene.replicas, 1);
  });
});

describe('The run of an action', () => {
  it('is claimed once: not by another Job, of another plan, of another rehearsal, in another replica', async () => {
    const scene = await Scene.make();
    const second = { jobUid: 'job-2', podUid: 'q', plan: { ...plan, digest: 'another' } };
    const held = await scene.replica('two').ledger.claim(scene.claim(second));
    assert.deepEqual([held.job, held.plan], [JOB, 'd']);
    assert.equal(await scene.replica('two').ledger.claimOf('job-2'), undefined);
  });

  it('is claimed by one of two Jobs that come at once', async () => {
    const scene = new Scene();
    const claimed = await Promise.all(
      ['job-1', 'job-2', 'job-3'].map((jobUid) => scene.replica(jobUid).ledger.claim(scene.claim({ jobUid }))),
    );
    assert.equal(new Set(claimed.map(({ job }) => job)).size, 1);
    assert.equal(scene.world.api.persisted.filter((one) => one === `POST ${LEDGER}/configmaps`).length, 1);
  });

  it('is claimed once for each action', async () => {
    const scene = await Scene.make();
    const other = scene.claim({ jobUid: 'job-2', action: { ...ref, uid: 'uid-other' } });
    assert.equal((await scene.replica('one').ledger.claim(other)).job, 'job-2');
  });
});
