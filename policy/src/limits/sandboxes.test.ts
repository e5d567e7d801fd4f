import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PolicySet } from '../policyset/policy-set.ts';
import { activity } from './activity.fixture.ts';
import type { Activity } from './limits.ts';
import { holdSandbox } from './sandboxes.ts';

const none = { policies: [] } as unknown as PolicySet;
const limited = (sandboxes: number) =>
  ({ policies: [{ kind: 'ClusterAgentPolicy', name: 'floor', spec: { limits: { sandboxes } } }] }) as unknown as PolicySet;
const many = (count: number, namespace: string, phase: Activity['phase']) =>
  Array.from({ length: count }, (_, at) => activity(`${namespace}-${phase}-${at}`, { namespace, phase }));
const self = (namespace: string, phase: Activity['phase'] = 'Filed') => activity('self', { namespace, phase });

describe('A sandbox', () => {
  // Of 40, rehearsals may have 30: 26 of them are shared, and the others are for who has next to nothing.
  const rows: Record<
    string,
    { set?: PolicySet; phase?: Activity['phase']; namespace?: string; all: Activity[]; holds?: RegExp }
  > = {
    'is free if nothing runs': { all: [] },
    'is free while a namespace has less than half': { all: many(12, 'a', 'Rehearsing') },
    'is waited for by a namespace that has half': { all: many(13, 'a', 'Rehearsing'), holds: /has its share/ },
    'is free for another namespace then': { all: many(13, 'a', 'Rehearsing'), namespace: 'b' },
    'is free for a third namespace, when two have all': {
      all: [...many(13, 'a', 'Rehearsing'), ...many(13, 'b', 'Rehearsing')],
      namespace: 'c',
    },
    'is free for a run, when rehearsals have all that they may have': {
      all: [...many(30, 'a', 'Rehearsing')],
      phase: 'Queued',
    },
    'is waited for by a run of a namespace that has its share of runs': {
      all: [...many(20, 'a', 'Rehearsing'), ...many(8, 'a', 'Running')],
      phase: 'Queued',
      holds: /has its share/,
    },
    'is counted for those that wait as well': {
      all: [...many(9, 'a', 'Rehearsing'), ...many(17, 'b', 'Rehearsing'), ...many(1, 'c', 'Filed')],
      holds: /has its share/,
    },
    'is not taken by what waits, for people or for its turn, or has ended': {
      all: [...many(50, 'a', 'Waiting'), ...many(50, 'a', 'Queued'), ...many(50, 'a', 'Filed'), ...many(50, 'a', 'Ended')],
    },
    'is waited for above what a policy allows': { set: limited(1), all: many(1, 'a', 'Running'), holds: /may have 1 at a time$/ },
    'is waited for by a rehearsal, where the last one is for runs': {
      set: limited(2),
      all: many(1, 'a', 'Rehearsing'),
      holds: /may have 2 at a time, one of them for a real run/,
    },
    'is free for a run then': { set: limited(2), phase: 'Queued', all: many(1, 'a', 'Rehearsing') },
    'is waited for by a run above what a policy allows': {
      set: limited(2),
      phase: 'Queued',
      all: many(2, 'a', 'Rehearsing'),
      holds: /may have 2 at a time$/,
    },
    'is not counted by a policy of the cluster over namespaces': { set: limited(2), all: many(2, 'b', 'Running') },
  };
  for (const [name, { set = none, phase = 'Filed', namespace = 'a', all, holds }] of Object.entries(rows))
    it(name, () => {
      const held = holdSandbox(set, self(namespace, phase), all, 40);
      if (holds) assert.match(held?.message ?? '', holds);
      else assert.equal(held, undefined);
    });

  it('is left over for anyone who comes next, however many namespaces take all they can get', () => {
    const all: Activity[] = [];
    for (const namespace of ['a', 'b', 'c', 'd', 'e']) {
      let started = 0;
      while (holdSandbox(none, self(namespace), all) === undefined) {
        all.push(activity(`${namespace}-${started}`, { namespace, phase: 'Rehearsing' }));
        started += 1;
      }
      assert.ok(started > 0, `${namespace} got none`);
    }
    assert.equal(holdSandbox(none, self('f'), all), undefined);
  });

  it('is not asked for more often by a namespace that files more', () => {
    const held = (waiting: number) =>
      holdSandbox(limited(1), self('a'), [...many(1, 'a', 'Running'), ...many(waiting, 'a', 'Filed')])?.requeueAfterMs ?? 0;
    assert.equal(held(0), 2_000);
    assert.ok(held(300) >= 60_000);
  });
});
