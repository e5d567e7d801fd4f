import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type AgentAction, type AuditRecord, agentActions, chainRecord } from '@sentinel/crds';
import { admin, eventually, example, type Person, serviceAccount } from '../lib/cluster.ts';
import { client, makeTenant, type Tenant } from '../lib/tenant.ts';

// An operator that somebody has taken over rewrites what happened, with the operator's own account. Everything is a dry-run, which
// admission and the schema treat like the real request.

type Status = NonNullable<AgentAction['status']>;
type Outbox = NonNullable<Status['outbox']>;

/** The records as they would be if one field of one of them had been something else: each one is chained again. */
function rewritten(records: readonly AuditRecord[], change: (record: AuditRecord) => Partial<AuditRecord>): AuditRecord[] {
  const first = records[0] ?? assert.fail('no records');
  let last = { sequence: first.sequence - 1, hash: first.previous };
  return records.map((record) => {
    const { sequence: _, previous: __, hash: ___, ...entry } = { ...record, ...change(record) };
    last = chainRecord(last.sequence === 0 ? undefined : last, entry);
    return last as AuditRecord;
  });
}

/** An outbox with these records, its head where they end. */
function withRecords(outbox: Outbox, records: AuditRecord[]): Outbox {
  const { sequence, hash } = records.at(-1) ?? assert.fail('no records');
  return { ...outbox, records, sequence, head: hash, exported: Math.min(outbox.exported, sequence) };
}

const next = (outbox: Outbox, more: Partial<AuditRecord> = {}): AuditRecord => {
  const { sequence: _, previous: __, hash: ___, ...entry } = outbox.records.at(-1) ?? assert.fail('no records');
  return chainRecord({ sequence: outbox.sequence, hash: outbox.head }, { ...entry, ...more });
};

const changeOutbox = (change: (outbox: Outbox) => Outbox) => (status: Status) => {
  status.outbox = change(status.outbox ?? assert.fail('no outbox'));
};

type Row = readonly [what: string, change: (status: Status) => void, reason: RegExp];

const rows: readonly Row[] = [
  [
    // The record of the decision may have left the outbox: the actor of the existing ones is somebody else.
    'names somebody else as who acted, and chains the records again',
    changeOutbox((outbox) => {
      const records = rewritten(outbox.records, () => ({ actor: 'mallory' }));
      assert.notEqual(records.at(-1)?.hash, outbox.head, 'nothing was rewritten');
      return withRecords(outbox, records);
    }),
    /a record must not change/,
  ],
  [
    'rewrites the last record',
    changeOutbox((outbox) =>
      withRecords(
        outbox,
        rewritten(outbox.records, ({ sequence }) => (sequence === outbox.sequence ? { summary: 'Succeeded' } : {})),
      ),
    ),
    /a record must not change/,
  ],
  ['takes the last record away', changeOutbox((outbox) => withRecords(outbox, outbox.records.slice(0, -1))), /must not go back/],
  [
    'rewrites the last record and adds one',
    changeOutbox((outbox) => {
      const changed = withRecords(
        outbox,
        rewritten(outbox.records, ({ sequence }) => (sequence === outbox.sequence ? { summary: 'x' } : {})),
      );
      return withRecords(changed, [...changed.records, next(changed)]);
    }),
    /a record must not change/,
  ],
  [
    'adds a record that follows another one than the last',
    changeOutbox((outbox) => withRecords(outbox, [next({ ...outbox, head: `sha256:${'a'.repeat(64)}` })])),
    /a new record must follow the last one/,
  ],
  [
    'leaves a record out in the middle',
    changeOutbox((outbox) => ({ ...outbox, records: outbox.records.filter((_, at) => at !== 1) })),
    /must follow each other without a gap/,
  ],
  ['takes a record to the front', changeOutbox((outbox) => ({ ...outbox, records: [...outbox.records].reverse() })), /must/],
  [
    'sets the cursor of the sink back',
    changeOutbox((outbox) => ({ ...outbox, exported: 0 })),
    /`sequence` and the cursors must not go back/,
  ],
  [
    'drops the trail',
    (status) => {
      delete status.outbox;
    },
    /it must not be removed/,
  ],
  [
    'turns the end into a success',
    (status) => {
      for (const one of status.conditions ?? [])
        if (one.type === 'Succeeded') Object.assign(one, { status: 'True', reason: 'Succeeded' });
    },
    /has ended/,
  ],
  [
    'opens an action again that has ended',
    (status) => {
      delete status.finishedAt;
    },
    /has ended/,
  ],
];

