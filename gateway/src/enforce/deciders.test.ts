import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotations } from '@sentinel/crds';
import type { SubjectAccessReviewSpec } from '@sentinel/kube';
import { ApprovedRun, agent, DIGEST, decision, type More, minutes, NOW, ref } from './approved-run.fixture.ts';
import { askForDeciders } from './deciders.ts';
import { gatherFacts } from './gather-facts.ts';

/** What the gateway asks about those who approved, and what it finds. */
async function ask(more: More, mayDo: (spec: SubjectAccessReviewSpec) => boolean) {
  const of = new ApprovedRun(more);
  const asked: SubjectAccessReviewSpec[] = [];
  const { facts } = await gatherFacts(of.client, ref, { plan: of.plan, digest: DIGEST, recordedAt: minutes(-30) }, NOW);
  of.api.review = (spec) => {
    asked.push(spec);
    return { allowed: mayDo(spec) };
  };
  return { asked, found: await askForDeciders(of.client, facts) };
}

const approves = ({ resourceAttributes }: SubjectAccessReviewSpec) =>
  resourceAttributes?.verb === 'approve' && resourceAttributes.resource === 'agentactions';
const impersonates = (user: string) => (spec: SubjectAccessReviewSpec) =>
  approves(spec) || (spec.resourceAttributes?.verb === 'impersonate' && spec.resourceAttributes.name === user);
const sealOf = (record: string) => (JSON.parse(record) as { seal: string }).seal;

describe('The rights of those who approved', () => {
  it('are asked for on the action, with their identity when they approved', async () => {
    const { asked, found } = await ask({}, approves);
    assert.deepEqual(asked[0], {
      user: 'ada',
      uid: '7',
      groups: ['sre'],
      extra: { scope: ['x'] },
      resourceAttributes: { verb: 'approve', group: 'sentinel.dev', resource: 'agentactions', namespace: 'shop', name: 'a' },
    });
    assert.deepEqual([...(found?.values() ?? [])], [{ mayApprove: true, actsAs: undefined }]);
  });

  it('are missing if they lost them', async () => {
    const { found } = await ask({}, () => false);
    assert.deepEqual([...(found?.values() ?? [])], [{ mayApprove: false, actsAs: undefined }]);
  });

  const others: readonly [who: string, user: string, more: More][] = [
    ['the requester', agent.user, {}],
    ['an editor', 'eve', { annotations: { [annotations.amendedBy]: '{"user":"eve","groups":[]}' } }],
    ['the person for whom the agent acts', 'dana', { spec: { onBehalfOf: { user: 'dana' } } }],
  ];
  for (const [who, user, more] of others)
    it(`say that they can act as ${who}`, async () => {
      const { found } = await ask(more, impersonates(user));
      assert.deepEqual(
        [...(found?.values() ?? [])],
        [{ mayApprove: true, actsAs: `act as '${user}' (impersonate users '${user}')` }],
      );
    });

  it('are those of nobody else', async () => {
    const { found } = await ask({}, impersonates('eve'));
    assert.deepEqual([...(found?.values() ?? [])], [{ mayApprove: true, actsAs: undefined }]);
  });

  const records: readonly [what: string, more: object, counts: boolean][] = [
    ['an approval', {}, true],
    ['a resolution', { decision: 'accept', effect: 0 }, true],
    ['a rejection', { decision: 'reject' }, false],
    ['an approval of another plan', { plan: `sha256:${'2'.repeat(64)}` }, false],
    ['an approval of the requester', { user: agent.user }, false],
  ];
  for (const [what, more, counts] of records)
    it(`are ${counts ? '' : 'not '}asked for after ${what}`, async () => {
      const approvals = decision(more);
      const { asked, found } = await ask({ annotations: { [annotations.approvals]: approvals } }, approves);
      assert.equal(asked.length > 0, counts);
      assert.deepEqual([...(found?.keys() ?? [])], counts ? [sealOf(approvals)] : []);
    });

  it('are not known if the API server does not say', async () => {
    const failing = ask({}, () => {
      throw new Error('down');
    });
    await assert.rejects(failing, /down/);
  });
});
