import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { activity } from './activity.fixture.ts';
import type { Activity } from './limits.ts';
import { holdRehearsalRate, REHEARSALS_PER_MINUTE } from './rehearsal-rate.ts';

const NOW = 1_000_000_000;
const self = activity('self', { namespace: 'hostile', phase: 'Filed' });
const begun = (count: number, secondsAgo: number, namespace = 'hostile') =>
  Array.from({ length: count }, (_, at) =>
    activity(`${namespace}-${secondsAgo}-${at}`, { namespace, phase: 'Ended', rehearsed: [NOW - secondsAgo * 1000] }),
  );
const other = (phase: Activity['phase']) => activity('other', { namespace: 'calm', phase });
const held = (all: Activity[]) => holdRehearsalRate(self, all, NOW);

describe('A rehearsal', () => {
  const many = begun(REHEARSALS_PER_MINUTE, 10);

  it('waits where its namespace began many within a minute, and others need sandboxes', () => {
    for (const phase of ['Filed', 'Rehearsing', 'Queued', 'Running'] as const)
      assert.match(held([...many, other(phase)])?.message ?? '', /began 30 rehearsals within a minute/);
  });

  it('begins at once if nobody else needs a sandbox', () => {
    assert.equal(held(many), undefined);
    for (const phase of ['Waiting', 'Ended', 'Unresolved'] as const) assert.equal(held([...many, other(phase)]), undefined);
  });

  it('begins at once where its namespace began fewer, or longer ago', () => {
    assert.equal(held([...begun(REHEARSALS_PER_MINUTE - 1, 10), other('Running')]), undefined);
    assert.equal(held([...begun(REHEARSALS_PER_MINUTE, 61), other('Running')]), undefined);
  });

  it('does not wait for what other namespaces began', () =>
    assert.equal(held([...begun(100, 10, 'calm'), other('Running')]), undefined));

  it('counts each time that an action was rehearsed', () => {
    const edited = activity('edited', { namespace: 'hostile', phase: 'Rehearsing', rehearsed: Array(30).fill(NOW - 5_000) });
    assert.ok(held([edited, other('Filed')]));
  });

  it('is looked at again when the oldest is a minute ago', () => {
    const all = [...begun(1, 50), ...begun(REHEARSALS_PER_MINUTE - 1, 10), other('Running')];
    assert.equal(held(all)?.requeueAfterMs, 10_000);
  });
});
