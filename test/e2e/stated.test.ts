import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import {
  ACT_SEAL_DETAIL,
  type AgentAction,
  type AuditEntry,
  type AuditRecord,
  agentActions,
  chainRecord,
  recordedActDigest,
  SealedAct,
} from '@sentinel/crds';
import { configmaps } from '@sentinel/kube';
import { parseStatement, readSealKeys, STATEMENT_DETAIL, sealFault, sealRecord } from '@sentinel/policy';
import { admin, eventually, type Person, serviceAccount } from '../lib/cluster.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { policyAbout } from '../lib/people/requester.ts';
import { exportedLogs } from '../lib/telemetry.ts';
import { client, makeTenant, type Tenant } from '../lib/tenant.ts';

// An operator that somebody has taken over writes what it likes into actions that wait, with the operator's own account: the API server
// takes it, because nobody else writes that status. `audit verify` compares it with what the gateway signed.

type Entry = Partial<AuditEntry> & Pick<AuditEntry, 'transition' | 'summary'>;

const IN = 'sentinel.object.namespace';
const journal = (data: object) => [
  ...['patch', 'configmap', 'sentinel-acts', '-n', 'sentinel-system', '--dry-run=server', '--type=merge'],
  ...['-p', JSON.stringify({ data })],
];
const KEYS = ['configmap', 'sentinel-statement-keys', '-n', 'sentinel-system'];

let tenant: Tenant;
let operator: Person;
let done: string;
let statement = '';

const verify = (name: string) => admin.trySentinel(['audit', 'verify', name, '-n', tenant.namespace]);
const read = (name: string) => client.getOrThrow(agentActions, { name, namespace: tenant.namespace });
const statementIn = ({ status }: AgentAction, transition: string): string =>
  status?.outbox?.records
    .find((record) => record.transition === transition)
    ?.details?.find(({ name }) => name === STATEMENT_DETAIL)?.value ?? '';

before(async () => {
  tenant = await makeTenant('stated', { playbooks: annotateWeb('touch'), policy: policyAbout('rita', 1) });
  await tenant.deploy('web');
  operator = await serviceAccount('sentinel-system', 'sentinel-operator');
  done = await tenant.file('touch', { key: 'done' });
  await tenant.until(done, ['AwaitingApproval']);
  assert.equal((await tenant.decide(tenant.approver, done, 'approve')).code, 0);
  await tenant.until(done, ['Succeeded']);
  statement = statementIn(await read(done), 'RunEnded');
});

describe('What the gateway signed of a run', { concurrency: false }, () => {
  it('is in the records of plan, run and end, and agrees with them', async () => {
    const action = await read(done);
    const kinds = ['Planned', 'RunEnded', 'Ended'].map((transition) => parseStatement(statementIn(action, transition)));
    assert.deepEqual(
      kinds.map((one) => one?.kind),
      ['Rehearsal', 'Run', 'Run'],
    );
    const { code, stdout, stderr } = await verify(done);
    assert.equal(code, 0, `${stdout}${stderr}`);
    assert.match(stdout, /the gateway states: Job [0-9a-f-]{36} ran it; 1 of 1 effects carried out/);
  });

  it('goes to the sink, and is verified there without the cluster', async () => {
    const { metadata } = await read(done);
    await eventually('the end in the sink', async () => exportedLogs(metadata.uid ?? '').includes('"sentinel.Ended"'));
    const [file, keys] = ['export', 'keys'].map((what) => join(paths.cache, `stated-${what}-${metadata.uid}.json`));
    assert.ok(file && keys);
    writeFileSync(file, exportedLogs(metadata.uid ?? ''));
    writeFileSync(keys, await admin.kubectl(['get', ...KEYS, '-o', 'json']));
    const good = await admin.trySentinel(['audit', 'verify', '--from', file, '--keys', keys]);
    assert.equal(good.code, 0, `${good.stdout}${good.stderr}`);
    writeFileSync(keys, JSON.stringify({ metadata: { name: 'sentinel-statement-keys' }, data: {} }));
    const unknown = await admin.trySentinel(['audit', 'verify', '--from', file, '--keys', keys]);
    assert.equal(unknown.code, 1);
    assert.match(
      unknown.stdout,
      /record \d+ \(RunEnded\): the statement of the gateway does not hold: it is sealed with the key/,
    );
  });

  it('says of an action that was rejected that it was not run, and is not any more', async () => {
    const name = await tenant.file('touch', { key: 'rejected' });
    await tenant.until(name, ['AwaitingApproval']);
    assert.equal((await tenant.decide(tenant.approver, name, 'reject')).code, 0);
    await tenant.until(name, ['Rejected']);
    const { code, stdout, stderr } = await verify(name);
    assert.equal(code, 0, `${stdout}${stderr}`);
    assert.match(stdout, /the gateway states: it was not run, and is not run any more/);
  });
});

