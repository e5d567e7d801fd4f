import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Activity } from '@sentinel/policy';
import { action } from './decide/decide.fixture.ts';
import { activityOf } from './facts/activity.ts';
import { Starts } from './starts.ts';

describe('What was just stored of an action', () => {
  const of = activityOf(action('Pending'));
  const shown = (cached: Partial<Activity>, stored: Partial<Activity>) => {
    const starts = new Starts();
    starts.note({ ...of, ...stored });
    return starts.overlay([{ ...of, ...cached }])[0];
  };

  it('counts until the cache shows it', () => assert.equal(shown({ phase: 'Queued' }, { phase: 'Running' })?.phase, 'Running'));
  it('is forgotten when the cache is further', () =>
    assert.equal(shown({ phase: 'Ended' }, { phase: 'Running' })?.phase, 'Ended'));
  it('counts though an edit put the action back to an earlier phase than the cache shows', () =>
    assert.equal(shown({ phase: 'Waiting', attempts: 1 }, { phase: 'Rehearsing', attempts: 2 })?.attempts, 2));
  it('is forgotten when the cache shows a later attempt', () =>
    assert.equal(shown({ phase: 'Rehearsing', attempts: 3 }, { phase: 'Waiting', attempts: 2 })?.attempts, 3));
});
