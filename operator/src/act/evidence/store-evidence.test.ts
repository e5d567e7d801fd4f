import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '@sentinel/crds';
import { ApiError } from '@sentinel/kube';
import { dataHandling as handlingOf, MASK } from '@sentinel/policy';
import { action, plan, planSpec, playbook, policies, stage } from '../../decide/decide.fixture.ts';
import type { ActContext } from '../context.ts';
import { rollBack } from '../outcome/roll-back.ts';
import { collectLogs } from './collect-logs.ts';
import { ended, failed, passOf, readEnd, world } from './evidence.fixture.ts';

const dataHandling = (more: object) => policies({ dataHandling: more });

describe('The evidence of a run', () => {
  it('has the logs of its steps, and its digest is in the record of its end and in the status', async () => {
    const given = world();
    const { pass, detail } = await readEnd(given);
    const [asked] = given.sent;
    assert.deepEqual(asked?.evidence.steps, [{ name: 'one', exitCode: 0, log: 'done\n' }]);
    assert.deepEqual([asked?.evidence.stage, asked?.evidence.outcome, asked?.retainMs], ['run', 'Succeeded', undefined]);
    assert.deepEqual(asked?.evidence.action, { namespace: 'shop', namespaceUid: 'n1', name: 'a', uid: 'u' });
    const digest = digestOf(asked?.evidence);
    assert.equal(detail('RunEnded', 'sentinel.evidence'), digest);
    assert.equal(pass.draft.stages?.[0]?.evidence, digest);
  });

  it('is the same when it is read again, so a crash leaves nothing twice', async () => {
    const given = world();
    await readEnd(given);
    await readEnd(given);
    assert.deepEqual(given.sent[0], given.sent[1]);
  });

  it('is named in the record of the end of the action', async () => {
    const given = world();
    const { detail } = await readEnd(given, {
      job: failed,
      plan: { ...plan, spec: { ...planSpec, rollback: { from: 'None' } } },
    });
    assert.equal(detail('Ended', 'sentinel.evidence'), digestOf(given.sent[0]?.evidence));
  });

  it('has no secret, wherever in a long log it stands', async () => {
    const filler = 'a line of a log that says nothing of interest\n'.repeat(3_000);
    const secret = 'hunter22hunter22';
    const given = world({ log: () => `${filler}DB_PASSWORD=${secret}\n${filler}customer 4711\n` });
    const patterns = dataHandling({ redact: { patterns: ['customer ([0-9]+)'] } });
    await readEnd(given, { job: ended, policies: patterns });
    const text = JSON.stringify(given.sent);
    assert.ok(!text.includes(secret) && !text.includes('4711'), 'a secret is stored');
    assert.equal(given.sent[0]?.evidence.steps[0]?.log, `${filler}DB_PASSWORD=${MASK}\n${filler}customer ${MASK}\n`);
    assert.equal(given.sent[0]?.evidence.handling, 'Redacted');
  });

  it('has nothing of logs where policy drops them, and a digest where it hashes them', async () => {
    const dropped = world();
    await readEnd(dropped, { job: ended, policies: dataHandling({ logs: 'Dropped' }) });
    assert.deepEqual(dropped.sent[0]?.evidence.steps, [{ name: 'one', exitCode: 0 }]);
    const hashed = world();
    await readEnd(hashed, { job: ended, policies: dataHandling({ logs: 'Hashed' }) });
    assert.match(hashed.sent[0]?.evidence.steps[0]?.log ?? '', /^sha256:[0-9a-f]{64}$/);
  });

  it('has the beginning and the last lines of a log that is too long, says so, and no part of a secret at the cut', async () => {
    const secret = 'hunter22'.repeat(20);
    const lines = Array.from({ length: 40_000 }, (_, number) => `line ${number}: nothing of interest happened here`);
    const whole = lines.map((line, number) => (number % 100 === 0 ? `token=${secret}` : line)).join('\n');
    const given = world({
      log: ({ limitBytes, tailLines }) =>
        tailLines === undefined
          ? whole.slice(0, limitBytes)
          : whole.split('\n').slice(-tailLines).join('\n').slice(0, limitBytes),
    });
    await readEnd(given);
    const [step] = given.sent[0]?.evidence.steps ?? [];
    assert.equal(step?.truncated, true);
    const log = step?.log ?? '';
    assert.ok(log.startsWith(`token=${MASK}\nline 1:`) && log.endsWith('line 39999: nothing of interest happened here'));
    assert.match(log, /\[the log is longer: about \d+ bytes of its beginning and its last lines are kept\]/);
    assert.ok(!log.includes('hunter2'));
    assert.ok(Buffer.byteLength(log) < 1_300_000, `${Buffer.byteLength(log)} bytes`);
  });

  it('has no part of a secret where the last lines are cut, because they are long', async () => {
    const secret = `ghp_${'a1B2'.repeat(9)}`;
    // The API server answers with the beginning of the last lines: here it ends three characters before the end of a token.
    const filler = `${'x'.repeat(1023)}\n`;
    const last = filler.repeat(127);
    const tail = `${last}${' '.repeat(128 * 1024 - last.length - secret.length + 3)}${secret}\n${filler.repeat(250)}`;
    const whole = `${filler.repeat(2_000)}${tail}`;
    const given = world({
      log: ({ limitBytes, tailLines }) => (tailLines === undefined ? whole : tail).slice(0, limitBytes),
    });
    await readEnd(given);
    const log = given.sent[0]?.evidence.steps[0]?.log ?? '';
    assert.ok(!log.includes(secret.slice(0, 12)), log.slice(-60));
    assert.ok(log.endsWith('x'), 'the last lines are missing');
  });

  it('fits into a request, whatever the steps print', async () => {
    const names = Array.from({ length: 16 }, (_, number) => `step-${number}`);
    const noise = '\u0001'.repeat(1023).concat('\n').repeat(2_000);
    const logs = async (_: string, __: string, ___: string, { limitBytes }: { limitBytes?: number }) =>
      noise.slice(0, limitBytes);
    const collected = await collectLogs(
      { logs },
      'pod',
      names.map((name) => ({ name })),
      { ...handlingOf(policies()), logs: 'Stored' },
    );
    assert.equal(collected.length, 16);
    for (const { log, truncated } of collected) assert.ok((log?.length ?? 0) > 10_000 && truncated);
    const bytes = Buffer.byteLength(JSON.stringify(collected));
    assert.ok(bytes < 14 * 1024 * 1024, `${bytes} bytes`);
  });

  it('is stored where a sandbox has its texts cut in the middle of a character', async () => {
    const words = `${'😀'.repeat(2_000)}x`;
    const content = `x${'😀'.repeat(10_000)}`;
    const given = world({ log: () => words });
    const { logs } = given.context.client;
    const client = {
      ...given.context.client,
      logs: async (...asked: Parameters<typeof logs>) =>
        asked[2] === 'end' ? JSON.stringify({ name: 'report', content, truncated: false }) : await logs(...asked),
    } as ActContext['client'];
    const declares = {
      playbook: { ...playbook, spec: { ...playbook.spec, results: [{ name: 'report', mediaType: 'text/plain' }] } },
    };
    const { detail } = await readEnd(
      { ...given, context: { ...given.context, client } },
      {
        ...declares,
        job: failed,
        plan: { ...plan, spec: { ...planSpec, rollback: { from: 'None' } } },
      },
    );
    assert.equal(detail('RunEnded', 'sentinel.evidence.missing'), undefined);
    assert.equal(given.sent[0]?.evidence.results.length, 1);
    assert.match(given.sent[0]?.evidence.message ?? '', /Termination message/);
  });

  it('is kept as long as policy keeps the action', async () => {
    const given = world();
    await readEnd(given, { job: ended, policies: dataHandling({ retainFor: '2h', retainAtLeast: '3h' }) });
    assert.equal(given.sent[0]?.retainMs, 3 * 3600_000);
  });
});

