import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, digestOf, type EvidenceRequest, type RunReport, type Stage } from '@sentinel/crds';
import { copyOf, silentLogger } from '@sentinel/kube';
import { dataHandling as handlingOf, MASK } from '@sentinel/policy';
import { action, facts, job, NOW, plan, planSpec, playbook, policies, stage } from '../../decide/decide.fixture.ts';
import type { Facts } from '../../facts/facts.ts';
import type { ActContext, Pass } from '../context.ts';
import { stopJob } from '../jobs/stop-job.ts';
import { readOutcome } from '../outcome/read-outcome.ts';
import { rollBack } from '../outcome/roll-back.ts';
import { collectLogs } from './collect-logs.ts';

const end = (name: string, exitCode = 0) => ({ name, exitCode, reason: undefined });
const ended = job({ phase: 'Ended', ends: [end('gate'), end('step-one'), end('end')] });
const report: RunReport = { claimed: true, consumed: [0], unknown: [], recorded: { effects: [], digest: '' } };
const failed = job({ phase: 'Ended', ends: [end('gate'), end('step-one', 1)] });

interface World {
  readonly log?: (options: { limitBytes?: number; tailLines?: number }) => string;
  readonly store?: ((asked: EvidenceRequest) => Promise<string>) | undefined;
}

/** A context whose evidence store keeps what it is sent. */
function world({ log = () => 'done\n', store }: World = {}) {
  const sent: EvidenceRequest[] = [];
  const order: string[] = [];
  const keep = async (asked: EvidenceRequest) => {
    sent.push(asked);
    order.push('store');
    return digestOf(asked.evidence);
  };
  const context = {
    logger: silentLogger,
    evidence: { store: store ?? keep },
    gateway: {
      report: async () => report,
      rollBack: async () => ({ outcomes: [{ effect: 0, outcome: 'Restored' }], retries: [] }),
    },
    settings: async () => ({ image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true }),
    client: {
      logs: async (_: string, __: string, container: string, options: object) => (container === 'step-one' ? log(options) : ''),
      create: async (_: unknown, made: { metadata: object }) => ({ ...made, metadata: { ...made.metadata, uid: 'made' } }),
      delete: async () => void order.push('delete'),
    },
  } as unknown as ActContext;
  return { context, sent, order };
}

function passOf(of: AgentAction, more: Partial<Facts>): Pass {
  return { facts: { ...facts(of, more), namespaceUid: 'n1' }, action: of, draft: copyOf(of.status ?? {}), now: NOW, afterwards: [] };
}

async function readEnd(given: ReturnType<typeof world>, more: Partial<Facts> = { job: ended }, at: Stage = 'run') {
  const pass = passOf(action('Running', { stages: [stage(at)] }), more);
  await readOutcome(given.context, pass, at);
  const detail = (transition: string, name: string) =>
    pass.draft.outbox?.records.find((one) => one.transition === transition)?.details?.find((one) => one.name === name)?.value;
  return { pass, detail };
}

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

describe('An evidence store that does not take evidence', () => {
  it('stops nothing, and the record says what is missing and why', async () => {
    const given = world({ store: () => Promise.reject(new Error('connect ECONNREFUSED')) });
    const { pass, detail } = await readEnd(given);
    assert.equal(pass.draft.stages?.at(-1)?.stage, 'verification', 'the checks have not started');
    assert.match(
      detail('RunEnded', 'sentinel.evidence.missing') ?? '',
      /run has ended, and its evidence is not stored: connect ECONNREFUSED/,
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

describe('A stage that is stopped', () => {
  it('leaves the logs so far, which are read before its pod is deleted and stored after that', async () => {
    const given = world();
    const running = job({ phase: 'Running' });
    const pass = passOf(action('Running', { stages: [stage('run')] }), { job: { ...running, podName: 'pod' } });
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
