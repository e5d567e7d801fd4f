import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { annotations, namespaceLabels } from '@sentinel/crds';
import { Refused } from '../request/refused.ts';
import { ApprovedRun, adHoc, agent, DIGEST, decision, minutes, NOW, paths, ref } from './approved-run.fixture.ts';
import { gatherFacts, gatherSurroundings, mayAllUse } from './gather-facts.ts';

const recordedAt = minutes(-30);
const factsOf = async (of: ApprovedRun, claimedAt?: number) => {
  const asked = { plan: of.plan, digest: DIGEST, recordedAt, claimedAt };
  return await gatherFacts(of.client, ref, asked, NOW);
};

describe('The objects of an action are refused', () => {
  const missing = /missing requester annotation .* create the action again/;
  const rows: readonly [what: string, change: (of: ApprovedRun) => void, code: string, message: RegExp][] = [
    ['when the action is gone', ({ api }) => api.remove(paths.action), 'ActionGone', /^the action of the run is gone$/],
    [
      'when another action has its name',
      (of) => of.change(paths.action, ({ metadata }) => Object.assign(metadata, { uid: 'other' })),
      'ActionGone',
      /^the action of the run is gone$/,
    ],
    ['when the namespace is gone', ({ api }) => api.remove(paths.namespace), 'ActionGone', /^namespace 'shop' is gone$/],
    [
      'when the webhook stamped no requester',
      (of) => of.change(paths.action, ({ metadata }) => delete metadata.annotations[annotations.requestedBy]),
      'RequesterMissing',
      missing,
    ],
    [
      'when it has no annotations at all',
      (of) => of.change(paths.action, ({ metadata }) => Object.assign(metadata, { annotations: undefined })),
      'RequesterMissing',
      missing,
    ],
    [
      'when one of its editors cannot be read',
      (of) => of.change(paths.action, ({ metadata }) => Object.assign(metadata.annotations, { [annotations.amendedBy]: '{}' })),
      'RequesterMissing',
      missing,
    ],
  ];
  for (const [what, change, code, message] of rows)
    it(what, async () => {
      const of = new ApprovedRun();
      change(of);
      await assert.rejects(gatherSurroundings(of.client, ref), (error) => {
        assert.ok(error instanceof Refused);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      });
    });

  it('when one of them cannot be read', async () => {
    for (const path of Object.values(paths).filter((one) => one !== paths.parent)) {
      const of = new ApprovedRun();
      const collection = path.slice(0, path.lastIndexOf('/'));
      of.fault = (request) => (request.path === path || request.path === collection ? 500 : undefined);
      await assert.rejects(gatherSurroundings(of.client, ref), /injected 500/, path);
    }
  });
});

