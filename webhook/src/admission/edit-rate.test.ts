import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EditRate } from './edit-rate.ts';

it('An object is edited a number of times at once, and then every few seconds', () => {
  let now = 0;
  const rate = new EditRate(() => now);
  const edit = (uid: string, more: { dryRun?: boolean; address?: string } = {}) =>
    rate.require({ oldObject: { metadata: { uid } }, dryRun: more.dryRun }, more.address ?? '10.0.0.1');
  const refused = { name: 'TooManyRequests', message: /edited too often/ };
  for (let count = 0; count < 64; count += 1) edit('a');
  assert.throws(() => edit('a'), refused);
  edit('a', { dryRun: true });
  edit('b');
  // A forged review of somebody else uses up nothing of the API server.
  edit('a', { address: '10.9.9.9' });
  now += 4_000;
  edit('a');
  assert.throws(() => edit('a'), refused);
  rate.require({ oldObject: null, dryRun: false }, '10.0.0.1');
});

it('An edit costs once for each version of its object, however often the API server asks about it', () => {
  let now = 0;
  const rate = new EditRate(() => now);
  const edit = (resourceVersion: string) =>
    rate.require({ oldObject: { metadata: { uid: 'a', resourceVersion } }, dryRun: false }, '10.0.0.1');
  for (let version = 0; version < 64; version += 1) for (const _ of [1, 2, 3]) edit(`v${version}`);
  assert.throws(() => edit('v64'), /edited too often/);
  // Its cache is one version behind: it asks about the old one, and then about the one that is stored.
  for (let version = 64; version < 70; version += 1) {
    now += 4_000;
    edit(`v${version - 1}`);
    edit(`v${version}`);
  }
  // A version that was long ago is no free pass.
  assert.throws(() => edit('v1'), /edited too often/);
});

it('An edit that is refused while a plan waits uses up nothing', () => {
  let now = 0;
  const rate = new EditRate(() => now);
  const status = { conditions: [{ type: 'Succeeded', reason: 'AwaitingApproval' }] };
  const edit = (more: object = { status }) =>
    rate.require({ oldObject: { metadata: { uid: 'a' }, ...more }, dryRun: false }, '10.0.0.1');
  for (let count = 0; count < 24; count += 1) edit();
  for (let count = 0; count < 100; count += 1) assert.throws(() => edit(), /edited too often/);
  for (let count = 0; count < 40; count += 1) edit({});
  assert.throws(() => edit({}), /edited too often/);
  now += 4_000;
  edit();
});

describe('While somebody decides on an object', () => {
  const waiting = { conditions: [{ type: 'Succeeded', status: 'Unknown', reason: 'AwaitingApproval' }] };
  const objectOf = (uid: string, annotations: Record<string, string> = {}, status: object = waiting) => ({
    oldObject: { metadata: { uid, annotations }, status },
    dryRun: false,
  });
  const refused = { name: 'TooManyRequests', message: /somebody decides on this object/ };
  const setUp = () => {
    let now = 0;
    const rate = new EditRate(() => now);
    return {
      rate,
      edit: (uid = 'a', annotations = {}, address = '10.0.0.1') => rate.require(objectOf(uid, annotations), address),
      decide: <T>(work: () => Promise<T>, uid = 'a') => rate.hold(objectOf(uid), '10.0.0.1', work),
      wait: (ms: number) => {
        now += ms;
      },
    };
  };

  it('it is not edited, and other objects are', async () => {
    const { edit, decide } = setUp();
    edit();
    await decide(async () => {
      assert.throws(() => edit(), refused);
      edit('b');
      edit('a', {}, '10.9.9.9');
    });
  });
  it('it is not edited until the decision is stored, or some seconds are over: the API server tries it again', async () => {
    const { edit, decide, wait } = setUp();
    await decide(async () => undefined);
    assert.throws(() => edit(), refused);
    await decide(async () => undefined);
    edit('a', { 'sentinel.dev/approvals': '{}' });
    await decide(async () => undefined);
    wait(10_001);
    edit();
  });
  it('it is edited again once the decision is refused', async () => {
    const { edit, decide } = setUp();
    await assert.rejects(decide(() => Promise.reject(new Error('you may not'))));
    edit();
  });
  it('it is not edited while another decision is still judged', async () => {
    const { edit, decide } = setUp();
    await decide(async () => {
      await assert.rejects(decide(() => Promise.reject(new Error('you may not'))));
      assert.throws(() => edit(), refused);
    });
  });
  it('a dry-run holds nothing up', async () => {
    const { rate, edit } = setUp();
    await rate.hold({ ...objectOf('a'), dryRun: true }, '10.0.0.1', async () => undefined);
    edit();
  });
});

it('An action that waits for a decision is edited less often than another one', () => {
  const rate = new EditRate(() => 0);
  const count = (reason: string) => {
    const oldObject = { metadata: { uid: reason }, status: { conditions: [{ type: 'Succeeded', reason }] } };
    for (let edits = 0; ; edits++)
      try {
        rate.require({ oldObject, dryRun: false }, '10.0.0.1');
      } catch {
        return edits;
      }
  };
  assert.deepEqual([count('AwaitingApproval'), count('Rehearsing')], [24, 64]);
});
