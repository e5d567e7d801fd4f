import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RunReport } from '@sentinel/crds';
import type { Entry, EntryState, Order } from '../ledger/entry.ts';
import { reportOf } from './run-report.ts';

const entry = (index: number, state: EntryState, more: Partial<Entry> = {}): Entry => ({
  jobUid: 'job',
  target: { index, verb: 'patch', apiGroup: 'apps', version: 'v1', resource: 'deployments', namespace: 'shop', name: 'web' },
  state,
  owner: { process: 'one', nonce: 'a' },
  since: 1,
  ...more,
});
const order = (resolution: Order['resolution'], refused?: string): Order => ({
  ...{ id: resolution, resolution, user: 'ada', time: '2026-01-01T00:00:00Z' },
  ...(refused === undefined ? {} : { refused }),
});
const states: readonly EntryState[] = ['Intended', 'Sent', 'Done', 'Refused', 'Unknown', 'Accepted'];

describe('The report of a run', () => {
  it('has each effect where it belongs', () => {
    const report = reportOf(states.map((state, index) => entry(index, state, { why: `because of ${index}` })));
    const { consumed, unknown, accepted, rolledBack, refused, resolutions } = report;
    assert.deepEqual([consumed, accepted, rolledBack, resolutions], [[2], [5], [], []]);
    assert.deepEqual(refused, [{ effect: 3, why: 'because of 3' }]);
    assert.deepEqual(
      unknown.map(({ effect, object }) => [effect, object]),
      [
        [1, 'patch deployments shop/web'],
        [4, 'patch deployments shop/web'],
      ],
    );
    RunReport.parse({ claimed: true, ...report });
  });

  it('is empty without entries', () => {
    const empty = { consumed: [], unknown: [], accepted: [], rolledBack: [], refused: [], resolutions: [] };
    assert.deepEqual(reportOf([]), empty);
  });

  it('says why an outcome is unknown, also where no reason is known', () => {
    const [known, none] = reportOf([entry(0, 'Unknown', { why: 'it timed out' }), entry(1, 'Sent')]).unknown;
    assert.equal(known?.why, 'it was sent, and it may or may not have been applied: it timed out');
    assert.equal(none?.why, 'it was sent, and it may or may not have been applied: no answer came');
  });

  it('has room for names and reasons of any length', () => {
    const long = 'x'.repeat(5000);
    const target = { ...entry(0, 'Unknown').target, name: long };
    const report = reportOf([entry(0, 'Unknown', { target, why: long, orders: [order('redo', long)] })]);
    const [unknown] = report.unknown;
    assert.deepEqual([unknown?.object.length, unknown?.why.length, report.resolutions?.[0]?.message.length], [512, 1024, 512]);
    RunReport.parse({ claimed: true, ...report });
  });

  it('leaves out a refusal without a reason', () => assert.deepEqual(reportOf([entry(0, 'Refused')]).refused, []));
});

describe('The outcome of a decision', () => {
  const told = (...entries: Entry[]) =>
    reportOf(entries).resolutions?.map(({ effect, resolution, outcome, message }) => [effect, resolution, outcome, message]);

  it('is that it was carried out, in the words of the decision', () =>
    assert.deepEqual(
      told(
        entry(0, 'Accepted', { orders: [order('accept')] }),
        entry(1, 'Done', { orders: [order('redo')] }),
        entry(2, 'Done', { orders: [order('roll-back')], rollback: 'Restored' }),
        entry(3, 'Refused', { orders: [order('roll-back')] }),
      ),
      [
        [0, 'accept', 'Applied', 'it is accepted as it is stored'],
        [1, 'redo', 'Applied', 'it is applied, as it was approved'],
        [2, 'roll-back', 'Applied', 'it was applied, and is rolled back'],
        [3, 'roll-back', 'Applied', 'it was not applied, and cannot be any more: there was nothing to roll back'],
      ],
    ));

  it('is why it was refused; the person and the time stay with it', () => {
    const [one] = reportOf([entry(0, 'Unknown', { orders: [order('redo', 'others changed it')] })]).resolutions ?? [];
    assert.deepEqual(one, {
      ...{ effect: 0, resolution: 'redo', outcome: 'Refused', message: 'others changed it' },
      ...{ user: 'ada', time: '2026-01-01T00:00:00Z' },
    });
  });

  it('is not said before it is known: a rollback that is not complete', () =>
    assert.deepEqual(
      told(
        entry(0, 'Unknown', { orders: [order('redo', 'no'), order('roll-back')] }),
        entry(1, 'Done', { orders: [order('roll-back')], rollback: 'Restoring' }),
      ),
      [[0, 'redo', 'Refused', 'no']],
    ));

  it('is that an effect with an ordered rollback does not count as carried out, even if the rollback failed', () => {
    const { consumed, rolledBack } = reportOf([
      entry(0, 'Done', { orders: [order('roll-back', 'others changed it')] }),
      entry(1, 'Done', { orders: [order('roll-back', 'no'), order('redo')] }),
      entry(2, 'Refused', { orders: [order('roll-back')] }),
    ]);
    assert.deepEqual([consumed, rolledBack], [[1], [0]]);
  });
});
