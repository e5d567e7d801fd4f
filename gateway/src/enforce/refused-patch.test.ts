import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from '../effect/request.fixture.ts';
import { attempt, JOB, scaleUp, WEB, World } from './world.fixture.ts';

const operations = [{ op: 'replace', path: '/spec/replicas', value: 2 }];
const patchUp = request({}, { contentType: 'application/json-patch+json', body: Buffer.from(JSON.stringify(operations)) });

describe('A JSON patch that is answered with 422', () => {
  it('is refused where the object is the one that was compared: another try would be refused as well', async () => {
    const world = new World(scaleUp);
    const replica = world.replica('one', { at: 'the write', fault: 422 });
    assert.equal(await attempt(replica, patchUp), '422');
    assert.deepEqual([world.landed(), (await replica.context.ledger.entry(JOB, 0))?.state], [0, 'Refused']);
  });

  it('is tried again where somebody changed the object in between', async () => {
    const world = new World(scaleUp);
    const replica = world.replica('one', { at: 'the write', fault: 'held' });
    const asked = attempt(replica, patchUp);
    while ((await replica.context.ledger.entry(JOB, 0))?.state !== 'Sent') await sleep(5);
    world.api.change(WEB, (object) => Object.assign(object, { note: 'x' }));
    const letGo = setInterval(() => world.api.release(), 5);
    assert.equal(await asked.finally(() => clearInterval(letGo)), '200');
    assert.equal(world.landed(), 1);
  });
});
