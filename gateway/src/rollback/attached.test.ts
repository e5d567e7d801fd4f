import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Owned } from '../dependants/cascade.ts';
import { rollBack } from './rollback.ts';
import { MADE, run, World } from './world.fixture.ts';

// The garbage collector deletes with an object what names it as an owner. A rollback that deletes what the run created looks for that first.

const CREATED = 'uid-made';
const owned = (more: Partial<Owned> & Pick<Owned, 'uid'>): Owned => ({
  apiGroup: '',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespace: 'shop',
  name: more.uid,
  owners: [CREATED],
  leavesDependants: false,
  isGoing: false,
  ...more,
});
const child = owned({ uid: 'child', apiGroup: 'apps', resource: 'replicasets', kind: 'ReplicaSet', controller: CREATED });
const grandchild = owned({ uid: 'pod', resource: 'pods', kind: 'Pod', owners: ['child'], controller: 'child' });

async function outcomeWith(dependants: readonly Owned[], more: { incomplete?: readonly string[]; isFaulty?: boolean } = {}) {
  const world = await World.make();
  world.found = { dependants, incomplete: [], isFaulty: false, ...more };
  const { outcomes, retries } = await rollBack(world.context, run);
  return { made: outcomes.find(({ effect }) => effect === 2), retries, isThere: world.api.objects.has(MADE), world };
}

describe('A rollback of a created object', () => {
  const attached: Readonly<Record<string, readonly [readonly Owned[], RegExp]>> = {
    'an object that names it as an owner': [[owned({ uid: 'notes' })], /attached ConfigMap 'notes' to the created object/],
    'a workload, which holds no data itself': [
      [owned({ uid: 'shop', apiGroup: 'apps', resource: 'deployments', kind: 'Deployment' })],
      /attached Deployment 'shop'/,
    ],
    'an object that names what its controller made': [[child, owned({ uid: 'notes', owners: ['child'] })], /'notes'/],
    'an object that the controller of something else manages': [[owned({ uid: 'notes', controller: 'other' })], /'notes'/],
    'several, of which one is named': [[child, owned({ uid: 'a' }), owned({ uid: 'b' })], /'a' and 1 more/],
  };
  for (const [what, [dependants, says]] of Object.entries(attached))
    it(`leaves it where others attached to it ${what}, and says so`, async () => {
      const { made, isThere } = await outcomeWith(dependants);
      assert.equal(made?.outcome, 'Skipped');
      assert.match(made?.message ?? '', says);
      assert.match(made?.message ?? '', /it is left as it is\. Delete it by hand/);
      assert.ok(isThere);
    });

  it('deletes what its controllers made along, and what is being deleted already', async () => {
    const { made, isThere } = await outcomeWith([child, grandchild, owned({ uid: 'going', isGoing: true })]);
    assert.deepEqual(made, { effect: 2, outcome: 'Restored' });
    assert.ok(!isThere);
  });

  it('has no outcome yet while a list fails, and is made when it is asked for again', async () => {
    const { made, retries, isThere, world } = await outcomeWith([], { incomplete: ['could not list secrets'], isFaulty: true });
    assert.equal(made, undefined);
    assert.match(retries[0]?.reason ?? '', /its dependants are not known: could not list secrets/);
    assert.ok(isThere);
    world.found = { dependants: [], incomplete: [], isFaulty: false };
    assert.deepEqual(await world.pass(), ['2 Restored', '1 Restored', '0 Restored']);
  });

  it('leaves it where a bound ended the listing, behind which anybody could hide', async () => {
    const { made, isThere } = await outcomeWith([], { incomplete: ['at most 5000 objects and 250 pages are read'] });
    assert.equal(made?.outcome, 'Skipped');
    assert.match(made?.message ?? '', /is not known: at most 5000 objects/);
    assert.ok(isThere);
  });

  it('deletes it where the account has no right to list some kinds', async () => {
    const { made } = await outcomeWith([], { incomplete: ['the account may not list roles.rbac.authorization.k8s.io'] });
    assert.equal(made?.outcome, 'Restored');
  });
});