describe('A log that cannot be read', () => {
  const unreadable = (error: unknown) => world({ log: () => Promise.reject(error) });
  const failing = new ApiError({ status: 500, reason: 'InternalError', message: 'dial tcp 10.0.0.7:10250: connection refused' });

  it('is named with the reason in the evidence, in the status and in the record, without an address of the node', async () => {
    const given = unreadable(failing);
    const { pass, detail } = await readEnd(given);
    const why = "the log of step 'one' is not complete: the API server answered 500";
    assert.deepEqual(given.sent[0]?.evidence.steps, [{ name: 'one', exitCode: 0, missing: 'the API server answered 500' }]);
    assert.equal(detail('RunEnded', 'sentinel.evidence'), digestOf(given.sent[0]?.evidence));
    assert.equal(detail('RunEnded', 'sentinel.evidence.missing'), why);
    assert.equal(pass.draft.stages?.[0]?.evidenceMissing, why);
  });

  it('keeps its beginning where only its last lines cannot be read', async () => {
    const whole = 'a line\n'.repeat(400_000);
    const given = world({
      log: ({ limitBytes, tailLines }) => (tailLines === undefined ? whole.slice(0, limitBytes) : Promise.reject(failing)),
    });
    const { detail } = await readEnd(given);
    const [step] = given.sent[0]?.evidence.steps ?? [];
    assert.ok(step?.log?.startsWith('a line\n') && step.truncated, 'the beginning is missing');
    assert.equal(step?.missing, 'its last lines: the API server answered 500');
    assert.match(detail('RunEnded', 'sentinel.evidence.missing') ?? '', /its last lines/);
  });

  it('is not missing where its step did not start', async () => {
    const message = 'container "step-one" in pod "p" is waiting to start: PodInitializing';
    const given = unreadable(new ApiError({ status: 400, reason: 'BadRequest', message }));
    const { pass, detail } = await readEnd(given);
    assert.equal(given.sent[0]?.evidence.steps[0]?.missing, 'the step did not start');
    assert.equal(detail('RunEnded', 'sentinel.evidence.missing'), undefined);
    assert.equal(pass.draft.stages?.[0]?.evidenceMissing, undefined);
  });

  it('is waited for no longer than all of them may take', async () => {
    const logs = (_: string, __: string, ___: string, { signal }: { signal?: AbortSignal } = {}) =>
      new Promise<string>((_resolve, reject) => {
        if (signal?.aborted) reject(signal.reason);
        signal?.addEventListener('abort', () => reject(signal.reason));
      });
    const steps = [{ name: 'one' }, { name: 'two' }];
    const collected = await collectLogs({ logs }, 'pod', steps, handlingOf(policies()), { signal: AbortSignal.timeout(20) });
    const missing = 'the node or the API server did not answer in time';
    assert.deepEqual(collected, [
      { name: 'one', missing },
      { name: 'two', missing },
    ]);
  });
});

