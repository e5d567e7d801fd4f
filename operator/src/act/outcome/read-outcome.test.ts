import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction, RunReport, Stage, StageStatus } from '@sentinel/crds';
import { copyOf } from '@sentinel/kube';
import { action, facts, iso, job, NOW, plan, planSpec, playbook, playbookSpec, stage } from '../../decide/decide.fixture.ts';
import { RecorderUnavailable } from '../../decide/recorder.ts';
import type { Facts } from '../../facts/facts.ts';
import { stateOf } from '../../status/conditions.ts';
import type { ActContext, Pass } from '../context.ts';
import { LogTurns } from '../log-turns.ts';
import { readOutcome } from './read-outcome.ts';

const end = (name: string, exitCode = 0) => ({ name, exitCode, reason: undefined });
const good = (step: string) => job({ phase: 'Ended', ends: [end('gate'), end(`step-${step}`), end('end')] });
const report: RunReport = {
  claimed: true,
  consumed: [0],
  unknown: [],
  recorded: { effects: [], digest: '' },
};

const context = (said: RunReport, created: unknown[] = []) =>
  ({
    gateway: { report: async () => said },
    logTurns: new LogTurns(8),
    settings: async () => ({ image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true }),
    client: {
      logs: async () => '',
      create: async (_: unknown, made: { metadata: object }) => {
        created.push(made);
        return { ...made, metadata: { ...made.metadata, uid: 'made' } };
      },
    },
  }) as unknown as ActContext;

async function after(of: AgentAction, at: Stage, more: Partial<Facts>, said = report, created: unknown[] = []) {
  const given = facts(of, more);
  const pass: Pass = { facts: given, action: of, draft: copyOf(of.status ?? {}), now: NOW, afterwards: [] };
  await readOutcome(context(said, created), pass, at);
  const { conditions, outbox, stages } = pass.draft;
  return {
    state: stateOf(pass.draft),
    message: conditions?.find(({ type }) => type === 'Succeeded')?.message ?? '',
    verified: conditions?.find(({ type }) => type === 'Verified')?.status,
    records: outbox?.records ?? [],
    stages: stages ?? [],
  };
}

const none = { plan: { ...plan, spec: { ...planSpec, rollback: { from: 'None' as const } } } };

describe('After the run', () => {
  const running = action('Running', { stages: [stage('run')] });
  const view = good('one');

  it('the checks come next', async () => {
    const found = await after(running, 'run', { job: view });
    assert.equal(found.state, 'Verifying');
    assert.equal(found.stages.at(-1)?.stage, 'verification');
  });

  it('a Playbook without checks ends well, and only one that is known to have none', async () => {
    const { verify: _, ...unchecked } = playbookSpec;
    const bare = { ...playbook, spec: unchecked };
    assert.match((await after(running, 'run', { job: view, playbook: bare })).message, /the Playbook has no checks/);
    const lost = await after(running, 'run', { job: view, playbook: undefined });
    assert.deepEqual([lost.state, lost.verified], ['RollingBack', 'False']);
    const stays = await after(running, 'run', { job: view, playbook: undefined, ...none });
    assert.deepEqual([stays.state, stays.verified], ['VerificationFailed', 'False']);
    assert.match(stays.message, /no longer the approved one/);
  });

  it('a run whose plan is gone is never a success', async () => {
    for (const given of [{ plan: undefined }, { plan: undefined, playbook: undefined }]) {
      const found = await after(running, 'run', { job: view, ...given });
      // The Playbook as it was admitted says whether it is rolled back.
      assert.equal(found.state, 'playbook' in given ? 'RunFailed' : 'RollingBack');
    }
  });

  it('a run that failed says why its changes stay', async () => {
    const failed = { job: job({ phase: 'Ended', ends: [end('gate'), end('step-one', 1)] }), ...none };
    const found = await after(running, 'run', failed);
    assert.equal(found.state, 'RunFailed');
    assert.match(found.message, /1 of 1 approved effects carried out; rollback is not available: the Playbook has none/);
    assert.doesNotMatch((await after(running, 'run', failed, { ...report, consumed: [] })).message, /rollback/);
  });

  it('a step that the kubelet executed again is in the message and in the record', async () => {
    const found = await after(running, 'run', { job: { ...view, restarts: { 'step-one': 1 } } });
    assert.equal(found.state, 'Verifying');
    const ended = found.records.find(({ transition }) => transition === 'RunEnded');
    assert.deepEqual(
      ended?.details?.find(({ name }) => name === 'sentinel.steps.reexecuted'),
      { name: 'sentinel.steps.reexecuted', value: 'one=2' },
    );
    assert.match(found.stages[0]?.message ?? '', /the kubelet executed step 'one' 2 times/);
  });
});

