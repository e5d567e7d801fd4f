import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AuditEntry, type AuditRecord, chainRecord, finalStates } from '@sentinel/crds';
import { endsByWordAlone, type Stated, statementFindings } from '@sentinel/policy';
import { statementKeys } from '../../../test/fixtures.ts';
import { ended, tell } from './records.fixture.ts';

describe('An export that leaves out what the gateway must confirm', () => {
  /** A chain of which each record that names a plan was left out, as far as that can be. */
  const unplanned = (state: string, ...more: readonly AuditEntry[]): Stated => {
    const entries = [tell('Admitted', { details: {} }), ...more, ended(undefined, state)];
    const records: AuditRecord[] = [];
    for (const { plan: _, ...entry } of entries) records.push(chainRecord(records.at(-1), entry));
    return { action: 'uid-1', records, keys: statementKeys };
  };
  for (const state of finalStates)
    if (['Denied', 'RehearsalFailed', 'NoEffect', 'Cancelled'].includes(state))
      it(`cannot tell ${state} from an action that never had a plan, and says whose word that is`, () => {
        assert.deepEqual(statementFindings(unplanned(state)), []);
        assert.ok(endsByWordAlone(unplanned(state)));
      });
    else
      it(`finds that the plan was left out of an action that ended as ${state}`, () => {
        const found = statementFindings(unplanned(state)).join('; ');
        assert.match(found, /the records are incomplete: they show that the action had a plan/);
        assert.match(found, /record 2 \(Ended\) has no statement of the gateway/);
        assert.ok(!endsByWordAlone(unplanned(state)));
      });
  for (const transition of ['AutoReviewed', 'Decided', 'RunStarted', 'RunEnded', 'RollbackEnded'])
    it(`finds that the plan was left out if there is a record ${transition}`, () =>
      assert.match(
        statementFindings(unplanned('Cancelled', tell(transition, { details: {} }))).join('; '),
        /the records are incomplete.*\(Ended\) has no statement of the gateway/,
      ));
  it('finds it in an end of a state that nobody knows', () =>
    assert.match(statementFindings(unplanned('Done')).join('; '), /the records are incomplete/));
});
