import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Entry, Order } from '../ledger/entry.ts';
import { type RollbackFacts, refusalOfRollback } from './due.ts';

const order: Order = { id: 'o', resolution: 'roll-back', user: 'ada', time: 't' };
const entry = (state: Entry['state'], orders?: readonly Order[]) => ({ state, ...(orders ? { orders } : {}) });
const fresh = { over: undefined, rollingBack: false, endedWell: false };
const facts = (more: Partial<RollbackFacts> = {}, claim: Partial<RollbackFacts['claim']> = {}): RollbackFacts => ({
  claim: { ...fresh, ...claim },
  mode: 'PreImages',
  entries: [entry('Done'), entry('Refused')],
  stopped: false,
  ...more,
});

describe('A rollback that the operator asks for', () => {
  const rows: Readonly<Record<string, readonly [RollbackFacts, RegExp | undefined]>> = {
    'of a run that failed': [facts(), undefined],
    'of a run whose checks failed or were never seen to succeed': [facts({ entries: [entry('Done')] }), undefined],
    'of a run that was cancelled': [facts({ stopped: true }), undefined],
    'that has begun': [facts({}, { rollingBack: true }), undefined],
    'that has begun, of a run that ended well by its pod': [facts({}, { rollingBack: true, endedWell: true }), undefined],
    'that has begun, of an action that has ended since': [
      facts({}, { rollingBack: true, over: 'the action ended as RollbackIncomplete' }),
      /the run is over: the action ended as RollbackIncomplete/,
    ],
    'of a run whose checks succeeded': [facts({}, { over: 'its checks succeeded' }), /the run is over: its checks succeeded/],
    'of a run whose checks succeeded, when the action is deleted long after': [
      facts({ stopped: true }, { over: 'its checks succeeded' }),
      /the run is over/,
    ],
    'of a run without checks that ended well': [facts({}, { endedWell: true }), /ended well.*no checks.*nobody cancelled/],
    'of a run without checks that ended well, cancelled before the action ended': [
      facts({ stopped: true }, { endedWell: true }),
      undefined,
    ],
    'of a plan without a rollback': [facts({ mode: 'None' }), /the approved plan has no rollback/],
    'of a plan without a rollback, cancelled': [facts({ mode: 'None', stopped: true }), /has no rollback/],
    'of a plan without a rollback, as if it had begun': [facts({ mode: 'None' }, { rollingBack: true }), /has no rollback/],
    'of a plan without a rollback, whose effects a person ordered back': [
      facts({ mode: 'None', entries: [entry('Done', [order]), entry('Refused')] }),
      undefined,
    ],
    'of a plan without a rollback, of which a person ordered one effect back': [
      facts({ mode: 'None', entries: [entry('Done', [order]), entry('Done')] }),
      /has no rollback/,
    ],
    'of a plan without a rollback, whose order was refused': [
      facts({ mode: 'None', entries: [entry('Unknown', [{ ...order, refused: 'no' }])] }),
      /has no rollback/,
    ],
    'of a plan without a rollback, where a person ordered something else': [
      facts({ mode: 'None', entries: [entry('Accepted', [{ ...order, resolution: 'accept' }])] }),
      /has no rollback/,
    ],
    'of a plan that is gone, of an older claim': [facts({ mode: undefined }), /the plan is gone/],
  };
  for (const [what, [given, refused]] of Object.entries(rows))
    it(`${what} ${refused ? 'is refused' : 'is carried out'}`, () => {
      const found = refusalOfRollback(given);
      if (refused) assert.match(found ?? 'nothing', refused);
      else assert.equal(found, undefined);
    });
});
