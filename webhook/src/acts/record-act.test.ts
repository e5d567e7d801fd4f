import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ACTS_ROOM, OPERATOR_USER } from '@sentinel/crds';
import type { AdmissionRequest } from '../admission/review.ts';
import { fullness } from './journal.ts';
import { recordAct } from './record-act.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const metadata = { name: 'x', namespace: 'shop', uid: 'u' };
const request = (more: Partial<AdmissionRequest>): AdmissionRequest => ({
  uid: 'r',
  resource: { group: 'sentinel.dev', resource: 'agentactions' },
  operation: 'DELETE',
  namespace: 'shop',
  name: 'x',
  userInfo: { username: 'ada', uid: '', groups: [], extra: {} },
  oldObject: { metadata, spec: {} },
  ...more,
});
const edit = request({
  resource: { group: 'sentinel.dev', resource: 'playbooks' },
  operation: 'UPDATE',
  object: { metadata, spec: { a: 1 } },
});

function journal(fault?: string) {
  const written: unknown[] = [];
  return {
    written,
    write: async (act: unknown) => {
      written.push(act);
      return fault;
    },
  };
}
const ended = (sink: object | undefined, reason = 'Succeeded') =>
  request({
    oldObject: { metadata, spec: {}, status: { outbox: { sequence: 9, sink }, conditions: [{ type: 'Succeeded', reason }] } },
  });

describe('An act that is admitted', () => {
  it('is written down', async () => {
    const to = journal();
    assert.deepEqual(await recordAct(request({}), to, NOW), []);
    assert.equal(to.written.length, 1);
  });

  it('is not written down in a dry-run', async () => {
    const to = journal();
    await recordAct(request({ dryRun: true }), to, NOW);
    assert.deepEqual(to.written, []);
  });

  it('is refused when it cannot be written down', async () => {
    await assert.rejects(recordAct(edit, journal('no room'), NOW), /the change of Playbook 'x' cannot be recorded.*no room/);
  });

  // Anyone who reaches the webhook can ask about an object that the API server would never store.
  const impossible: readonly [what: string, more: Partial<AdmissionRequest>][] = [
    ['half of a character in its name', { object: { metadata: { ...metadata, name: 'a\ud800' }, spec: {} } }],
    ['a name that is not a path', { object: { metadata: { ...metadata, name: '../x' }, spec: {} } }],
    ['a name that fills the journal', { object: { metadata: { ...metadata, name: 'x'.repeat(254) }, spec: {} } }],
    ['an invalid namespace', { namespace: 'a/b', object: { metadata, spec: {} } }],
    ['a uid that fills the journal', { object: { metadata: { ...metadata, uid: 'u'.repeat(129) }, spec: {} } }],
    [
      'a trail that fills the journal',
      {
        resource: { group: 'sentinel.dev', resource: 'agentactions' },
        operation: 'DELETE',
        oldObject: { metadata, spec: {}, status: { outbox: { sequence: 9, head: 'x'.repeat(500_000) } } },
      },
    ],
  ];
  for (const [what, more] of impossible)
    it(`is refused, and not written down, with ${what}`, async () => {
      const to = journal();
      const asked = { ...edit, operation: 'CREATE' as const, oldObject: undefined, ...more };
      await assert.rejects(recordAct(asked, to, NOW), /the API server cannot store this object/);
      assert.deepEqual(to.written, []);
    });

  it('is let pass with a warning when it only stops something', async () => {
    const [warning] = await recordAct(request({}), journal('no room'), NOW);
    assert.match(warning ?? '', /who did this is not in Sentinel's audit trail: no room/);
  });

  it('is let pass with a warning when a policy is created that only suspends, and not any other one', async () => {
    const creating = (spec: object) =>
      request({
        resource: { group: 'sentinel.dev', resource: 'agentpolicies' },
        operation: 'CREATE',
        object: { metadata, spec },
        oldObject: undefined,
      });
    const shell = { subjects: [{ kind: 'User', name: 'ada' }], auditOnly: true };
    const [warning] = await recordAct(creating({ ...shell, suspended: true }), journal('no room'), NOW);
    assert.match(warning ?? '', /who did this is not in Sentinel's audit trail: no room/);
    for (const spec of [{ ...shell, suspended: false }, { suspended: true }])
      await assert.rejects(
        recordAct(creating(spec), journal('no room'), NOW),
        /the change of AgentPolicy 'x' cannot be recorded/,
      );
  });

  it('is refused when it cannot be written down and the operator does it: it can wait', async () => {
    const asked = request({ userInfo: { username: OPERATOR_USER, uid: '', groups: [], extra: {} } });
    await assert.rejects(recordAct(asked, journal('no room'), NOW), /the change of AgentAction 'x' cannot be recorded/);
    assert.deepEqual(await recordAct(asked, journal(), NOW), []);
  });

  const warnings: readonly [what: string, request: AdmissionRequest, expected: RegExp | undefined][] = [
    ['has no sink', ended(undefined), /\(9 records\) is in no sink, and is deleted with the action/],
    ['is not acknowledged', ended({ acknowledged: 7 }), /has not acknowledged records 8 to 9 .*at most 10 minutes/],
    ['is acknowledged', ended({ acknowledged: 9 }), undefined],
    ['goes on, for the action lives', ended({ acknowledged: 7 }, 'Running'), undefined],
    ['has not begun', request({}), undefined],
  ];
  for (const [what, asked, expected] of warnings)
    it(`warns who deletes an action whose audit trail ${what}: ${expected ? 'yes' : 'no'}`, async () => {
      const given = await recordAct(asked, journal(), NOW);
      if (expected) assert.match(given[0] ?? '', expected);
      else assert.deepEqual(given, []);
    });
});

describe('The room of the journal', () => {
  const keys = (namespace: string, room: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${namespace}.${room}.1.${at}`);
  const { namespace: most, tenants: all } = ACTS_ROOM.change;
  const tenants = Array.from({ length: Math.ceil(all / most) }, (_, at) => keys(`ns${at}`, 'change', most)).flat();
  const edit = { namespace: 'shop', transitions: ['PlaybookEdited' as const], user: 'ada' };
  const stop = { namespace: 'shop', transitions: ['ActionDeleted' as const], user: 'ada' };
  const own = { ...stop, user: OPERATOR_USER };
  const floor = { namespace: '', transitions: ['PolicyLifted' as const], user: 'ada' };
  const rows: readonly [what: string, keys: readonly string[], act: Parameters<typeof fullness>[1], full: boolean][] = [
    ['is there for the first', [], edit, false],
    ['ends for a namespace', keys('shop', 'change', most), edit, true],
    ['is there then for what stops', keys('shop', 'change', most), stop, false],
    ['ends for what stops', keys('shop', 'stop', ACTS_ROOM.stop.namespace), stop, true],
    ['ends for deletions of the operator', keys('shop', 'own', ACTS_ROOM.own.namespace), own, true],
    ['is there then for what people stop', keys('shop', 'own', ACTS_ROOM.own.namespace), stop, false],
    ['is there for another namespace', keys('payments', 'change', most), edit, false],
    ['ends for all namespaces', tenants, edit, true],
    ['is there then for what stops anywhere', tenants, stop, false],
    ['is there then for policies of the cluster', tenants, floor, false],
  ];
  for (const [what, present, act, full] of rows) it(what, () => assert.equal(fullness(present, act) !== undefined, full));
});
