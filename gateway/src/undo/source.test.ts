import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Claim } from '../ledger/claim.ts';
import type { Entry } from '../ledger/entry.ts';
import { refusalOfSource, sourceJob } from './source.ts';

const claim = (more: Partial<Claim> = {}): Claim =>
  ({
    action: { namespace: 'shop', name: 'harmful', uid: 'h' },
    account: 'remediator',
    job: 'job-h',
    plan: 'sha256:p',
    over: 'its checks succeeded',
    rollingBack: false,
    ...more,
  }) as Claim;
const entry = (state: Entry['state'], rollback?: Entry['rollback']) => ({ state, rollback });
const source = { name: 'harmful', uid: 'h' };
const by = { namespace: 'shop', account: 'remediator' };

describe('A run that another action undoes, by the ledger', () => {
  const done = [entry('Done')];
  const undoer = (more: Partial<Claim>, entries: ReturnType<typeof entry>[]) => [
    { claim: claim({ action: { namespace: 'shop', name: 'back', uid: 'b' }, ...more }), entries },
  ];
  const rows: readonly [string, Parameters<typeof refusalOfSource>[2], string | undefined][] = [
    ['is over', { claim: claim(), entries: done, others: [] }, undefined],
    ['is not known', { claim: undefined, entries: [], others: [] }, 'RollbackSourceNotFound'],
    [
      'is one of another namespace',
      { claim: claim({ action: { namespace: 'bank', name: 'harmful', uid: 'h' } }), entries: done, others: [] },
      'RollbackSourceNotFound',
    ],
    ['is one of another account', { claim: claim({ account: 'root' }), entries: done, others: [] }, 'RollbackAccountDiffers'],
    ['never was', { claim: claim({ plan: undefined }), entries: [], others: [] }, 'RollbackSourceNotRun'],
    ['changed nothing', { claim: claim(), entries: [entry('Refused')], others: [] }, 'RollbackSourceNotRun'],
    ['is not over', { claim: claim({ over: undefined }), entries: done, others: [] }, 'RollbackSourceNotEnded'],
    ['has an unknown outcome', { claim: claim(), entries: [...done, entry('Unknown')], others: [] }, 'RollbackSourceIncomplete'],
    ['has an outcome that a person accepted', { claim: claim(), entries: [entry('Accepted')], others: [] }, undefined],
    [
      'was rolled back in part',
      { claim: claim({ rollingBack: true }), entries: [...done, entry('Done', 'Restored')], others: [] },
      'RollbackSourceIncomplete',
    ],
    [
      'was rolled back',
      { claim: claim({ rollingBack: true }), entries: [entry('Done', 'Restored')], others: [] },
      'RollbackAlreadyDone',
    ],
    ['was undone', { claim: claim(), entries: done, others: undoer({}, done) }, 'RollbackAlreadyDone'],
    ['is being undone', { claim: claim(), entries: done, others: undoer({ over: undefined }, []) }, 'RollbackInProgress'],
    [
      'was undone by one that was rolled back itself',
      { claim: claim(), entries: done, others: undoer({ rollingBack: true }, [entry('Done', 'Restored')]) },
      undefined,
    ],
  ];
  for (const [title, facts, code] of rows)
    it(`${title}: ${code ?? 'may be undone'}`, () => assert.equal(refusalOfSource({ source }, by, facts)?.code, code));

  it('is not read any more for another namespace or account, or when it is deleted meanwhile', async () => {
    const job = (found: Claim | undefined) => sourceJob({ claimOfRun: async () => found }, { source }, by);
    assert.equal(await job(claim()), 'job-h');
    for (const one of [
      undefined,
      claim({ account: 'root' }),
      claim({ action: { namespace: 'bank', name: 'harmful', uid: 'h' } }),
    ])
      await assert.rejects(job(one), /was deleted, and the values from before it with it/);
  });
});
