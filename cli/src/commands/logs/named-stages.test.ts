import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, chainRecord } from '@sentinel/crds';
import { anAction, aPlan } from '../../../test/fixtures.ts';
import { namedStages, otherDigests } from './named-stages.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const base = anAction(aPlan(), 'Failed');
const record = (transition: 'RollbackEnded' | 'Ended', details: Readonly<Record<string, string>>, job?: string) =>
  chainRecord(undefined, {
    time: '2026-03-02T10:00:00Z',
    action: 'uid-1',
    actor: 'sentinel-gateway',
    transition,
    summary: 'x',
    job,
    details: Object.entries(details).map(([name, value]) => ({ name, value })),
  });
const stage = (of: 'rehearsal' | 'run' | 'verification', uid: string, evidence?: string) => ({
  ...{ stage: of, attempt: 1, name: of, uid, outcome: 'Succeeded' as const },
  ...(evidence === undefined ? {} : { evidence }),
});
const actionWith = (stages: ReturnType<typeof stage>[], records: ReturnType<typeof record>[]): AgentAction => {
  const outbox = { ...(base.status?.outbox ?? { sequence: 1, head: '', exported: 0 }), records };
  return { ...base, status: { ...base.status, stages, outbox } };
};
const short = (action: AgentAction) => namedStages(action).map(({ stage: of, digest: found }) => [of, found?.slice(7, 8)]);

describe('The stages that an action names', () => {
  it('have the rollback after its run and the verification of that, before the rehearsal of a new plan', () => {
    const stages = [
      stage('rehearsal', 'r1', digest('a')),
      stage('run', 'j1', digest('b')),
      stage('verification', 'v1', digest('c')),
      stage('rehearsal', 'r2', digest('e')),
      stage('run', 'j2', digest('f')),
    ];
    const rolledBack = [
      record('RollbackEnded', { 'sentinel.evidence': digest('d') }, 'j1'),
      record('RollbackEnded', { 'sentinel.evidence.missing': 'no room' }, 'j2'),
    ];
    assert.deepEqual(short(actionWith(stages, rolledBack)), [
      ['rehearsal', 'a'],
      ['run', 'b'],
      ['verification', 'c'],
      ['rollback', 'd'],
      ['rehearsal', 'e'],
      ['run', 'f'],
      ['rollback', undefined],
    ]);
    assert.equal(namedStages(actionWith(stages, rolledBack)).at(-1)?.missing, 'no room');
  });

  it('leave the evidence that only the record of the end names', () => {
    const ended = record('Ended', { 'sentinel.evidence': [digest('a'), digest('d')].join(',') });
    const action = actionWith([stage('rehearsal', 'r1', digest('a'))], [ended]);
    assert.deepEqual(otherDigests(action), [digest('d')]);
    assert.deepEqual(otherDigests(actionWith([], [])), []);
  });
});
