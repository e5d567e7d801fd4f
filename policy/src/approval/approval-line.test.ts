import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AgentPolicySpec } from '@sentinel/crds';
import { approvalLine } from './approval-line.ts';

const lines = (approvals: object[]) => AgentPolicySpec.parse({ modes: ['Apply'], approvals }).approvals ?? [];

describe('More risk', () => {
  it('never takes fewer people, whatever the later lines say', () => {
    const falling = lines([
      { upToRisk: 'Low', approvals: 2 },
      { upToRisk: 'Critical', approvals: 1 },
    ]);
    assert.deepEqual(
      (['Low', 'High'] as const).map((risk) => approvalLine(falling, risk)?.approvals),
      [2, 2],
    );
  });
  it('never starts without a person where less of it would not', () => {
    const later = lines([{ upToRisk: 'Low' }, { upToRisk: 'Medium', autoReview: true }]);
    assert.deepEqual(
      (['Low', 'Medium'] as const).map((risk) => approvalLine(later, risk)?.autoReview === true),
      [false, false],
    );
  });
  it('wants to see no fewer runs succeed', () => {
    const fewer = lines([
      { upToRisk: 'Low', autoReview: true, autoReviewAfter: 7 },
      { upToRisk: 'Medium', autoReview: true, autoReviewAfter: 1 },
    ]);
    assert.equal(approvalLine(fewer, 'Medium')?.runs, 7);
    assert.equal(approvalLine(lines([{ upToRisk: 'Low', autoReview: true }]), 'Low')?.runs, 3);
  });
  it('may be decided by other people, who take longer', () => {
    const others = lines([
      { upToRisk: 'Low', groups: ['team'], expiresAfter: '1h' },
      { upToRisk: 'Critical', groups: ['platform'], expiresAfter: '8h' },
    ]);
    assert.deepEqual([approvalLine(others, 'High')?.groups, approvalLine(others, 'High')?.expiresAfter], [['platform'], '8h']);
  });
  it('that no entry covers has none', () => assert.equal(approvalLine(lines([{ upToRisk: 'Low' }]), 'High'), undefined));
});
