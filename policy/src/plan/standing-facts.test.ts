import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { type ActionPlanSpec, annotations, type Effect, type Playbook, SCHEDULE_GROUPS, SCHEDULE_USER } from '@sentinel/crds';
import { sealRecord } from '../approval/seal.ts';
import { parametersDigest, readStanding, type StandingRecord } from '../approval/standing.ts';
import { playbookDigest, trustOf } from '../approval/trust.ts';
import type { PolicySet } from '../policyset/policy-set.ts';
import { peopleOfSchedule } from '../schedule/people.ts';
import { scheduledAction } from '../schedule/scheduled-action.ts';
import { anAction } from '../testing/action.fixture.ts';
import { anEffect, aScaling } from '../testing/effect.fixture.ts';
import { aPlaybook } from '../testing/playbook.fixture.ts';
import { agentPolicy, aPolicySet, clusterPolicy } from '../testing/policies.fixture.ts';
import { evaluatePlan, type PlanFacts } from './evaluate-plan.ts';

const NOW = Date.parse('2026-05-01T06:00:00Z');
const at = (days: number) => new Date(NOW + days * 86_400_000).toISOString();
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519').privateKey;
const keys = new Map([['k', publicKey]]);
const DIGEST = `sha256:${'1'.repeat(64)}`;

const spec = {
  parameters: [{ name: 'size', default: '1' }],
  schedule: { cron: '0 */6 * * *', parameters: [{ name: 'size', value: '3' }] },
};
const digest = playbookDigest(aPlaybook(spec));
const trust = { playbook: 'p', digest, user: 'tess', uid: '9', groups: [], time: at(-20) };
const ada = { user: 'ada', uid: '7', groups: ['sre'] };

type More = Partial<Omit<StandingRecord, 'key' | 'seal'>>;
const line = (more: More = {}, key = privateKey): string => {
  const head = { standing: 'p', digest, ...ada, extra: {}, decision: 'approve' as const };
  const what = { parameters: parametersDigest(aPlaybook(spec)), upToRisk: 'Medium' as const, time: at(-10), expires: at(10) };
  return JSON.stringify(sealRecord({ ...head, ...what, ...more }, 'k', key));
};
const revocation = (time: string) => {
  const record = { standing: 'p', digest, user: 'bob', uid: '', groups: [], extra: {}, decision: 'revoke', time };
  return JSON.stringify(sealRecord(record, 'k', privateKey));
};
const book = (standing: string | undefined, more: object = {}, trusted: object = {}): Playbook =>
  aPlaybook(
    { ...spec, ...more },
    {
      annotations: {
        [annotations.authors]: JSON.stringify({ user: 'tom', uid: '8', groups: [] }),
        [annotations.trust]: JSON.stringify(sealRecord({ ...trust, ...trusted }, 'k', privateKey)),
        ...(standing === undefined ? {} : { [annotations.standing]: standing }),
      },
    },
  );

const patch = { apiGroups: ['*'], resources: ['*'], verbs: ['*'], decision: 'RequireApproval' };
const allows = (approvals: readonly object[] = [{ upToRisk: 'High', standing: '30d' }], more: object = {}) => ({
  kubernetes: [patch],
  approvals,
  ...more,
});
const policies = (...specs: object[]): PolicySet =>
  aPolicySet([clusterPolicy(specs[0] ?? allows()), agentPolicy(specs[1] ?? specs[0] ?? allows())]);

interface Case {
  readonly standing?: string | undefined;
  readonly playbook?: Playbook;
  readonly policies?: PolicySet;
  readonly effects?: readonly Effect[];
  readonly plan?: Partial<ActionPlanSpec>;
  readonly action?: Parameters<typeof anAction>[0];
  readonly facts?: Partial<PlanFacts>;
}