describe('The audit trail of an action, to an operator that somebody has taken over', { concurrency: false }, () => {
  let tenant: Tenant;
  let operator: Person;
  let ended: string;
  let waiting: string;

  before(async () => {
    tenant = await makeTenant('append-only');
    await admin.apply(example('shop/workload.yaml').replaceAll('namespace: shop', `namespace: ${tenant.namespace}`));
    operator = await serviceAccount('sentinel-system', 'sentinel-operator');
    const parameters = { deployment: 'web', container: 'web', image: tenant.image };
    [ended, waiting] = await Promise.all([tenant.file('set-image', parameters), tenant.file('set-image', parameters)]);
    await Promise.all([ended, waiting].map((name) => tenant.until(name, ['AwaitingApproval'])));
    await tenant.decide(tenant.approver, ended, 'reject');
    await tenant.until(ended, ['Rejected']);
  });

  async function put(name: string, change: (status: Status) => void, whole?: (action: AgentAction) => unknown) {
    const path = `/apis/sentinel.dev/v1alpha1/namespaces/${tenant.namespace}/agentactions/${name}/status?dryRun=All`;
    return await eventually('an answer about the action as it is', async () => {
      const action = await client.getOrThrow(agentActions, { name, namespace: tenant.namespace });
      change(action.status ?? assert.fail('no status'));
      const answer = await operator.tryKubectl(['replace', '--raw', path, '-f', '-'], {
        input: JSON.stringify(whole ? whole(action) : action),
      });
      // The real operator writes as well: it notes what the sink has.
      return !/\(Conflict\)/.test(answer.stderr) && answer;
    });
  }

  for (const [what, change, reason] of rows)
    it(`is refused when it ${what}`, async () => {
      const { code, stderr, stdout } = await put(ended, change);
      assert.notEqual(code, 0, 'it was not refused');
      assert.match(`${stderr}${stdout}`, reason);
    });

  it('is refused when it drops the whole status', async () => {
    const { code, stderr, stdout } = await put(
      ended,
      () => {},
      ({ status: _, ...action }) => action,
    );
    assert.notEqual(code, 0, 'it was not refused');
    assert.match(`${stderr}${stdout}`, /`status` must not be removed/);
  });

  it('is refused when a record leaves that no sink has acknowledged', async () => {
    const { code, stderr, stdout } = await put(
      waiting,
      changeOutbox((outbox) => withRecords(outbox, [next(outbox)])),
    );
    assert.notEqual(code, 0, 'it was not refused');
    assert.match(`${stderr}${stdout}`, /must stay until a sink has acknowledged it/);
  });

  const honest: Readonly<Record<string, (outbox: Outbox) => Outbox>> = {
    'a further record': (outbox) => withRecords(outbox, [...outbox.records, next(outbox)]),
    'several further records': (outbox) => {
      const more = withRecords(outbox, [...outbox.records, next(outbox)]);
      return withRecords(more, [...more.records, next(more)]);
    },
    'the cursor of the sink': (outbox) => ({ ...outbox, exported: outbox.sequence }),
    'records that leave because they are acknowledged': (outbox) => ({
      ...outbox,
      exported: outbox.sequence,
      records: outbox.records.slice(-1),
    }),
  };
  for (const [what, change] of Object.entries(honest))
    it(`takes ${what}`, async () => {
      const { code, stderr } = await put(waiting, changeOutbox(change));
      assert.equal(code, 0, stderr);
    });

  it('takes the minimal form of a status, which says what has left', async () => {
    const { code, stderr } = await put(waiting, (status) => {
      status.shortened = ['older audit records'];
      const outbox = status.outbox ?? assert.fail('no outbox');
      status.outbox = withRecords(outbox, [next(outbox)]);
    });
    assert.equal(code, 0, stderr);
  });

  it('verifies as it is', async () => {
    const { code, stdout, stderr } = await admin.trySentinel(['audit', 'verify', ended, '-n', tenant.namespace]);
    assert.equal(code, 0, `${stdout}${stderr}`);
  });
});