describe('What the gateway signs at the end of an action', { concurrency: false }, () => {
  it('says that the run is over, which what it signed before does not', async () => {
    const action = await read(done);
    const overs = ['RunEnded', 'Ended'].map((transition) => {
      const stated = parseStatement(statementIn(action, transition));
      return stated?.kind === 'Run' ? stated.over : assert.fail('it is no statement of a run');
    });
    assert.deepEqual(overs, [undefined, true]);
  });

  it('is not needed of a dry run, which its spec and its rehearsal say that it is', async () => {
    const name = await tenant.file('touch', { key: 'dry' }, { mode: 'DryRun' });
    await tenant.until(name, ['DryRunCompleted']);
    const planned = parseStatement(statementIn(await read(name), 'Planned'));
    assert.equal(planned?.kind === 'Rehearsal' ? planned.mode : undefined, 'DryRun');
    const { code, stdout, stderr } = await verify(name);
    assert.equal(code, 0, `${stdout}${stderr}`);
  });
});

describe('The key of the gateway', { concurrency: false }, () => {
  it('is replaced when somebody asks, and what the one before signed stays good', async () => {
    const ids = async () => Object.keys((await admin.get<{ data: Record<string, string> }>(KEYS)).data);
    const before = await ids();
    await admin.kubectl(['annotate', 'secret', 'sentinel-gateway-seal', '-n', 'sentinel-system', 'sentinel.dev/rotate=now']);
    const made = await eventually('another key', async () => (await ids()).find((id) => !before.includes(id)), undefined, 1000);
    const signs = async () => {
      const name = await tenant.file('touch', { key: 'rotated' });
      await tenant.until(name, ['AwaitingApproval']);
      const { key } = parseStatement(statementIn(await read(name), 'Planned')) ?? assert.fail('the gateway stated nothing');
      return key === made && name;
    };
    // Each replica looks every 30 seconds.
    const name = await eventually('a statement under the new key', signs, undefined, 1000);
    for (const one of [name, done]) {
      const { code, stdout, stderr } = await verify(one);
      assert.equal(code, 0, `${stdout}${stderr}`);
    }
  });
});