describe('After the verification', () => {
  const verifying = action('Verifying', {
    stages: [stage('run', { outcome: 'Succeeded', finishedAt: iso(-1) }), stage('verification')],
  });
  const verify = [{ name: 'ready', command: ['true'] }];
  const checked = { ...plan, spec: { ...planSpec, verify } };

  it('the steps that count are those of the plan, whatever became of the Playbook', async () => {
    for (const given of [{}, { playbook: undefined }]) {
      const one = { plan: checked, ...given };
      assert.equal((await after(verifying, 'verification', { job: good('ready'), ...one })).state, 'Succeeded');
      const unfinished = job({ phase: 'Ended', ends: [end('gate'), end('end')] });
      assert.equal((await after(verifying, 'verification', { job: unfinished, ...one })).state, 'RollingBack');
    }
  });

  it('that was cancelled is told as that, not as a check that failed', async () => {
    const of = { ...verifying, spec: { ...verifying.spec, cancelled: true } };
    const killed = { job: job({ phase: 'Ended', ends: [end('gate'), end('ready', 137)] }), plan: checked };
    const back = await after(of, 'verification', killed);
    assert.deepEqual([back.state, back.stages.at(-1)?.outcome], ['RollingBack', 'Cancelled']);
    assert.equal(back.message, 'verification was cancelled: the action was cancelled before its checks had ended');
    const stays = await after(of, 'verification', {
      ...killed,
      plan: { ...checked, spec: { ...checked.spec, rollback: { from: 'None' as const } } },
    });
    assert.match(stays.message, /^verification was cancelled and rollback is not available/);
    for (const { message } of [back, stays]) assert.doesNotMatch(message, /137|failed/);
  });

  it('that succeeded before somebody cancelled ends well, and says that the cancellation came too late', async () => {
    const { metadata } = verifying;
    const of = { ...verifying, metadata, spec: { ...verifying.spec, cancelled: true, cancelComment: 'wrong cluster' } };
    const found = await after(of, 'verification', { job: good('ready'), plan: checked }, { ...report, verified: true });
    assert.equal(found.state, 'Succeeded');
    assert.match(found.message, /cancelled too late: the run was over already, so nothing was undone and its changes stay/);
    const last = found.records.at(-1);
    assert.match(last?.summary ?? '', /too late/);
    assert.deepEqual(
      last?.details?.filter(({ name }) => name.startsWith('sentinel.stopped.')),
      [
        { name: 'sentinel.stopped.comment', value: 'wrong cluster' },
        { name: 'sentinel.stopped.too_late', value: 'unknown' },
      ],
    );
  });

  const refused = { ...report, claimed: false, notServed: { code: 'JobAltered', why: 'the Job is not the one that …' } };
  const tried = (attempt: number) =>
    action('Verifying', {
      stages: [stage('run', { outcome: 'Succeeded', finishedAt: iso(-1) }), stage('verification', { attempt })],
    });
  const notRun = { job: job({ phase: 'Ended', ends: [end('gate', 1)] }), plan: checked };

  it('that the gateway refused as altered is started again, and the status says why', async () => {
    for (const attempt of [1, 5]) {
      const found = await after(tried(attempt), 'verification', notRun, refused);
      assert.deepEqual([found.state, found.verified, found.stages.at(-1)?.outcome], ['Verifying', 'Unknown', 'Failed']);
      assert.match(
        found.message,
        new RegExp(
          `verification ${attempt} of at most 6 did not run, and is started again in [0-9]+ s: refused by the gateway .JobAltered`,
        ),
      );
      assert.equal(found.records.length, attempt === 1 ? 1 : 0);
    }
  });

  it('that was refused so to the last counts as failed', async () => {
    const found = await after(tried(6), 'verification', notRun, refused);
    assert.deepEqual([found.state, found.verified], ['RollingBack', 'False']);
    assert.match(found.message, /verification failed: refused by the gateway \(JobAltered\)/);
  });

  it('that was refused for another reason, or whose action was cancelled, is not started again', async () => {
    const other = { ...refused, notServed: { code: 'PodAltered', why: 'x' } };
    assert.equal((await after(tried(1), 'verification', notRun, other)).state, 'RollingBack');
    const of = { ...tried(1), spec: { ...tried(1).spec, cancelled: true } };
    assert.equal((await after(of, 'verification', notRun, refused)).state, 'RollingBack');
  });

  it('that the gateway saw end well is a success, whatever became of its Job since', async () => {
    const lost = { job: undefined, plan: checked };
    assert.equal((await after(verifying, 'verification', lost, { ...report, verified: true })).state, 'Succeeded');
    assert.equal((await after(verifying, 'verification', lost)).state, 'RollingBack');
    // A run is not verified by what is said of a verification.
    const running = action('Running', { stages: [stage('run')] });
    assert.equal((await after(running, 'run', { job: undefined }, { ...report, verified: true })).state, 'RollingBack');
  });

  it('is no success when the plan is gone or names no checks', async () => {
    for (const kept of [plan, undefined]) {
      const found = await after(verifying, 'verification', { job: good('ready'), plan: kept });
      assert.deepEqual([found.verified, found.state === 'Succeeded'], ['False', false]);
    }
  });
});

