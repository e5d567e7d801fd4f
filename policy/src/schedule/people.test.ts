import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentAction, annotations, type Playbook, SCHEDULE_GROUPS, SCHEDULE_USER } from '@sentinel/crds';
import { playbookDigest, type Trust } from '../approval/trust.ts';
import { everyRequester, type Identity } from '../identity/identity.ts';
import { aPlaybook } from '../testing/playbook.fixture.ts';
import { accountUsers, allHold, peopleOfSchedule } from './people.ts';
import { scheduledAction } from './scheduled-action.ts';

const DUE = Date.parse('2026-05-01T06:00:00Z');
const schedules = { user: SCHEDULE_USER, groups: SCHEDULE_GROUPS };
const agent = { user: 'agent', groups: [] };
const ada = { user: 'ada', uid: '7', groups: ['devs'] };
const record = { playbook: 'p', user: 'tess', uid: '9', groups: ['admins'], time: '', key: '', seal: '' };
const trustIn = (playbook: Playbook): Trust => ({ trusted: true, by: { ...record, digest: playbookDigest(playbook) } });
const byFloor = (playbook: Playbook, authors: readonly Identity[]): Trust => ({
  trusted: true,
  digest: playbookDigest(playbook),
  policies: ['floor'],
  authors,
});
const book = (name = 'fix', schedule: object | undefined = {}, more: object = {}): Playbook =>
  aPlaybook(
    {
      parameters: [{ name: 'size', default: '1' }],
      schedule: schedule && { cron: '0 */6 * * *', parameters: [{ name: 'size', value: '3' }], ...schedule },
      ...more,
    },
    {
      name,
      annotations: {
        [annotations.authors]: JSON.stringify(ada),
        [annotations.trust]: JSON.stringify({ ...record, digest: 'sha256:x' }),
      },
    },
  );

const filed = scheduledAction(book(), 'tess', DUE);
const action = (spec: object = {}, stamps: Record<string, string> = {}, name = filed?.name ?? '') =>
  ({ metadata: { name, namespace: 'shop', annotations: stamps }, spec: { ...filed?.spec, ...spec } }) as unknown as AgentAction;
const amended = { [annotations.amendedBy]: JSON.stringify({ user: 'eve', uid: '', groups: [] }) };

describe('Whose right to use an account counts', () => {
  it('is that of the requester, or of the person who trusted the schedule', () => {
    const facts = { action: action(), playbook: book(), trust: trustIn(book()) };
    assert.deepEqual(accountUsers(schedules, facts), [facts.trust.trusted && facts.trust.by]);
    assert.deepEqual(accountUsers(agent, facts), [agent]);
  });

  it('is that of the person who trusted it as well while a cancelled action is rolled back', () => {
    const facts = { action: action({ cancelled: true }, amended), playbook: book(), trust: trustIn(book()) };
    assert.equal(accountUsers(schedules, facts)[0]?.user, 'tess');
  });

  it('is that of every author where the floor trusts the Playbook, and of none if they are too many', () => {
    const facts = (authors: readonly Identity[]) => ({ action: action(), playbook: book(), trust: byFloor(book(), authors) });
    const bob = { user: 'bob', groups: [] };
    assert.deepEqual(accountUsers(schedules, facts([ada, bob])), [ada, bob]);
    assert.deepEqual(accountUsers(agent, facts([ada, bob])), [agent]);
    const many = Array.from({ length: 17 }, (_, index) => ({ user: `user-${index}`, groups: [] }));
    assert.deepEqual(accountUsers(schedules, facts(many)), [schedules]);
    const edited = { ...facts([ada]), trust: byFloor(book('fix', { cron: '@daily' }), [ada]) };
    assert.deepEqual(accountUsers(schedules, edited), [schedules]);
  });

  it('must be held by every one of them', async () => {
    const asked: string[] = [];
    const onlyAda = async ({ user }: Identity) => asked.push(user) > 0 && user === 'ada';
    assert.equal(await allHold([ada, agent], onlyAda), false);
    assert.equal(await allHold([ada], onlyAda), true);
    assert.equal(await allHold([], onlyAda), false);
    assert.deepEqual(asked, ['ada', 'agent', 'ada']);
  });

  const other = book('other');
  const refused: Record<string, Partial<Parameters<typeof accountUsers>[1]>> = {
    'without trust': { trust: { trusted: false, why: 'x' } },
    'when another version is trusted': { trust: trustIn(book('fix', { cron: '@daily' })) },
    'without a Playbook': { playbook: undefined },
    'without a schedule': {
      playbook: book('fix', undefined, { schedule: undefined }),
      trust: trustIn(book('fix', undefined, { schedule: undefined })),
    },
    'when somebody amended the action': { action: action({}, amended) },
    'when the list of editors cannot be read': { action: action({}, { [annotations.amendedBy]: '{}' }) },
    'with other parameters': { action: action({ parameters: [{ name: 'size', value: '4' }] }) },
    'without its parameters': { action: action({ parameters: undefined }) },
    'of another Playbook with a schedule': {
      action: action({ playbookRef: { name: 'other' } }),
      playbook: other,
      trust: trustIn(other),
    },
    'with a Playbook that the action does not name': { playbook: other, trust: trustIn(other) },
    'with ad-hoc steps': { action: action({ playbookRef: undefined, steps: [{ name: 'a', command: ['true'] }] }) },
    'under another name': { action: action({}, {}, 'mine') },
  };
  for (const [what, change] of Object.entries(refused))
    it(`is lent by nobody ${what}`, () => {
      const facts = { action: action(), playbook: book(), trust: trustIn(book()), ...change };
      assert.deepEqual(accountUsers(schedules, facts), [schedules]);
    });
});

describe('The people of a schedule', () => {
  const full = [ada, { user: 'tess', uid: '9', groups: ['admins'] }];

  it('count with their uid and groups', () => assert.deepEqual(peopleOfSchedule(schedules, book()), full));

  it('do not depend on trust that is valid: they only tighten', () => {
    const changed = { ...book(), spec: { ...book().spec, description: 'y' } };
    assert.deepEqual(peopleOfSchedule(schedules, changed), full);
  });

  it('are nobody without a Playbook, and for other requesters', () => {
    assert.deepEqual(peopleOfSchedule(schedules, undefined), []);
    assert.deepEqual(peopleOfSchedule(schedules, aPlaybook()), []);
    assert.deepEqual(peopleOfSchedule(agent, book()), []);
  });

  it('are listed once among the requesters, with uid and groups where the list has them', () => {
    const named = [
      { user: 'ada', groups: [] },
      { user: 'bob', groups: [] },
    ];
    assert.deepEqual(everyRequester({ requester: schedules, editors: [...named, ...full], onBehalfOf: 'tess' }), [
      schedules,
      { user: 'bob', groups: [] },
      ...full,
    ]);
  });
});
