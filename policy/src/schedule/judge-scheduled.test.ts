import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AgentActionSpec, annotations } from '@sentinel/crds';
import { aPlaybook, TRUSTED } from '../testing/playbook.fixture.ts';
import { timesOf } from './jitter.ts';
import { type FiledAction, judgeScheduled } from './judge-scheduled.ts';
import { dueOf, scheduledAction } from './scheduled-action.ts';

const DUE = Date.parse('2026-05-01T06:00:00Z');
const authors = (...users: string[]) => ({
  annotations: { [annotations.authors]: users.map((user) => JSON.stringify({ user, uid: '', groups: [] })).join('\n') },
});
const parameters = [
  { name: 'size', type: 'Integer' },
  { name: 'colour', default: 'red' },
];
const scheduledSince = (time: string, status: 'True' | 'False' = 'True') => ({
  conditions: [{ type: 'Scheduled', status, reason: 'Satisfied', message: '', lastTransitionTime: time }],
});
const book = (schedule: object | undefined = {}, metadata: object = authors('ada', 'bob')) => ({
  status: scheduledSince('2026-05-01T00:00:00Z'),
  ...aPlaybook(
    { parameters, schedule: schedule && { cron: '0 */6 * * *', parameters: [{ name: 'size', value: '3' }], ...schedule } },
    metadata,
  ),
});
const action = scheduledAction(book(), 'tess', DUE);
const filed = (more: Partial<FiledAction> = {}): FiledAction => ({
  name: action?.name ?? '',
  spec: action?.spec as AgentActionSpec,
  playbook: book(),
  trust: TRUSTED,
  now: DUE + 5_000,
  ...more,
});
const withSpec = (more: object): Partial<FiledAction> => ({ spec: { ...filed().spec, ...more } });

describe('The action of a schedule', () => {
  it('says what it is, for whom, and who counts as its requester', () => {
    assert.deepEqual(action, {
      name: 'fix-scheduled-29626920',
      spec: {
        intent: {
          summary: "Run Playbook 'fix' as scheduled for 2026-05-01T06:00Z",
          reason: "schedule: '0 */6 * * *' in Etc/UTC",
          agent: { name: 'schedule' },
        },
        onBehalfOf: { user: 'tess', authors: ['ada', 'bob'] },
        playbookRef: { name: 'fix' },
        parameters: [{ name: 'size', value: '3' }],
        mode: 'Apply',
        cancelled: false,
      },
    });
  });

  it('says by how much jitter delays it, and is admitted at that time alone', () => {
    const playbook = book({ cron: '0 * * * *', jitter: '30m' });
    const { delay } = timesOf({ cron: '0 * * * *', timeZone: 'Etc/UTC', jitter: '30m' }, playbook);
    assert.ok(delay > 0);
    const due = DUE + delay * 60_000;
    const late = scheduledAction(playbook, 'tess', due);
    assert.equal(late?.spec.intent.reason, `schedule: '0 * * * *' in Etc/UTC, ${delay} minutes later (jitter)`);
    const judged = (name = '', now = due + 5_000) =>
      judgeScheduled(filed({ playbook, name, spec: late?.spec as AgentActionSpec, now })).map(({ message }) => message);
    assert.deepEqual(judged(late?.name), []);
    assert.match(judged(action?.name).join(), /has no run for which/);
    // The deadline begins at the delayed time.
    assert.deepEqual(judged(late?.name, due + 300_000), []);
    assert.match(judged(late?.name, due + 400_000).join(), /longer ago than/);
  });

  it('is for the last author where the floor trusts the Playbook, and for nobody else', () => {
    const people = ['ada', 'bob'].map((user) => ({ user, groups: [] }));
    const trust = { trusted: true as const, digest: 'sha256:x', policies: ['floor'], authors: people };
    const codes = (user: string) =>
      judgeScheduled(filed({ ...withSpec({ onBehalfOf: { user, authors: ['ada', 'bob'] } }), trust })).map(({ code }) => code);
    assert.deepEqual([codes('bob'), codes('ada'), codes('tess')], [[], ['NotScheduled'], ['NotScheduled']]);
  });

  it('has a name that is short enough and tells its time', () => {
    const long = scheduledAction(book({}, { name: 'x'.repeat(200), ...authors('ada') }), 'tess', DUE)?.name ?? '';
    assert.ok(long.length <= 100, long);
    assert.equal(dueOf(long), DUE);
    assert.notEqual(long, scheduledAction(book({}, { name: 'x'.repeat(201), ...authors('ada') }), 'tess', DUE)?.name);
    assert.equal(dueOf('fix-29626920'), undefined);
  });

  it('is not made where its requesters have no room, or are unknown', () => {
    const many = authors(...Array.from({ length: 17 }, (_, index) => `user-${index}`));
    assert.throws(() => scheduledAction(book({}, many), 'tess', DUE), /at most 16 authors/);
    assert.throws(() => scheduledAction(book(), 'x'.repeat(254), DUE), /with 253 characters each/);
    assert.throws(() => scheduledAction(book({}, {}), 'tess', DUE), /its author is not known/);
  });
});