describe('After the rehearsal', () => {
  const rehearsing = (attempt: number, more: Partial<StageStatus> = {}) => {
    const of = action('Rehearsing', { stages: [stage('rehearsal', { attempt, ...more })] });
    return { ...of, status: { ...of.status, attempt } };
  };
  const again = (exitCode: number) => ({
    ...good('one'),
    ends: [end('gate'), end('step-one', exitCode), end('end')],
    restarts: { 'step-one': 1 },
  });

  for (const exitCode of [0, 1])
    it(`it starts over when the kubelet executed a step again, which ended with ${exitCode}`, async () => {
      const created: unknown[] = [];
      const found = await after(rehearsing(1), 'rehearsal', { job: again(exitCode) }, report, created);
      assert.equal(found.state, 'Rehearsing');
      assert.deepEqual(
        found.stages.map(({ attempt, outcome }) => [attempt, outcome]),
        [
          [1, 'Unknown'],
          [2, undefined],
        ],
      );
      assert.equal(created.length, 1);
      const [record] = found.records;
      assert.equal(record?.transition, 'StartedOver');
      assert.match(record?.summary ?? '', /rehearsal 1 does not count: the kubelet executed step 'one' 2 times/);
    });

  it('it starts over when the kubelet lost the container of a step', async () => {
    const lost = job({
      phase: 'Ended',
      ends: [end('gate'), { name: 'step-one', exitCode: 137, reason: 'ContainerStatusUnknown' }],
    });
    const found = await after(rehearsing(1), 'rehearsal', { job: lost });
    assert.deepEqual([found.state, found.stages.at(-1)?.attempt], ['Rehearsing', 2]);
    assert.match(found.records[0]?.summary ?? '', /rehearsal 1 does not count: the kubelet lost the container of step 'one'/);
    assert.equal((await after(rehearsing(3), 'rehearsal', { job: lost })).state, 'RehearsalFailed');
  });

  it('it fails when that happens in every rehearsal', async () => {
    const found = await after(rehearsing(3), 'rehearsal', { job: again(0) });
    assert.equal(found.state, 'RehearsalFailed');
    assert.match(found.message, /executed step 'one' 2 times/);
  });

  it('it counts when every step was executed once', async () => {
    assert.equal((await after(rehearsing(1), 'rehearsal', { job: good('one') })).state, 'NoEffect');
  });

  it('it does not count when the Playbook changed meanwhile, or is gone', async () => {
    const changed = { ...playbook, spec: { ...playbookSpec, description: 'another' } };
    for (const live of [changed, undefined]) {
      const found = await after(rehearsing(1), 'rehearsal', { job: good('one'), playbook: live });
      assert.equal(found.state, 'Denied');
      assert.match(found.message, /changed while it was rehearsed/);
    }
  });
});

describe('A rehearsal that has ended', () => {
  it('is asked for again while the replica that recorded it gives no answer, and the status says so', async () => {
    const of = action('Rehearsing', { stages: [stage('rehearsal')] });
    const pass: Pass = {
      facts: facts(of, { job: good('one') }),
      action: of,
      draft: copyOf(of.status ?? {}),
      now: NOW,
      afterwards: [],
    };
    const gateway = { report: () => Promise.reject(new RecorderUnavailable('10.0.0.7', 'HTTP 503')) };
    await readOutcome({ ...context(report), gateway } as unknown as ActContext, pass, 'rehearsal');
    assert.equal(stateOf(pass.draft), 'Rehearsing');
    assert.match(
      pass.draft.conditions?.find(({ type }) => type === 'Succeeded')?.message ?? '',
      /the rehearsal has ended; .* at 10\.0\.0\.7 that recorded the rehearsal gave no answer \(HTTP 503\) and is asked again/,
    );
    assert.equal(pass.draft.stages?.at(-1)?.outcome, undefined);
    await assert.rejects(pass.afterwards[0]?.() ?? Promise.resolve(), RecorderUnavailable);
  });
});