describe('The objects of an action', () => {
  it('are those of its namespace and of the cluster', async () => {
    const of = new ApprovedRun({ annotations: { [annotations.amendedBy]: '{"user":"eve","groups":[]}' } });
    const found = await gatherSurroundings(of.client, ref);
    assert.equal(found.action.metadata.name, 'a');
    assert.deepEqual(found.requester, agent);
    assert.deepEqual(
      found.editors.map(({ user }) => user),
      ['eve'],
    );
    assert.deepEqual(
      found.policies.policies.map(({ kind, name }) => `${kind}/${name}`),
      ['AgentPolicy/own', 'ClusterAgentPolicy/floor'],
    );
    assert.deepEqual(found.policies.refusals, []);
    assert.equal(found.policies.environment, 'staging');
    assert.deepEqual([...found.keys.keys()], ['k1']);
    assert.equal(found.live?.metadata.name, 'fix');
    assert.equal(found.parent, undefined);
    assert.equal(found.liftedAt, undefined);
  });

  it('hold a namespace that has not opted in to that', async () => {
    const of = new ApprovedRun();
    of.change(paths.namespace, ({ metadata }) => delete metadata.labels[namespaceLabels.enabled]);
    const { policies } = await gatherSurroundings(of.client, ref);
    assert.deepEqual(
      policies.refusals.map(({ message }) => message),
      ["namespace 'shop' has not opted in"],
    );
  });

  it('are few where much is missing', async () => {
    const of = new ApprovedRun();
    of.api.remove(paths.keys);
    of.api.remove(paths.playbook);
    const { keys, live } = await gatherSurroundings(of.client, ref);
    assert.equal(keys.size, 0);
    assert.equal(live, undefined);
  });

  it('hold no Playbook for ad-hoc steps, and none is asked for', async () => {
    const of = new ApprovedRun({ spec: adHoc });
    assert.equal((await gatherSurroundings(of.client, ref)).live, undefined);
    assert.deepEqual(
      of.requests.filter(({ path }) => path.includes('/playbooks/')),
      [],
    );
  });

  it('hold the parent that it names, as long as it exists', async () => {
    const of = new ApprovedRun({ spec: { intent: { summary: 's', parentAction: 'whole' } } });
    assert.equal((await gatherSurroundings(of.client, ref)).parent, undefined);
    of.putParent();
    const { parent } = await gatherSurroundings(of.client, ref);
    assert.equal(parent?.name, 'whole');
    assert.equal(parent?.uid, 'uid-whole');
  });

  it('say when the last suspension of a policy was lifted, of one that is gone as well', async () => {
    const of = new ApprovedRun();
    const at = (count: number) => new Date(minutes(count)).toISOString();
    const lifted = async (notes: Record<string, string>) => {
      of.note(notes);
      return (await gatherSurroundings(of.client, ref)).liftedAt;
    };
    assert.equal(await lifted({ 'AgentPolicy.shop.own': at(-5), 'ClusterAgentPolicy.floor': at(-8) }), minutes(-5));
    assert.equal(await lifted({ 'ClusterAgentPolicy.gone': at(-3), 'AgentPolicy.shop.gone': at(-4) }), minutes(-3));
    assert.equal(await lifted({ 'AgentPolicy.bank.own': at(-3) }), undefined);
    // Policies of other subjects suspend nothing of this requester while they exist.
    const subjects = [{ kind: 'User', name: 'somebody' }];
    for (const path of [paths.floor, paths.policy]) of.change(path, ({ spec }) => Object.assign(spec, { subjects }));
    assert.equal(await lifted({ 'AgentPolicy.shop.own': at(-5), 'ClusterAgentPolicy.floor': at(-8) }), undefined);
  });
});

describe('The verb use on the account', () => {
  it('is asked for with the whole identity of the requester', async () => {
    const of = new ApprovedRun();
    const asked: unknown[] = [];
    of.api.review = (spec) => {
      asked.push(spec);
      return { allowed: true };
    };
    await gatherSurroundings(of.client, ref);
    assert.deepEqual(asked, []);
    assert.equal((await factsOf(of)).facts.mayUseAccount, true);
    const resourceAttributes = {
      group: 'sentinel.dev',
      resource: 'accounts',
      verb: 'use',
      namespace: 'shop',
      name: 'remediator',
    };
    assert.deepEqual(asked.splice(0), [{ user: 'agent', groups: ['agents'], uid: '1', resourceAttributes }]);
    await mayAllUse(of.client, [{ user: 'u', groups: [] }], 'shop', 'remediator');
    assert.deepEqual(asked, [{ user: 'u', groups: [], resourceAttributes }]);
  });

  it('is held if it is allowed and not denied', async () => {
    const of = new ApprovedRun();
    const answers = [{ allowed: true }, { allowed: false }, { allowed: true, denied: true }, { allowed: true, denied: false }];
    const held = [];
    for (const answer of answers) {
      of.api.review = () => answer;
      held.push((await factsOf(of)).facts.mayUseAccount);
    }
    assert.deepEqual(held, [true, false, false, true]);
  });
});