describe('The account of schedules', () => {
  it('may create the action of a schedule when it is due', () => {
    assert.deepEqual(judgeScheduled(filed()), []);
    assert.deepEqual(judgeScheduled(filed({ now: DUE + 299_000 })), []);
    // The webhook may be called again after another one, and then sees its own stamp.
    const stamps = { [annotations.requestedBy]: '{}' };
    assert.deepEqual(judgeScheduled(filed({ labels: {}, annotations: stamps })), []);
  });

  const refused: Record<string, [Partial<FiledAction>, RegExp]> = {
    'of a Playbook without a schedule': [
      { playbook: aPlaybook({}, authors('ada')) },
      /only file actions of Playbooks with a schedule/,
    ],
    'of no Playbook': [{ playbook: undefined }, /only file actions of Playbooks with a schedule/],
    'of a schedule that is suspended': [{ playbook: book({ suspend: true }) }, /is suspended/],
    'of a Playbook that is not trusted': [{ trust: { trusted: false, why: 'it changed' } }, /not trusted: it changed/],
    'for a time at which the schedule was suspended': [
      { playbook: { ...book(), status: scheduledSince('2026-05-01T06:00:01Z') } },
      /when the schedule was suspended/,
    ],
    'of a schedule that does not run': [
      { playbook: { ...book(), status: scheduledSince('2026-05-01T00:00:00Z', 'False') } },
      /when the schedule was suspended/,
    ],
    'for a time that is not due': [{ name: 'fix-scheduled-29626921' }, /has no run for which an action is named/],
    'under another name': [{ name: 'mine' }, /has no run for which an action is named 'mine'/],
    'under the name of another Playbook': [{ name: 'other-scheduled-29626920' }, /is not the one that the schedule/],
    'too early': [{ now: DUE - 61_000 }, /not due before 2026-05-01T06:00:00.000Z/],
    'too late': [{ now: DUE + 361_000 }, /longer ago than `startingDeadlineSeconds`/],
    'with other parameters': [withSpec({ parameters: [{ name: 'size', value: '4' }] }), /is not the one/],
    'without its parameters': [withSpec({ parameters: undefined }), /is not the one/],
    'with further parameters': [
      withSpec({
        parameters: [
          { name: 'size', value: '3' },
          { name: 'colour', value: 'red' },
        ],
      }),
      /is not the one/,
    ],
    'with ad-hoc steps': [
      withSpec({ playbookRef: undefined, steps: [{ name: 'a', command: ['true'] }], account: 'x', image: 'y' }),
      /is not the one/,
    ],
    'on behalf of somebody else': [withSpec({ onBehalfOf: { user: 'eve', authors: ['ada', 'bob'] } }), /is not the one/],
    'without an author': [withSpec({ onBehalfOf: { user: 'tess', authors: ['ada'] } }), /is not the one/],
    'with words of its own': [withSpec({ intent: { summary: 'trust me' } }), /is not the one/],
    'with a label': [{ labels: { team: 'a' } }, /must not have labels, and this one has 'team'/],
    'with an annotation': [{ annotations: { note: 'x' } }, /must not have annotations, and this one has 'note'/],
    'with a target': [withSpec({ target: { environment: 'production' } }), /is not the one/],
  };
  for (const [what, [more, why]] of Object.entries(refused))
    it(`may not file one ${what}`, () => {
      const [refusal, ...others] = judgeScheduled(filed(more));
      assert.equal(others.length, 0);
      assert.equal(refusal?.code, 'NotScheduled');
      assert.match(refusal?.message ?? '', why);
    });
});
