import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AdmissionRequest, AdmittedObject } from '../admission/review.ts';
import { actOf, onlyStops } from './acts-of.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const object = (spec: object, annotations: Record<string, string> = {}, generation = 2): AdmittedObject => ({
  metadata: { name: 'x', namespace: 'shop', uid: 'u', generation, annotations },
  spec,
});
const request = (resource: string, oldObject: AdmittedObject | null, after: AdmittedObject | null): AdmissionRequest => ({
  uid: 'r',
  resource: { group: 'sentinel.dev', resource },
  operation: after === null ? 'DELETE' : oldObject === null ? 'CREATE' : 'UPDATE',
  namespace: 'shop',
  name: 'x',
  userInfo: { username: 'ada', uid: '7', groups: ['people'], extra: {} },
  object: after,
  oldObject,
});

const trust = { 'sentinel.dev/trust': '{"playbook":"u"}' };
const withdrawn = { 'sentinel.dev/trust': '{"withdrawal":"u"}' };
const on = object({ suspended: true });
const off = object({ suspended: false });
const rows: readonly [what: string, request: AdmissionRequest, transitions: readonly string[] | undefined, stops: boolean][] = [
  ['a policy is created', request('agentpolicies', null, off), ['PolicyCreated'], false],
  ['a policy is created suspended', request('agentpolicies', null, on), ['PolicyCreated', 'PolicySuspended'], false],
  ['a policy is suspended', request('agentpolicies', off, on), ['PolicySuspended'], true],
  ['a policy without the field is suspended', request('agentpolicies', object({}), on), ['PolicySuspended'], true],
  ['a policy is lifted', request('clusteragentpolicies', on, off), ['PolicyLifted'], false],
  [
    'a policy is suspended and edited at once',
    request('agentpolicies', off, object({ suspended: true, modes: ['Apply'] })),
    ['PolicyEdited', 'PolicySuspended'],
    false,
  ],
  ['a policy is labelled', request('agentpolicies', off, object({ suspended: false }, { a: 'b' })), undefined, false],
  ['a policy is deleted', request('agentpolicies', off, null), ['PolicyDeleted'], false],
  ['a Playbook is created', request('playbooks', null, object({})), ['PlaybookCreated'], false],
  ['a Playbook is edited', request('playbooks', object({ a: 1 }, trust), object({ a: 2 })), ['PlaybookEdited'], false],
  ['a Playbook is trusted', request('playbooks', object({}), object({}, trust)), ['PlaybookTrusted'], false],
  ['trust is withdrawn', request('playbooks', object({}, trust), object({}, withdrawn)), ['TrustWithdrawn'], true],
  ['trust is taken off', request('playbooks', object({}, trust), object({})), ['TrustWithdrawn'], true],
  ['a Playbook is labelled', request('playbooks', object({}, trust), object({}, trust)), undefined, false],
  ['a Playbook is deleted', request('playbooks', object({}), null), ['PlaybookDeleted'], true],
  ['an action is edited', request('agentactions', object({}), object({ a: 1 })), undefined, false],
  ['an action is deleted', request('agentactions', object({}), null), ['ActionDeleted'], true],
  [
    'an action that is being deleted is deleted once more',
    request('agentactions', { ...object({}), metadata: { ...object({}).metadata, deletionTimestamp: 'x' } }, null),
    undefined,
    false,
  ],
  ['something else is deleted', request('actionplans', object({}), null), undefined, false],
];

describe('The act of a request', () => {
  for (const [what, asked, transitions, stops] of rows)
    it(`${what}: ${transitions?.join(' and ') ?? 'none'}`, () => {
      const act = actOf(asked, NOW);
      assert.deepEqual(act?.transitions, transitions);
      if (act) assert.equal(onlyStops(act), stops);
    });

  it('names who, when, and which object', () => {
    const made = actOf(request('agentpolicies', off, on), NOW);
    const { digest, ...named } = { ...made };
    assert.match(digest ?? '', /^sha256:/);
    assert.deepEqual(named, {
      transitions: ['PolicySuspended'],
      time: NOW.toISOString(),
      user: 'ada',
      uid: '7',
      groups: ['people'],
      kind: 'AgentPolicy',
      namespace: 'shop',
      name: 'x',
      object: 'u',
      generation: 2,
    });
  });

  it('names the end of the audit trail of an action that is deleted', () => {
    const status = { outbox: { sequence: 9, head: 'sha256:1', sink: { acknowledged: 7 } } };
    assert.deepEqual(actOf(request('agentactions', { ...object({}), status }, null), NOW)?.details, {
      'sentinel.action.records': '9',
      'sentinel.action.head': 'sha256:1',
      'sentinel.action.acknowledged': '7',
    });
  });
});

describe('The room of an act in the journal', () => {
  const of = (username: string, groups: string[] = []) => {
    const asked = request('playbooks', null, object({}));
    return actOf({ ...asked, userInfo: { username, uid: username, groups, extra: {} } }, NOW);
  };

  // Each of these takes six bytes in JSON, or several in UTF-8.
  for (const character of ['\u0001', '\ud800', '€', '😀'])
    it(`is the same whatever characters are in names: ${JSON.stringify(character)}`, () => {
      const act = of(
        character.repeat(4_000),
        Array.from({ length: 100 }, () => character.repeat(20)),
      );
      assert.ok(Buffer.byteLength(JSON.stringify(act)) < 2_048, JSON.stringify(act));
      assert.ok(act?.user.isWellFormed());
    });

  it('holds ordinary names whole', () => {
    const act = of('ada@example.com', ['people', 'sre']);
    assert.deepEqual([act?.user, act?.groups], ['ada@example.com', ['people', 'sre']]);
  });
});
