import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotations, SCHEDULE_GROUPS, SCHEDULE_USER } from '@sentinel/crds';
import { ApprovedRun, DIGEST, minutes, NOW, paths, ref } from './approved-run.fixture.ts';
import { gatherFacts, gatherSurroundings } from './gather-facts.ts';

const factsOf = async (of: ApprovedRun) =>
  (await gatherFacts(of.client, ref, { plan: of.plan, digest: DIGEST, recordedAt: minutes(-30) }, NOW)).facts;

describe('The action of a schedule', () => {
  const requester = { user: SCHEDULE_USER, uid: '', groups: SCHEDULE_GROUPS };
  const people = [
    { user: 'tom', uid: undefined, groups: [] },
    { user: 'tess', uid: '9', groups: ['admins'] },
  ];
  const scheduled = (more: { spec?: object; annotations?: Record<string, string> } = {}) => {
    const of = new ApprovedRun({
      ...more,
      annotations: { [annotations.requestedBy]: JSON.stringify(requester), ...more.annotations },
    });
    of.change(paths.playbook, ({ metadata }) => {
      const trust = JSON.parse(metadata.annotations[annotations.trust] ?? '') as object;
      metadata.annotations[annotations.trust] = JSON.stringify({ ...trust, uid: '9', groups: ['admins'] });
    });
    return of;
  };

  it('counts the people of its schedule with uid and groups, like editors', async () => {
    assert.deepEqual((await gatherSurroundings(scheduled().client, ref)).editors, people);
    assert.deepEqual((await factsOf(scheduled())).editors, people);
  });

  it('counts them after the Playbook was changed, and lends nobody the account then', async () => {
    const of = scheduled();
    of.change(paths.playbook, ({ spec }) => Object.assign(spec, { description: 'y' }));
    const asked: unknown[] = [];
    of.api.review = (spec) => {
      asked.push((spec as { user: string }).user);
      return { allowed: false };
    };
    assert.deepEqual((await factsOf(of)).editors, people);
    assert.deepEqual(asked, [SCHEDULE_USER]);
  });
});