describe('The facts of a plan', () => {
  it('are what was approved, and what is true now', async () => {
    const of = new ApprovedRun({ annotations: { [annotations.approvals]: decision() } });
    const { facts, action, parent } = await factsOf(of);
    assert.equal(parent, undefined);
    assert.equal(action, facts.action);
    assert.equal(facts.plan, of.plan.spec);
    const { digest, requester, editors, succeeded, limits, now, trust, playbook } = facts;
    assert.deepEqual(
      { digest, requester, editors, succeeded, limits, now },
      { digest: DIGEST, requester: agent, editors: [], succeeded: undefined, limits: [], now: NOW },
    );
    assert.ok(trust.trusted);
    assert.equal(trust.by?.user, 'tess');
    assert.equal(playbook?.metadata.uid, 'uid-fix');
  });

  it('hold the parent', async () => {
    const of = new ApprovedRun({ spec: { intent: { summary: 's', parentAction: 'whole' } } });
    of.putParent();
    assert.equal((await factsOf(of)).parent?.name, 'whole');
  });

  describe('hold as the Playbook', () => {
    const changed = (of: ApprovedRun) => of.change(paths.playbook, ({ spec }) => Object.assign(spec, { description: 'y' }));
    const why = 'it changed or was deleted after the action was admitted';

    it('none, and no trust, after it was changed or deleted', async () => {
      for (const change of [changed, ({ api }: ApprovedRun) => api.remove(paths.playbook)]) {
        const of = new ApprovedRun();
        change(of);
        const { playbook, trust } = (await factsOf(of)).facts;
        assert.equal(playbook, undefined);
        assert.deepEqual(trust, { trusted: false, why });
      }
    });

    it('the copy in the plan, without trust in it, after it was changed', async () => {
      const of = new ApprovedRun();
      const copy = structuredClone((await factsOf(of)).facts.playbook?.spec);
      Object.assign(of.plan.spec.playbook, { spec: copy });
      changed(of);
      const { playbook, trust } = (await factsOf(of)).facts;
      assert.deepEqual(playbook, {
        apiVersion: 'sentinel.dev/v1alpha1',
        kind: 'Playbook',
        metadata: { name: 'fix', namespace: 'shop' },
        spec: copy,
      });
      assert.deepEqual(trust, { trusted: false, why });
    });

    it('none if the copy is not what the digest of the plan names', async () => {
      const of = new ApprovedRun();
      const live = (await factsOf(of)).facts.playbook;
      Object.assign(of.plan.spec.playbook, { spec: { ...live?.spec, description: 'y' } });
      assert.equal((await factsOf(of)).facts.playbook, undefined);
    });

    it('the ad-hoc steps, which are not trusted', async () => {
      const { playbook, trust } = (await factsOf(new ApprovedRun({ spec: adHoc }))).facts;
      assert.deepEqual(
        playbook?.spec.steps.map(({ name }) => name),
        ['one'],
      );
      assert.deepEqual(trust, { trusted: false, why: 'the steps are those of the action itself' });
    });
  });

  it('hold no trust by a key that is not published any more', async () => {
    const of = new ApprovedRun();
    of.api.remove(paths.keys);
    const { trust, playbook } = (await factsOf(of)).facts;
    assert.equal(playbook?.metadata.uid, 'uid-fix');
    assert.equal(trust.trusted, false);
    assert.match(trust.trusted ? '' : trust.why, /not known/);
  });

  it('hold no trust by an agent', async () => {
    const of = new ApprovedRun();
    of.change(paths.floor, ({ spec }) =>
      Object.assign(spec, {
        subjects: [
          { kind: 'User', name: 'tess' },
          { kind: 'User', name: 'agent' },
        ],
      }),
    );
    assert.deepEqual((await factsOf(of)).facts.trust, { trusted: false, why: 'an agent sealed it' });
  });
});

describe('A suspension that was lifted', () => {
  const rows: readonly [what: string, lifted: number, claimed: number | undefined, counts: boolean][] = [
    ['before the recording does not count', minutes(-40), undefined, false],
    ['at the moment of the recording does not count', recordedAt, undefined, false],
    ['after the recording counts before the claim', minutes(-20), undefined, true],
    ['after the recording counts at the claim', minutes(-20), minutes(-20), true],
    ['between the recording and the claim counts', minutes(-20), minutes(-10), true],
    ['after the claim does not count, because it has ended the run', minutes(-5), minutes(-10), false],
  ];
  for (const [what, lifted, claimed, counts] of rows)
    it(what, async () => {
      const of = new ApprovedRun();
      of.note({ 'AgentPolicy.shop.own': new Date(lifted).toISOString() });
      assert.equal((await factsOf(of, claimed)).facts.resumedAt, counts ? lifted : undefined);
    });

  it('does not count if there was none', async () => {
    assert.equal((await factsOf(new ApprovedRun())).facts.resumedAt, undefined);
    assert.equal((await factsOf(new ApprovedRun(), NOW)).facts.resumedAt, undefined);
  });
});

describe('A suspension that the notes show', () => {
  afterEach(() => mock.timers.reset());

  it('counts as lifted now', async () => {
    mock.timers.enable({ apis: ['Date'], now: minutes(3) });
    const of = new ApprovedRun();
    of.note({ 'AgentPolicy.shop.own': 'suspended' });
    assert.equal((await gatherSurroundings(of.client, ref)).liftedAt, minutes(3));
  });
});
