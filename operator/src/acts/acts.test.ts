import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Act, digestOf, verifyChain } from '@sentinel/crds';
import type { KubeObject } from '@sentinel/kube';
import { actorIn } from './find-actor.ts';
import { readJournal } from './journal.ts';
import { CONFIRM_WITHIN_MS, judgeAct } from './judge-act.ts';
import { type ActTrail, appendAct, hasAct, hasEntry, readTrail, TRAIL_MAX, trailRoom } from './trail.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const spec = { suspended: true };
const act = (more: Partial<Act> = {}): Act => ({
  transitions: ['PolicySuspended'],
  time: new Date(NOW).toISOString(),
  user: 'ada',
  uid: '',
  groups: ['people'],
  kind: 'AgentPolicy',
  namespace: 'shop',
  name: 'p',
  object: 'u',
  generation: 2,
  digest: digestOf(spec),
  ...more,
});
const live = (more: object = {}, of: object = spec): KubeObject =>
  ({ apiVersion: '', kind: '', metadata: { name: 'p', uid: 'u', generation: 2, ...more }, spec: of }) as KubeObject;

describe('Whether an act was stored', () => {
  const removed = act({ transitions: ['PolicyDeleted'], generation: 0 });
  const trusted = act({ trust: digestOf('sealed') });
  const rows: readonly [what: string, act: Act, live: KubeObject | null, after: number, expected: string][] = [
    ['the object shows it', act(), live(), 0, 'Applied'],
    ['the object does not exist yet', act(), null, 0, 'Pending'],
    ['the object is older', act(), live({ generation: 1 }), 0, 'Pending'],
    ['the object was changed since', act(), live({ generation: 3 }, {}), 0, 'Applied'],
    ['the object was changed by somebody else instead', act(), live({}, {}), CONFIRM_WITHIN_MS, 'Unconfirmed'],
    ['it never came', act(), live({ generation: 1 }), CONFIRM_WITHIN_MS, 'Unconfirmed'],
    ['another object has the name', act(), live({ uid: 'other' }), CONFIRM_WITHIN_MS, 'Unconfirmed'],
    ['what is deleted is gone', removed, null, 0, 'Applied'],
    ['what is deleted waits for its finalizer', removed, live({ deletionTimestamp: 'x' }), 0, 'Applied'],
    ['what is deleted was made again', removed, live({ uid: 'other' }), 0, 'Applied'],
    ['what is deleted is still there', removed, live(), CONFIRM_WITHIN_MS, 'Unconfirmed'],
    ['the seal is there', trusted, live({ annotations: { 'sentinel.dev/trust': 'sealed' } }), 0, 'Applied'],
    ['the seal is missing', trusted, live(), 0, 'Pending'],
  ];
  for (const [what, one, object, after, expected] of rows)
    it(`${what}: ${expected}`, () => assert.equal(judgeAct(one, object, NOW + after), expected));
});

describe('The chain of acts', () => {
  const empty = readTrail(undefined);
  const many = (count: number, exported = 0): ActTrail =>
    Array.from({ length: count }).reduce<ActTrail>(
      (sum, _, at) => ({ ...appendAct(sum, 'chain', `id-${at}`, act({ generation: at }), 'Applied', NOW), exported }),
      { ...empty, exported },
    );

  it('verifies, also where its beginning made room', () => {
    for (const trail of [many(3), many(TRAIL_MAX + 20, TRAIL_MAX + 20)])
      assert.deepEqual(verifyChain(trail.records, { sequence: trail.sequence, hash: trail.head }), []);
  });

  it('never drops what no sink acknowledged', () => {
    const trail = many(TRAIL_MAX + 2);
    assert.deepEqual([trail.records.length, trailRoom(trail)], [TRAIL_MAX + 2, -2]);
  });

  it('has one record for each transition, with who did what', () => {
    const { records } = appendAct(
      empty,
      'chain',
      'id',
      act({ transitions: ['PolicyEdited', 'PolicySuspended'] }),
      'Applied',
      NOW,
    );
    assert.deepEqual(
      records.map(({ transition, actor, summary, action }) => [transition, actor, summary, action]),
      [
        ['PolicyEdited', 'ada', 'ada edited AgentPolicy shop/p', 'chain'],
        ['PolicySuspended', 'ada', 'ada turned on the kill switch of AgentPolicy shop/p', 'chain'],
      ],
    );
  });

  it('says what was not seen in the object', () => {
    const [record] = appendAct(empty, 'chain', 'id', act(), 'Unconfirmed', NOW).records;
    assert.match(record?.summary ?? '', /admission allowed it, but the object does not show it/);
  });

  it('knows an act that it has', () => {
    const trail = appendAct(empty, 'chain', 'id-1', act(), 'Applied', NOW);
    const again = act({ time: new Date(NOW + 5).toISOString() });
    assert.deepEqual(
      [
        hasEntry(trail, 'id-1'),
        hasAct(trail, 'id-2', again),
        hasAct(trail, 'id-2', act({ user: 'bob' })),
        hasAct(trail, 'id-2', act({ generation: 3 })),
        hasAct(trail, 'id-2', act({ trust: digestOf('another seal') })),
      ],
      [true, true, false, false, false],
    );
  });

  it('is read back as it was stored, and not replaced when it cannot be read', () => {
    const trail = many(2);
    assert.deepEqual(readTrail({ trail: JSON.stringify(trail) }), trail);
    assert.throws(() => readTrail({ trail: '{}' }));
  });
});

describe('Who did something', () => {
  const empty = readTrail(undefined);
  const query = { object: 'u', transition: 'PolicySuspended' as const, generation: 4, digest: digestOf(spec) };
  const stored = (one: Act, seen: 'Applied' | 'Unconfirmed' = 'Applied') => appendAct(empty, 'chain', 'id', one, seen, NOW);
  const rows: readonly [what: string, acts: readonly Act[], trail: ActTrail, expected: string | undefined][] = [
    ['in the journal', [act()], empty, 'ada'],
    ['in the trail', [], stored(act()), 'ada'],
    ['the last one, not one before', [act(), act({ user: 'bob', generation: 4 })], empty, 'bob'],
    ['not one that comes later', [act(), act({ user: 'bob', generation: 5 })], empty, 'ada'],
    ['not one of another object', [act({ object: 'v' })], empty, undefined],
    ['not one that does something else', [act({ transitions: ['PolicyLifted'] })], empty, undefined],
    ['not one that was not stored', [act({ generation: 4, digest: digestOf('else') })], empty, undefined],
    ['not one that was not confirmed', [], stored(act(), 'Unconfirmed'), undefined],
    ['all of those who may have been it', [act(), act({ user: 'bob' })], empty, 'ada or bob'],
  ];
  for (const [what, acts, trail, expected] of rows) it(what, () => assert.equal(actorIn(acts, trail, query)?.by, expected));
});

describe('The journal', () => {
  it('is read in the order of the acts; what cannot be read is told apart', () => {
    const late = act({ user: 'bob', time: new Date(NOW + 1).toISOString() });
    const read = readJournal({ a: JSON.stringify(late), b: JSON.stringify(act()), c: 'x' });
    assert.deepEqual(
      read.map(({ id, act: one }) => [id, one?.user]),
      [
        ['c', undefined],
        ['b', 'ada'],
        ['a', 'bob'],
      ],
    );
  });
});
