import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction } from '@sentinel/crds';
import { anAction } from '../testing/action.fixture.ts';
import { clusterPolicies } from '../testing/policies.fixture.ts';
import { judgeAmendment, judgeRounds, repeatedWork, unamendable } from './amendment.ts';

const agent = { user: 'agent', groups: [] };
const limits = (...most: (number | undefined)[]) =>
  clusterPolicies(...most.map((amendments) => ({ limits: amendments === undefined ? {} : { amendments } })));

describe('The number of amendments', () => {
  const rows: [string, ReturnType<typeof limits>, number, string[]][] = [
    ['is two without a policy', limits(undefined), 2, []],
    ['is never more than two', limits(2), 3, ['ClusterAgentPolicy/p0', 'Sentinel']],
    ['is the lowest of all policies', limits(2, 1), 2, ['ClusterAgentPolicy/p1']],
    ['is zero where one policy says so', limits(2, 0), 1, ['ClusterAgentPolicy/p1']],
    ['does not concern plans that amend none', limits(0), 0, []],
  ];
  for (const [name, set, round, by] of rows)
    it(name, () =>
      assert.deepEqual(
        judgeRounds(set, round).map(({ policy }) => policy),
        by,
      ),
    );
});

describe('An action that amends another one', () => {
  const blocked = (more: Partial<AgentAction['status']> = {}, spec: Partial<AgentAction['spec']> = {}): AgentAction =>
    anAction({
      metadata: { name: 'b', uid: 'ub' },
      spec,
      status: {
        conditions: [{ type: 'Succeeded', status: 'False', reason: 'Blocked', message: '', lastTransitionTime: '' }],
        amendment: { offered: true, refused: 'patch x' },
        ...more,
      } as NonNullable<AgentAction['status']>,
    });
  const codes = (amended: AgentAction | undefined, spec: Partial<AgentAction['spec']> = {}, requester = agent) =>
    judgeAmendment({
      spec: anAction({ spec: { amends: { name: 'b', uid: 'ub' }, ...spec } }).spec,
      requester,
      amended,
      amendedRequester: agent,
    }).map(({ code }) => code);

  it('may do the same work, and say something else of it', () =>
    assert.deepEqual(codes(blocked(), { intent: { summary: 'again', reason: 'why' } }), []));

  const rolledBack = [{ type: 'Succeeded', status: 'False', reason: 'RollbackIncomplete', message: '', lastTransitionTime: '' }];
  const refused: [string, string, () => string[]][] = [
    ['exists', 'AmendmentNotOffered', () => codes(undefined)],
    ['has the uid', 'AmendmentNotOffered', () => codes(blocked(), { amends: { name: 'b', uid: 'other' } })],
    ['is Blocked', 'AmendmentNotOffered', () => codes(blocked({ conditions: rolledBack as never }))],
    ['offers it', 'AmendmentNotOffered', () => codes(blocked({ amendment: { offered: false, refused: 'x', reason: 'y' } }))],
    ['says anything of it', 'AmendmentNotOffered', () => codes(blocked({ amendment: undefined }))],
    ['was not cancelled', 'AmendmentNotOffered', () => codes(blocked({}, { cancelled: true }))],
    ['has the same requester', 'AmendmentDiffers', () => codes(blocked(), {}, { user: 'eve', groups: [] })],
    ['has the same parameters', 'AmendmentDiffers', () => codes(blocked(), { parameters: [{ name: 'a', value: 'b' }] })],
    ['has the same parent', 'AmendmentDiffers', () => codes(blocked(), { intent: { summary: 's', parentAction: 'p' } })],
  ];
  for (const [name, code, judge] of refused)
    it(`is refused unless the other one ${name}`, () => assert.deepEqual(judge(), [code]));

  it('repeats what runs and where, and not what is said of it', () => {
    const { spec } = anAction();
    assert.equal(repeatedWork(spec), repeatedWork({ ...spec, amends: { name: 'b', uid: 'u' }, intent: { summary: 'x' } }));
    assert.notEqual(repeatedWork(spec), repeatedWork({ ...spec, target: { environment: 'staging' } }));
    assert.notEqual(repeatedWork(spec), repeatedWork({ ...spec, onBehalfOf: { user: 'dana' } }));
  });

  it('is not offered for the work of several people, or of no Playbook and no steps', () => {
    const { spec } = anAction();
    assert.equal(unamendable(spec, agent, [agent]), undefined);
    assert.match(unamendable(spec, agent, [{ user: 'eve' }]) ?? '', /another person/);
    assert.match(unamendable({ ...spec, playbookRef: undefined }, agent, []) ?? '', /only the run of a Playbook/);
  });
});
