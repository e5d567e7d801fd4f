import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '@sentinel/crds';
import { ApiError } from '@sentinel/kube';
import { action, job, stage } from '../../decide/decide.fixture.ts';
import { stopJob } from '../jobs/stop-job.ts';
import { LogTurns } from '../log-turns.ts';
import { readOutcome } from '../outcome/read-outcome.ts';
import { failed, passOf, readEnd, world } from './evidence.fixture.ts';

describe('A stage that is stopped', () => {
  const running = { ...job({ phase: 'Running' }), podName: 'pod' };
  const passOfStop = () => passOf(action('Running', { stages: [stage('run')] }), { job: running });

  it('is stopped before any of its logs is read to its end', { timeout: 10_000 }, async () => {
    const deleted = Promise.withResolvers<void>();
    const given = world({
      onDelete: deleted.resolve,
      log: async () => {
        await deleted.promise;
        return 'so far\n';
      },
    });
    const pass = passOfStop();
    await stopJob(given.context, pass, true);
    assert.deepEqual(given.order, ['delete', 'store']);
    assert.equal(given.sent[0]?.evidence.steps[0]?.log, 'so far\n');
    assert.deepEqual(
      pass.draft.results?.map(({ name, content }) => [name, content]),
      [['evidence-0', "run, step 'one':\nso far\n"]],
    );
  });

  it('is stopped while no turn to read logs is free, and its logs are tried again', async () => {
    const logTurns = new LogTurns(1);
    const endTurn = logTurns.tryTake('other');
    const given = world({ logTurns });
    const pass = passOfStop();
    await stopJob(given.context, pass, true);
    assert.deepEqual([given.order, pass.againAfterMs], [['delete'], 250]);
    endTurn?.();
    const again = passOfStop();
    await stopJob(given.context, again, true);
    assert.deepEqual([given.order, again.againAfterMs], [['delete', 'delete', 'store'], undefined]);
  });

  it('gives its turn back when it cannot be deleted', async () => {
    const logTurns = new LogTurns(1);
    const given = world({
      logTurns,
      onDelete: () => {
        throw new Error('conflict');
      },
    });
    await assert.rejects(stopJob(given.context, passOfStop()), /conflict/);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(logTurns.tryTake('shop'));
    assert.deepEqual(given.sent, []);
  });

  it('says why its logs are missing, also when its end is read later', async () => {
    const given = world({ log: () => Promise.reject(new ApiError({ status: 502, reason: 'BadGateway', message: '' })) });
    const pass = passOfStop();
    await stopJob(given.context, pass);
    const [stopped] = pass.draft.stages ?? [];
    const why = "the log of step 'one' is not complete: the API server answered 502";
    assert.equal(stopped?.evidenceMissing, why);
    const after = await readEnd(given, { job: { ...failed, podName: undefined } }, 'run', stopped);
    assert.equal(after.detail('RunEnded', 'sentinel.evidence'), stopped.evidence);
    assert.equal(after.detail('RunEnded', 'sentinel.evidence.missing'), why);
  });

  it('leaves the logs so far, and its end names them when its pod is gone', async () => {
    const given = world();
    const pass = passOfStop();
    await stopJob(given.context, pass);
    assert.deepEqual(given.order, ['delete', 'store']);
    const digest = digestOf(given.sent[0]?.evidence);
    assert.equal(pass.draft.stages?.[0]?.evidence, digest);
    // When its end is read, the pod and its logs are gone.
    const after = passOf(action('Running', { stages: [stage('run', { evidence: digest })] }), {
      job: { ...failed, podName: undefined },
    });
    await readOutcome(given.context, after, 'run');
    const record = after.draft.outbox?.records.find(({ transition }) => transition === 'RunEnded');
    assert.equal(record?.details?.find(({ name }) => name === 'sentinel.evidence')?.value, digest);
    assert.equal(given.sent.length, 1);
  });
});

describe('The turns to read logs', () => {
  it('leave half of the workers free, and half of those that a namespace may have', () => {
    const turns = new LogTurns(8);
    const taken = ['a', 'a', 'a', 'b', 'b', 'c'].map((namespace) => turns.tryTake(namespace));
    assert.deepEqual(
      taken.map((endTurn) => endTurn !== undefined),
      [true, true, false, true, true, false],
    );
    for (let twice = 0; twice < 2; twice++) taken[0]?.();
    assert.deepEqual([turns.tryTake('c') !== undefined, turns.tryTake('c') !== undefined], [true, false]);
  });

  it('are waited for by the end of a stage, which changes nothing meanwhile', async () => {
    const logTurns = new LogTurns(1);
    const endTurn = logTurns.tryTake('other');
    const given = world({ logTurns });
    const { pass } = await readEnd(given);
    assert.deepEqual([pass.againAfterMs, given.sent, pass.draft], [250, [], pass.action.status]);
    endTurn?.();
    assert.equal((await readEnd(given)).pass.draft.stages?.[0]?.outcome, 'Succeeded');
    assert.ok(logTurns.tryTake('shop'), 'a turn is kept');
  });
});
