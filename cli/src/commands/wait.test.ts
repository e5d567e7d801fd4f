import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, chainRecord, finalStates, type State } from '@sentinel/crds';
import type { TransportRequest } from '@sentinel/kube';
import { ok, refusal, runAgainst } from '../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../test/fixtures.ts';
import type { Outcome } from './wait.ts';

const DENIED =
  'the plan changes 5 objects; at most 2 are allowed (AgentPolicy/shop: limits.objects). Split the work, or ask an admin.';

function ended(state: string, message = 'it is over', codes?: string): AgentAction {
  const action = anAction(aPlan(), state);
  const outbox = action.status?.outbox ?? assert.fail();
  const details = codes === undefined ? [] : [{ name: 'sentinel.refusal.codes', value: codes }];
  const entry = { time: '2026-03-02T10:20:00Z', action: 'uid-1', actor: 'x', transition: 'Ended', summary: 'end', details };
  const conditions = [
    { type: 'Succeeded', status: 'False' as const, reason: state, message, lastTransitionTime: '2026-03-02T10:20:00Z' },
  ];
  return {
    ...action,
    status: {
      ...action.status,
      conditions,
      outbox: { ...outbox, records: [...outbox.records, chainRecord(outbox.records[2], entry)] },
    },
  };
}

const json = (text: string) => JSON.parse(text) as Outcome;

const ends: readonly (readonly [state: State, code: number])[] = [
  ['Succeeded', 0],
  ['NoEffect', 0],
  ['DryRunCompleted', 0],
  ['Denied', 3],
  ['Rejected', 3],
  ['RehearsalFailed', 4],
  ['Blocked', 4],
  ['RunFailed', 4],
  ['VerificationFailed', 4],
  ['RolledBack', 4],
  ['RollbackIncomplete', 4],
  ['Cancelled', 4],
  ['Expired', 5],
];

describe('wait', () => {
  it('knows every state in which an action ends', () => assert.deepEqual(new Set(ends.map(([state]) => state)), finalStates));

  for (const [state, code] of ends)
    it(`ends with ${code} when the action is ${state}, and says the same as JSON`, async () => {
      const ran = await runAgainst(() => ok(ended(state)), ['wait', 'repair-web', '-o', 'json']);
      assert.equal(ran.code, code, ran.error);
      const outcome = json(ran.out);
      assert.deepEqual([outcome.kind, outcome.state, outcome.exitCode, outcome.succeeded], ['Outcome', state, code, code === 0]);
      assert.equal(outcome.remedy === undefined, code === 0);
    });

  it('names code, rule and remedy of a refusal by policy', async () => {
    const ran = await runAgainst(() => ok(ended('Denied', DENIED, 'ObjectLimitExceeded')), ['wait', 'repair-web', '-o', 'json']);
    const { code, codes, rules, remedy } = json(ran.out);
    assert.deepEqual([code, codes], ['ObjectLimitExceeded', ['ObjectLimitExceeded']]);
    assert.deepEqual(rules, [{ policy: 'AgentPolicy/shop', rule: 'limits.objects' }]);
    assert.ok(remedy);
  });

  it('tells a person the end and what to do next', async () => {
    const ran = await runAgainst(() => ok(ended('RunFailed', 'step set failed')), ['wait', 'repair-web']);
    assert.match(
      ran.out,
      /^agentaction\.sentinel\.dev\/repair-web RunFailed: step set failed\n {2}next: Look at what it changed/,
    );
  });

  it('gives up after its time with a code of its own, and the action goes on', async () => {
    const waiting = anAction(aPlan());
    const serve = ({ path, query }: TransportRequest) => {
      if (!path.endsWith('/agentactions')) return ok(waiting);
      return query?.watch === undefined ? ok({ metadata: { resourceVersion: '42' }, items: [waiting] }) : ok([]);
    };
    const ran = await runAgainst(serve, ['wait', 'repair-web', '--timeout', '200ms', '-o', 'json']);
    assert.equal(ran.code, 5);
    assert.equal(ran.out, '');
    const error = JSON.parse(ran.error.slice(ran.error.indexOf('{'))) as { code: string; message: string; exitCode: number };
    assert.deepEqual([error.code, error.exitCode], ['TimedOut', 5]);
    assert.match(error.message, /'repair-web' has not ended within 0\.2s; it is AwaitingApproval/);
  });

  it('waits for the actions of a manifest from stdin, and ends with the first code that is not 0', async () => {
    const text = 'kind: AgentAction\nmetadata: {name: one}\n---\nkind: AgentAction\nmetadata: {name: two}\n';
    const answer = ({ path }: TransportRequest) => ok(ended(path.endsWith('/one') ? 'Succeeded' : 'Cancelled'));
    const ran = await runAgainst(answer, ['wait', '-f', '-', '-o', 'jsonpath={.items[*].state}'], text);
    assert.deepEqual([ran.code, ran.out], [4, 'Succeeded Cancelled\n']);
  });
});

