import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, type Clock, LeadershipLostError, mayBeStored, systemClock, TransportError } from '@sentinel/kube';
import type { Activity } from '@sentinel/policy';
import { AdmissionSerializer } from './admission-serializer.ts';
import { action } from './decide/decide.fixture.ts';
import { activityOf } from './facts/activity.ts';

describe('What was just stored of an action', () => {
  const of = activityOf(action('Pending'));
  const shown = (cached: Partial<Activity>, stored: Partial<Activity>) => {
    const admissions = new AdmissionSerializer();
    admissions.note({ ...of, ...stored });
    return admissions.overlay([{ ...of, ...cached }])[0];
  };

  it('counts until the cache shows it', () => assert.equal(shown({ phase: 'Queued' }, { phase: 'Running' })?.phase, 'Running'));
  it('is forgotten when the cache is further', () =>
    assert.equal(shown({ phase: 'Ended' }, { phase: 'Running' })?.phase, 'Ended'));
  it('counts though an edit put the action back to an earlier phase than the cache shows', () =>
    assert.equal(shown({ phase: 'Waiting', attempts: 1 }, { phase: 'Rehearsing', attempts: 2 })?.attempts, 2));
  it('is forgotten when the cache shows a later attempt', () =>
    assert.equal(shown({ phase: 'Rehearsing', attempts: 3 }, { phase: 'Waiting', attempts: 2 })?.attempts, 3));

  it('is forgotten with an action that the cache never shows', () => {
    let now = 0;
    const clock: Clock = { ...systemClock, monotonic: () => now };
    const admissions = new AdmissionSerializer(clock);
    admissions.note({ ...of, uid: 'gone' });
    now = 299_000;
    admissions.overlay([]);
    assert.equal(admissions.size, 1);
    now = 301_000;
    admissions.overlay([]);
    assert.equal(admissions.size, 0);
  });
});

describe('Whether a status was stored', () => {
  const said = (status: number) => new ApiError({ status, reason: 'x', message: 'x' });
  const rows: Record<string, [Error, boolean]> = {
    'a conflict: it was not': [said(409), false],
    'a refusal: it was not': [said(403), false],
    'an error of the server: it may have been': [said(500), true],
    'an answer that was lost: it may have been': [new TransportError('x', { code: 'TIMEOUT', mayHaveHappened: true }), true],
    'a request that was not sent: it was not': [new TransportError('x', { code: 'ECONNREFUSED', mayHaveHappened: false }), false],
    'a request that was broken off: it may have been': [new LeadershipLostError(), true],
  };
  for (const [name, [error, may]] of Object.entries(rows)) it(name, () => assert.equal(mayBeStored(error), may));
});

describe('What is decided one at a time', () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('goes by namespaces in turn, so that one with many actions delays another by one of them', async () => {
    const admissions = new AdmissionSerializer();
    const order: string[] = [];
    const decideOne = (namespace: string, name: string) =>
      admissions.exclusive(namespace, async () => {
        await turn();
        order.push(name);
      });
    const many = Array.from({ length: 20 }, (_, at) => decideOne('hostile', `hostile-${at}`));
    await Promise.all([...many, decideOne('calm', 'calm')]);
    assert.ok(order.indexOf('calm') <= 2, order.join(' '));
  });

  it('goes on after work that fails, and answers with its error', async () => {
    const admissions = new AdmissionSerializer();
    const failing = admissions.exclusive('a', () => Promise.reject(new Error('no')));
    const next = admissions.exclusive('a', async () => 'yes');
    await assert.rejects(failing, /no/);
    assert.equal(await next, 'yes');
  });
});