const evaluate = (given: Case = {}) => {
  const playbook = given.playbook ?? book(given.standing ?? line());
  const filed = scheduledAction(book(undefined), 'tess', NOW);
  const requester = given.facts?.requester ?? { user: SCHEDULE_USER, groups: SCHEDULE_GROUPS };
  const of = given.policies ?? policies();
  const plan = {
    action: { name: 'a', uid: 'u', generation: 1 },
    playbook: { name: 'fix', digest },
    account: 'remediator',
    risk: { level: 'Medium' },
    effects: given.effects ?? [aScaling()],
    required: { approvals: 1, expiresAfter: '4h', standing: '30d' },
    ...given.plan,
  } as unknown as ActionPlanSpec;
  return evaluatePlan({
    action: anAction({
      ...given.action,
      metadata: { name: filed?.name ?? '', ...given.action?.metadata },
      spec: { ...filed?.spec, ...given.action?.spec },
    }),
    plan,
    digest: DIGEST,
    requester,
    editors: peopleOfSchedule(requester, playbook),
    policies: of,
    playbook,
    live: playbook,
    trust: trustOf(playbook, keys, of),
    mayUseAccount: true,
    keys,
    succeeded: undefined,
    limits: [],
    now: NOW,
    ...given.facts,
  });
};
const whyOf = (given: Case) => evaluate(given).tally.standing.map(({ why }) => why ?? 'counts');

