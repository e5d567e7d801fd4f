import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Playbook } from '@sentinel/crds';
import { aPlaybook } from '@sentinel/policy/testing';
import { ok, runAgainst } from '../../test/fake-cluster.ts';

const condition = (type: string, status: 'True' | 'False', message = '') => ({
  type,
  status,
  reason: 'x',
  message,
  lastTransitionTime: '2026-05-01T00:00:00Z',
});
const runs: Playbook = {
  ...aPlaybook({ schedule: { cron: '30 2 * * *', timeZone: 'Europe/Berlin' } }, { name: 'health' }),
  status: {
    conditions: [
      condition('Scheduled', 'True'),
      condition('Healthy', 'False', "'health-scheduled-1' reports 2 critical findings"),
    ],
    schedule: {
      lastRun: { action: 'health-scheduled-1', dueTime: '2026-05-01T00:30:00.000Z', state: 'NoEffect' },
      lastReport: {
        action: 'health-scheduled-1',
        time: '2026-05-01T00:31:00.000Z',
        result: 'findings',
        digest: `sha256:${'0'.repeat(64)}`,
        conclusion: 'Critical',
        counts: { critical: 2, warning: 0, info: 1 },
      },
      nextRunTime: '2026-05-02T00:30:00.000Z',
      missed: 1,
      lastMissedTime: '2026-04-30T00:30:00.000Z',
    },
  },
};
const suspended: Playbook = {
  ...aPlaybook({ parameters: [{ name: 'size' }], schedule: { cron: '@daily', parameters: [{ name: 'size', value: 'a=b' }] } }),
  status: { conditions: [condition('Scheduled', 'False', 'The schedule is suspended because the Playbook is not trusted.')] },
};
const list =
  (...items: Playbook[]) =>
  () =>
    ok({ items, metadata: {} });

describe('schedules', () => {
  it('lists what runs, what came of it, and what is wrong', async () => {
    const { code, out } = await runAgainst(list(runs, suspended, aPlaybook({}, { name: 'plain' })), ['schedules']);
    assert.equal(code, 0);
    assert.equal(
      out,
      `NAME     CRON                         RUNS    LAST                     HEALTHY   NEXT
health   30 2 * * * (Europe/Berlin)   True    NoEffect, Critical (2)   False     2026-05-02T00:30Z
fix      @daily                       False   <none>                   <none>    <none>
! health: 'health-scheduled-1' reports 2 critical findings
! health: 1 time was missed, the last one at 2026-04-30T00:30:00.000Z
! fix: The schedule is suspended because the Playbook is not trusted.
`,
    );
  });

  it('says that there is no schedule', async () => {
    assert.equal((await runAgainst(list(), ['schedules'])).error, 'No Playbook in namespace shop has a schedule.\n');
    assert.equal((await runAgainst(list(), ['schedules', '-A'])).error, 'No Playbook has a schedule.\n');
  });
});

describe('schedules run', () => {
  it('creates an action as the person, with the parameters of the schedule', async () => {
    const { code, out, requests } = await runAgainst(
      ({ method, body }) => (method === 'GET' ? ok(suspended) : ok(JSON.parse(String(body)))),
      ['schedules', 'run', 'fix', '--reason', 'it was late'],
    );
    assert.equal(code, 0);
    assert.match(out, /^agentaction\.sentinel\.dev\/fix-[a-z0-9]{5} created\n$/);
    const body = JSON.parse(String(requests.at(-1)?.body)) as { spec: Record<string, unknown> };
    assert.deepEqual(body.spec, {
      intent: { summary: "Run Playbook 'fix' now, with the parameters of its schedule", reason: 'it was late' },
      playbookRef: { name: 'fix' },
      parameters: [{ name: 'size', value: 'a=b' }],
      mode: 'Apply',
      cancelled: false,
    });
  });

  it('is refused for a Playbook without a schedule', async () => {
    const { code, error } = await runAgainst(() => ok(aPlaybook()), ['schedules', 'run', 'fix']);
    assert.equal(code, 1);
    assert.match(error, /Playbook 'fix' has no schedule; run it with: kubectl sentinel run fix/);
  });
});