describe('An evidence store that does not take evidence', () => {
  it('stops nothing, and the record says what is missing and why', async () => {
    const given = world({ store: () => Promise.reject(new Error('connect ECONNREFUSED')) });
    const { pass, detail } = await readEnd(given);
    assert.equal(pass.draft.stages?.at(-1)?.stage, 'verification', 'the checks have not started');
    assert.match(
      detail('RunEnded', 'sentinel.evidence.missing') ?? '',
      /evidence of the run is not stored: connect ECONNREFUSED/,
    );
    assert.equal(detail('RunEnded', 'sentinel.evidence'), undefined);
    assert.equal(pass.draft.stages?.[0]?.evidence, undefined);
  });

  it('is not mentioned where none is installed', async () => {
    const given = world();
    const { evidence: _, ...without } = given.context;
    const { detail } = await readEnd({ ...given, context: without });
    assert.deepEqual(
      [detail('RunEnded', 'sentinel.evidence'), detail('RunEnded', 'sentinel.evidence.missing')],
      [undefined, undefined],
    );
  });

  it('is not blamed for logs that are gone with the pod', async () => {
    const given = world();
    const { podName: _, ...gone } = ended;
    const { detail } = await readEnd(given, { job: { ...gone, podName: undefined } });
    assert.match(detail('RunEnded', 'sentinel.evidence.missing') ?? '', /the pod is gone/);
    assert.deepEqual(given.sent, []);
  });
});

describe('A rollback', () => {
  it('leaves the outcome of each effect', async () => {
    const given = world();
    const pass = passOf(action('RollingBack', { stages: [stage('run', { outcome: 'Failed' })] }), { job: failed });
    await rollBack(given.context, pass);
    const [asked] = given.sent;
    assert.deepEqual([asked?.evidence.stage, asked?.evidence.results[0]?.name], ['rollback', 'rollback']);
    assert.deepEqual(JSON.parse(asked?.evidence.results[0]?.content ?? ''), [{ effect: 0, outcome: 'Restored' }]);
    const record = pass.draft.outbox?.records.find(({ transition }) => transition === 'RollbackEnded');
    assert.equal(record?.details?.find(({ name }) => name === 'sentinel.evidence')?.value, digestOf(asked?.evidence));
  });
});