describe('run', () => {
  const playbook = ['run', 'set-image', '--summary', 'Set the image', '--name', 'repair-web'];

  it('with --wait and -o json prints one document, the end', async () => {
    const ran = await runAgainst(() => ok(ended('Denied', DENIED, 'ObjectLimitExceeded')), [...playbook, '--wait', '-o', 'json']);
    assert.deepEqual([ran.code, json(ran.out).code, ran.error], [3, 'ObjectLimitExceeded', '']);
  });

  it('tells why it was refused as JSON on stderr, with code, rule and remedy', async () => {
    const message = `admission webhook "actions.sentinel.dev" denied the request: sentinel: ${DENIED}`;
    const { body } = refusal(403, 'Forbidden', message);
    const causes = [{ reason: 'ObjectLimitExceeded', message: DENIED }];
    const ran = await runAgainst(
      () => ({ status: 403, body: { ...body, details: { causes } } }),
      [...playbook, '--wait', '-o', 'json'],
    );
    assert.equal(ran.code, 3);
    assert.equal(ran.out, '');
    const { kind, code, rules, remedy, exitCode } = JSON.parse(ran.error) as Record<string, unknown>;
    assert.deepEqual([kind, code, exitCode], ['Error', 'ObjectLimitExceeded', 3]);
    assert.deepEqual(rules, [{ policy: 'AgentPolicy/shop', rule: 'limits.objects' }]);
    assert.ok(remedy);
  });

  it('creates the actions of a manifest from stdin in the namespace of the command', async () => {
    const text =
      'apiVersion: sentinel.dev/v1alpha1\nkind: AgentAction\nmetadata: {generateName: fix-}\nspec: {playbookRef: {name: a}}\n';
    const ran = await runAgainst(
      ({ body }) => ok({ ...JSON.parse(String(body)), metadata: { name: 'fix-x', namespace: 'shop' } }),
      ['run', '-f', '-'],
      text,
    );
    assert.deepEqual([ran.code, ran.out], [0, 'agentaction.sentinel.dev/fix-x created\n']);
    assert.equal(ran.requests[0]?.path, '/apis/sentinel.dev/v1alpha1/namespaces/shop/agentactions');
  });

  it('waits for the actions of a manifest, and prints one document', async () => {
    const one = 'apiVersion: sentinel.dev/v1alpha1\nkind: AgentAction\nmetadata: {name: one}\n';
    const text = `${one}---\n${one.replace('one', 'two')}`;
    const answer = ({ method, body, path }: TransportRequest) =>
      ok(method === 'POST' ? JSON.parse(String(body)) : ended(path.endsWith('/one') ? 'Succeeded' : 'Cancelled'));
    const ran = await runAgainst(answer, ['run', '-f', '-', '--wait', '-o', 'json'], text);
    const { kind, items } = JSON.parse(ran.out) as { kind: string; items: Outcome[] };
    assert.deepEqual([ran.code, kind, items.map(({ state }) => state)], [4, 'List', ['Succeeded', 'Cancelled']]);
  });

  for (const [what, text, expected] of [
    ['another kind', 'kind: Pod\nmetadata: {name: x}', /only AgentActions of sentinel\.dev\/v1alpha1 can be run, not Pod/],
    [
      'another namespace',
      'apiVersion: sentinel.dev/v1alpha1\nkind: AgentAction\nmetadata: {name: x, namespace: ops}',
      /is for namespace 'ops'; pass -n ops/,
    ],
    ['no object', '# nothing', /stdin has no object/],
    ['broken YAML', 'a: [', /stdin is not valid YAML/],
  ] as const)
    it(`refuses a manifest with ${what}, before anything is sent`, async () => {
      const ran = await runAgainst(() => undefined, ['run', '-f', '-'], text);
      assert.equal(ran.code, 2);
      assert.match(ran.error, expected);
      assert.deepEqual(ran.requests, []);
    });

  it('refuses flags that the manifest answers', async () => {
    const ran = await runAgainst(() => undefined, ['run', '-f', '-', '--on-behalf-of', 'bea'], 'x');
    assert.match(ran.error, /leave out --on-behalf-of: with -f the manifest says it/);
  });
});