describe('A standing approval', () => {
  it('counts as the approval of its person, and says that nobody has seen the plan', () => {
    const { approved, inAdvance, tally } = evaluate();
    assert.deepEqual([approved, inAdvance, tally.approvals, tally.judged.length], [true, true, 1, 0]);
    assert.equal(tally.goodUntil, Date.parse(at(10)));
    assert.equal(evaluate({ playbook: book(undefined) }).approved, false);
  });

  const own = (decision: string, user = 'ada') => {
    const record = { action: 'u', plan: DIGEST, user, uid: user === 'ada' ? '7' : '', groups: ['sre'], extra: {}, decision };
    return {
      metadata: {
        annotations: { [annotations.approvals]: JSON.stringify(sealRecord({ ...record, time: at(-0.01) }, 'k', privateKey)) },
      },
    };
  };
  it('is not counted beside an approval of the same person, and is beside that of another one', () => {
    const two = { policies: policies(allows([{ upToRisk: 'High', approvals: 2, standing: '30d' }])) };
    const same = evaluate({ ...two, action: own('approve') });
    assert.deepEqual([same.tally.approvals, same.approved, same.inAdvance], [1, false, false]);
    assert.match(same.tally.standing[0]?.why ?? '', /one person counts once/);
    const other = evaluate({ ...two, action: own('approve', 'bea') });
    assert.deepEqual([other.tally.approvals, other.approved, other.inAdvance], [2, true, true]);
    const both = evaluate({ action: own('approve', 'bea') });
    assert.deepEqual([both.approved, both.inAdvance], [true, false]);
    const renamed = line({ user: 'ada@new' });
    assert.equal(evaluate({ ...two, standing: `${line()}\n${renamed}` }).tally.approvals, 1);
  });

  it('lets nothing start that a person rejected or asked to change', () => {
    assert.equal(evaluate({ action: own('reject', 'bea') }).approved, false);
    assert.deepEqual(whyOf({ action: own('request-changes', 'bea') }), ['a person has asked for changes of this action']);
    assert.equal(evaluate({ action: own('request-changes', 'bea') }).approved, false);
    assert.match(whyOf({ action: own('reject') })[0] ?? '', /has decided on this action/);
  });

  const secret = anEffect({ apiGroup: '', resource: 'secrets', kind: 'Secret', name: 's' });
  const refused: Record<string, readonly [Case, RegExp]> = {
    'sealed by somebody else': [{ standing: line({}, stranger) }, /its seal does not verify/],
    'with a later end than was sealed': [{ standing: line().replace(at(10), at(20)) }, /its seal does not verify/],
    'of another Playbook': [{ standing: line({ standing: 'other' }) }, /for another Playbook/],
    'of another version': [{ standing: line({ digest: DIGEST }) }, /the Playbook changed after it was given/],
    'of other parameters': [{ standing: line({ parameters: DIGEST }) }, /for other parameters/],
    'that has ended': [{ standing: line({ expires: at(-0.001) }) }, /it has ended/],
    'that ends now': [{ standing: line({ expires: at(0) }) }, /it has ended/],
    'from the future': [{ standing: line({ time: at(1) }) }, /in the future/],
    'from before the Playbook was trusted': [{ standing: line({ time: at(-21) }) }, /before the Playbook was trusted/],
    'that was revoked': [{ standing: `${revocation(at(-9))}\n${line()}` }, /bob revoked it at/],
    'that was revoked after it': [{ standing: `${line()}\n${revocation(at(-9))}` }, /bob revoked it at/],
    'of a program': [{ standing: line({ user: 'system:serviceaccount:shop:robot' }) }, /programs cannot decide/],
    'of an author, under another name': [{ standing: line({ user: 'x', uid: '8' }) }, /an editor of the action cannot approve/],
    'of who trusted it, under another name': [
      { standing: line({ user: 'x', uid: '9' }) },
      /an editor of the action cannot approve/,
    ],
    'of an agent': [
      {
        policies: {
          ...policies(),
          agents: [{ policy: 'AgentPolicy/p', namespace: 'shop', kind: 'User', name: 'ada', subjectNamespace: undefined }],
        },
      },
      /it is from an agent/,
    ],
    'of somebody outside of the groups': [
      { policies: policies(allows([{ upToRisk: 'High', groups: ['dba'], standing: '30d' }])) },
      /none of the groups dba/,
    ],
    'without the comment that policy requires': [
      { policies: policies(allows(undefined, { reasons: { approvals: { comment: true } } })) },
      /policy asks for a reason/,
    ],
    'where the floor allows none': [
      { policies: policies(allows([{ upToRisk: 'High' }]), allows()) },
      /policy allows no standing approvals/,
    ],
    'where the namespace allows none': [
      { policies: policies(allows(), allows([{ upToRisk: 'High' }])) },
      /policy allows no standing approvals/,
    ],
    'where an entry for a lower risk allows none': [
      { policies: policies(allows([{ upToRisk: 'Low' }, { upToRisk: 'High', standing: '30d' }])) },
      /policy allows no standing approvals/,
    ],
    'where none was allowed when the plan was made': [
      { plan: { required: { approvals: 1, expiresAfter: '4h' } } as Partial<ActionPlanSpec> },
      /policy allows no standing approvals/,
    ],
    'that is longer than policy allows now': [
      { policies: policies(allows(), allows([{ upToRisk: 'High', standing: '9d' }])) },
      /policy allows at most 9d/,
    ],
    'for a lower risk': [{ standing: line({ upToRisk: 'Low' }) }, /covers actions up to the risk Low, and this one has Medium/],
    'for a lower risk than the caller found': [
      { facts: { risk: 'High' } },
      /covers actions up to the risk Medium, and this one has High/,
    ],
    'for a Critical plan': [
      {
        plan: { risk: { level: 'Critical', score: 9, parts: [] } },
        policies: policies(allows([{ upToRisk: 'Critical', standing: '30d' }])),
      },
      /the risk is Critical/,
    ],
    'for a deletion': [
      { effects: [aScaling({ verb: 'delete' })] },
      /a person must see this plan: delete deployments 'web' deletes/,
    ],
    'for what may delete': [{ effects: [aScaling({ reversible: false })] }, /cannot be rolled back/],
    'for credentials': [{ effects: [aScaling(), secret] }, /concerns credentials or security/],
    'for RBAC': [
      { effects: [anEffect({ apiGroup: 'rbac.authorization.k8s.io', resource: 'roles' })] },
      /concerns credentials or security/,
    ],
    'for instructions of agents': [
      { effects: [anEffect({ change: [{ path: '/data/AGENTS.md', before: 'a', after: 'b' }] })] },
      /may change instructions of agents/,
    ],
    'for what was not declared': [
      { plan: { undeclared: ['not in the request'] } },
      /a person must see this plan: not in the request/,
    ],
    'for what cannot be observed': [{ plan: { notObservable: ['a hidden part'] } }, /a person must see this plan: a hidden part/],
    'for a change that is hidden': [
      { effects: [anEffect({ change: [{ path: '/spec/x', redacted: true }] })] },
      /changes something that is hidden/,
    ],
    'for other parameters of the action': [
      { action: { spec: { parameters: [{ name: 'size', value: '4' }] } } },
      /the action is not exactly what the schedule files/,
    ],
    'for an action by another name': [{ action: { metadata: { name: 'fix-1' } } }, /not exactly what the schedule files/],
    'for an action that somebody amended': [
      { action: { metadata: { annotations: { [annotations.amendedBy]: '{"user":"eve","uid":"","groups":[]}' } } } },
      /not exactly what the schedule files/,
    ],
    'for another account': [{ plan: { account: 'admin' } }, /the plan is for another account/],
    'for a plan of another version': [{ plan: { playbook: { name: 'fix', digest: DIGEST } } }, /another version of the Playbook/],
    'after the kill switch held the action': [{ action: { status: { resumedAt: at(-5) } } }, /the kill switch held this action/],
    'after the gateway saw that it held': [{ facts: { resumedAt: NOW } }, /the kill switch held this action/],
    'without the right to approve': [
      { facts: { deciders: new Map() } },
      /it was not checked whether its user still has the verb 'approve'/,
    ],
  };
  for (const [name, [given, why]] of Object.entries(refused))
    it(`does not count ${name}`, () => {
      const { approved, inAdvance, tally } = evaluate(given);
      const whys = tally.standing.map(({ why: found }) => found ?? 'counts');
      assert.ok(whys.length > 0 && whys.every((found) => why.test(found)), whys.join('; '));
      assert.deepEqual([approved, inAdvance, tally.approvals], [false, false, 0]);
    });

  const nothing: Record<string, Case> = {
    'if the requester is a person or an agent': { facts: { requester: { user: 'agent', groups: [] } } },
    'if there is no Playbook any more': { facts: { live: undefined } },
    'if the Playbook has no schedule any more': { playbook: book(line(), { schedule: undefined }) },
    'from a line that says one thing twice': { standing: line().replace('"user":"ada"', '"user":"eve","user":"ada"') },
    'from a line with a field of its own': { standing: line({ also: 'x' } as More) },
    'from a line with a time that is not one': { standing: line({ expires: 'never' }) },
    'from a line with a day that does not exist': { standing: line({ expires: '2999-02-31T00:00:00Z' }) },
    'from the seal of a decision on an action': { standing: Object.values(own('approve').metadata.annotations)[0] ?? '' },
  };
  for (const [name, given] of Object.entries(nothing))
    it(`does not exist ${name}`, () => {
      assert.deepEqual(whyOf(given), []);
      assert.equal(evaluate(given).approved, false);
    });

  it('counts for nothing once trust is gone or the Playbook changed', () => {
    const changed = book(line(), { description: 'another' });
    assert.equal(evaluate({ playbook: changed }).approved, false);
    assert.equal(evaluate({ playbook: book(line(), {}, { playbook: 'other' }) }).approved, false);
  });

  it('is read for the status without an action', () => {
    const source = (standing: string, now = NOW) => {
      const playbook = book(standing);
      return readStanding({ playbook, trust: trustOf(playbook, keys, {}), keys, now }).map(({ counts }) => counts);
    };
    assert.deepEqual(source(line()), [true]);
    assert.deepEqual(source(`${line()}\n${line({ expires: at(12) })}`), [false, true]);
    // The longer one does not come back.
    assert.deepEqual(source(`${line()}\n${line({ expires: at(-0.001) })}`), [false, false]);
    assert.deepEqual(source(`${line()}\n${line({ user: 'ada', expires: at(12) }, stranger)}`), [true, false]);
    assert.deepEqual(source(`${revocation(at(-11))}\n${line()}`), [true]);
    assert.deepEqual(source(line(), Date.parse(at(11))), [false]);
    assert.deepEqual(source('x\n'), []);
  });
});