describe('What the webhook wrote down of people', { concurrency: false }, () => {
  it('is in the chain of acts under a seal, as the webhook wrote it', async () => {
    // The trail keeps only the newest acts, so this is about one of now.
    const metadata = { name: 'about-nobody', namespace: tenant.namespace };
    const spec = { subjects: [{ kind: 'User', name: 'nobody' }], modes: ['DryRun'] };
    await admin.apply(JSON.stringify({ apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentPolicy', metadata, spec }));
    const record = await eventually('the policy of the tenant in the chain of acts', async () => {
      const trail = await client.getOrThrow(configmaps, { name: 'sentinel-acts-trail', namespace: 'sentinel-system' });
      const { records } = JSON.parse((trail.data as Record<string, string>).trail ?? '{}') as { records?: AuditRecord[] };
      return records?.find(
        ({ transition, details }) =>
          transition === 'PolicyCreated' && details?.some(({ name, value }) => name === IN && value === tenant.namespace),
      );
    });
    const sealed = SealedAct.parse(JSON.parse(record.details?.find(({ name }) => name === ACT_SEAL_DETAIL)?.value ?? ''));
    const published = await client.getOrThrow(configmaps, { name: 'sentinel-seal-keys', namespace: 'sentinel-system' });
    assert.equal(sealFault(sealed, readSealKeys(published.data as Record<string, string>)), undefined);
    assert.equal(recordedActDigest(record), sealed.facts);
    assert.notEqual(recordedActDigest({ ...record, actor: 'mallory' }), sealed.facts);
  });

  const rows: readonly [what: string, args: () => readonly string[], reason: RegExp][] = [
    ['changes the number of the last act', () => journal({ head: '{"number":1,"digest":"x"}' }), /is the webhook's alone/],
    ['takes the number of the last act away', () => journal({ head: null }), /is the webhook's alone/],
    [
      'deletes an action that is not retired',
      () => ['delete', 'agentaction', done, '-n', tenant.namespace, '--dry-run=server'],
      /deletes an action only when its time of retention is over and a sink has acknowledged/,
    ],
  ];
  for (const [what, args, reason] of rows)
    it(`is refused to an operator that ${what}`, async () => {
      const { code, stderr } = await operator.tryKubectl(args());
      assert.notEqual(code, 0, 'it was not refused');
      assert.match(stderr, reason);
    });

  it('is refused to an operator that takes the finalizer off an action that waits', async () => {
    const name = await tenant.file('touch', { key: 'finalizer' });
    await tenant.until(name, ['AwaitingApproval']);
    const patch = JSON.stringify({ metadata: { finalizers: [] } });
    const { code, stderr } = await operator.tryKubectl([
      ...['patch', 'agentaction', name, '-n', tenant.namespace, '--dry-run=server', '--type=merge', '-p', patch],
    ]);
    assert.notEqual(code, 0, 'it was not refused');
    assert.match(stderr, /takes the finalizer off an action only after its end is recorded/);
  });
});

describe('An operator that somebody has taken over', { concurrency: 2 }, () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const details = (more: Record<string, string>) => Object.entries(more).map(([name, value]) => ({ name, value }));
  const counted = { 'sentinel.effects.planned': '1', 'sentinel.effects.done': '1', 'sentinel.effects.done_numbers': '1' };
  const outcome = { 'sentinel.outcome': 'Succeeded', ...counted, 'sentinel.effects.unknown': '0' };
  const ended = (text?: string): Entry => ({
    transition: 'Ended',
    summary: 'Succeeded: everything that was approved was done, and verified',
    details: details({
      'sentinel.state': 'Succeeded',
      'sentinel.success': 'true',
      ...(text === undefined ? {} : { [STATEMENT_DETAIL]: text }),
    }),
  });
  const ran = (text?: string): Entry => ({
    transition: 'RunEnded',
    summary: 'Succeeded: every step succeeded; 1 of 1 approved effects carried out',
    details: details({ ...outcome, ...(text === undefined ? {} : { [STATEMENT_DETAIL]: text }) }),
  });
  /** A statement with other words than the gateway signed, under the seal that it has, or under a key of the operator's own. */
  const changed = (action: AgentAction, seal: 'kept' | 'own') => {
    const stated = parseStatement(statement) ?? assert.fail('the gateway stated nothing');
    const { key, seal: was, ...rest } = { ...stated, action: action.metadata.uid ?? '' };
    return JSON.stringify(seal === 'kept' ? { ...rest, key, seal: was } : sealRecord(rest, key, privateKey));
  };
  const rows: readonly [what: string, records: (action: AgentAction) => Entry[], reason: RegExp][] = [
    [
      'writes down a success of a run that never was',
      () => [ran(), ended()],
      /\(RunEnded\) has no statement of the gateway.*\(Ended\) has no statement of the gateway/s,
    ],
    [
      'calls a run a dry run',
      () => [{ ...ended(), details: details({ 'sentinel.state': 'DryRunCompleted', 'sentinel.success': 'true' }) }],
      /\(Ended\) has no statement of the gateway/,
    ],
    [
      'shows what the gateway signed of another action',
      () => [ran(statement), ended(statement)],
      /\(RunEnded\): the statement of the gateway does not hold: it is for another action/,
    ],
    [
      'changes what the gateway signed',
      (action) => [ran(changed(action, 'kept')), ended(changed(action, 'kept'))],
      /does not hold: its seal does not verify/,
    ],
    [
      'signs with a key of its own',
      (action) => [ran(changed(action, 'own')), ended(changed(action, 'own'))],
      /does not hold: its seal does not verify/,
    ],
  ];

  /** Writes records and the success into the status of an action, as its operator could. */
  async function forge(name: string, records: (action: AgentAction) => Entry[]): Promise<void> {
    await eventually('the forgery', async () => {
      const action = await read(name);
      const status = action.status ?? assert.fail('no status');
      const outbox = status.outbox ?? assert.fail('no outbox');
      const last = { sequence: outbox.sequence, hash: outbox.head };
      const added: AuditRecord[] = [];
      for (const entry of records(action)) {
        const base = { time: new Date().toISOString(), action: action.metadata.uid ?? '', actor: 'sentinel-gateway' };
        added.push(
          chainRecord(added.at(-1) ?? last, { ...base, ...(status.plan ? { plan: status.plan.digest } : {}), ...entry }),
        );
      }
      const head = added.at(-1) ?? assert.fail();
      const conditions = (status.conditions ?? [])
        .filter(({ type }) => type !== 'Reconciling')
        .map((one) =>
          one.type === 'Succeeded' ? { ...one, status: 'True' as const, reason: 'Succeeded', message: 'it is done' } : one,
        );
      const forged: AgentAction = {
        ...action,
        status: {
          ...status,
          conditions,
          finishedAt: new Date().toISOString(),
          outbox: { ...outbox, records: [...outbox.records, ...added], sequence: head.sequence, head: head.hash },
        },
      };
      const path = `/apis/sentinel.dev/v1alpha1/namespaces/${tenant.namespace}/agentactions/${name}/status`;
      const { code, stdout, stderr } = await operator.tryKubectl(['replace', '--raw', path, '-f', '-'], {
        input: JSON.stringify(forged),
      });
      // The real operator may write in between.
      if (code !== 0) assert.match(`${stdout}${stderr}`, /Conflict|has been modified/);
      return code === 0;
    });
  }

  for (const [index, [what, records, reason]] of rows.entries())
    it(`is found out when it ${what}`, async () => {
      const name = await tenant.file('touch', { key: `forged-${index}` });
      await tenant.until(name, ['AwaitingApproval']);
      await forge(name, records);
      const { code, stdout, stderr } = await verify(name);
      assert.equal(code, 1, `${stdout}${stderr}`);
      assert.match(stdout, reason);
    });
});
