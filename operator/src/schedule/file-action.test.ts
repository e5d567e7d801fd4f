import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction, Playbook } from '@sentinel/crds';
import { ApiError, type KubeClient } from '@sentinel/kube';
import { fileScheduledAction } from './file-action.ts';
import { readRun } from './main.ts';
import { aScheduledPlaybook } from './schedule.fixture.ts';

const DUE = Date.parse('2026-05-01T06:00:00Z');
const condition = { type: 'Scheduled', reason: 'Satisfied', message: '', lastTransitionTime: '2026-05-01T00:00:00Z' };
const running = { conditions: [{ ...condition, status: 'True' as const }] };
const trusted = { status: { ...running, trustedBy: 'tess' } };

/** A client that has this Playbook, and notes what is created. */
function clientWith(playbook: Playbook | null, fault?: Error) {
  const created: AgentAction[] = [];
  const client = {
    get: async () => playbook,
    create: async (_: unknown, object: AgentAction) => {
      if (fault) throw fault;
      created.push(object);
      return object;
    },
  } as unknown as Pick<KubeClient, 'get' | 'create'>;
  const file = (due = DUE) => fileScheduledAction(client, { namespace: 'shop', playbook: 'fix', due });
  return { created, file };
}

describe('The pod of a schedule', () => {
  it('creates the action of its time', async () => {
    const { created, file } = clientWith(aScheduledPlaybook({}, trusted));
    assert.equal(await file(), "filed AgentAction 'fix-scheduled-29626920' in namespace 'shop'");
    assert.deepEqual(
      created.map(({ metadata, spec }) => [metadata, spec.onBehalfOf]),
      [
        [
          { name: 'fix-scheduled-29626920', namespace: 'shop' },
          { user: 'tess', authors: ['ada'] },
        ],
      ],
    );
  });

  it('files for the last author where the floor trusts the Playbook', async () => {
    const playbook = aScheduledPlaybook({}, { status: { ...running, trustedByPolicies: ['floor'] } });
    const { created, file } = clientWith(playbook);
    await file();
    assert.deepEqual(created[0]?.spec.onBehalfOf, { user: 'ada', authors: ['ada'] });
  });

  it('files nothing that is not due, and nothing without a schedule or trust', async () => {
    const rows: [Playbook | null, number, RegExp][] = [
      [aScheduledPlaybook({}, trusted), DUE + 60_000, /not due at 2026-05-01T06:01:00/],
      [null, DUE, /has no schedule any more/],
      [aScheduledPlaybook({}, { status: running }), DUE, /is not trusted/],
      [aScheduledPlaybook(), DUE, /was suspended at 2026-05-01T06:00:00/],
      [aScheduledPlaybook({}, trusted), Date.parse('2026-04-30T18:00:00Z'), /was suspended at 2026-04-30T18:00:00/],
    ];
    for (const [playbook, due, said] of rows) {
      const { created, file } = clientWith(playbook);
      assert.match(await file(due), said);
      assert.deepEqual(created, []);
    }
  });

  it('ends well if the action was filed before, and fails if it is refused', async () => {
    const fault = (code: number, reason: string) => new ApiError({ status: code, reason, message: reason });
    assert.match(await clientWith(aScheduledPlaybook({}, trusted), fault(409, 'AlreadyExists')).file(), /was filed before/);
    await assert.rejects(clientWith(aScheduledPlaybook({}, trusted), fault(403, 'Forbidden')).file());
  });

  it('reads its time from the name of its Job', () => {
    const env = { SENTINEL_SCHEDULE_PLAYBOOK: 'shop/fix', SENTINEL_SCHEDULE_JOB: 'playbook-abc-29626920' };
    assert.deepEqual(readRun(env), { namespace: 'shop', playbook: 'fix', due: DUE });
    assert.throws(() => readRun({ ...env, SENTINEL_SCHEDULE_PLAYBOOK: 'fix' }), /must be NAMESPACE\/NAME/);
    assert.throws(() => readRun({ ...env, SENTINEL_SCHEDULE_JOB: 'x' }), /must end with the minutes/);
  });
});
