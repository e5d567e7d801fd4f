import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Trust } from '@sentinel/policy';
import { agentPolicy, aPlaybook, aPolicySet, TRUSTED } from '@sentinel/policy/testing';
import { decideSchedule, type ScheduleFacts } from './decide-schedule.ts';
import { aScheduledPlaybook } from './schedule.fixture.ts';

const facts = (more: Partial<ScheduleFacts> = {}): ScheduleFacts => ({
  playbook: aScheduledPlaybook(),
  trust: TRUSTED,
  mayUseAccount: true,
  policies: aPolicySet([agentPolicy({ modes: ['DryRun', 'Apply'] })]),
  now: 0,
  ...more,
});

describe('The schedule of a Playbook', () => {
  it('runs while its actions are admitted', () =>
    assert.deepEqual(decideSchedule(facts()), {
      status: 'True',
      reason: 'Satisfied',
      message: "An action is filed at '0 */6 * * *' in Etc/UTC, on behalf of tess.",
    }));

  const byFloor: Trust = {
    trusted: true,
    digest: 'sha256:x',
    policies: ['floor'],
    authors: ['ada', 'bob'].map((user) => ({ user, groups: [] })),
  };

  it('acts for its last author where the floor trusts the Playbook', () =>
    assert.match(decideSchedule(facts({ trust: byFloor })).message, /on behalf of bob\.$/));

  const rows: Record<string, [Partial<ScheduleFacts>, string, RegExp]> = {
    'without one': [{ playbook: aPlaybook() }, 'NotScheduled', /no schedule/],
    'that is not valid': [
      { playbook: aScheduledPlaybook({ cron: '0 0 30 2 *' }) },
      'Invalid',
      /`schedule\.cron`: .* never matches/,
    ],
    'that its author suspends': [
      { playbook: aScheduledPlaybook({ suspend: true }) },
      'SchedulePaused',
      /Set `spec\.schedule\.suspend`/,
    ],
    'that is not trusted': [{ trust: { trusted: false, why: 'it changed' } }, 'NotTrusted', /not trusted: it changed/],
    'whose account the person who trusted it may not use': [
      { mayUseAccount: false },
      'ScheduleRefused',
      /'tess', who trusted the Playbook, does not hold the verb 'use' on accounts\.sentinel\.dev\/remediator/,
    ],
    'whose account one of its authors may not use, where the floor trusts it': [
      { trust: byFloor, mayUseAccount: false },
      'ScheduleRefused',
      /its authors lend its account, and not each of them \(ada, bob\) holds the verb 'use' on accounts\.sentinel\.dev\/remediator/,
    ],
    'under a kill switch': [
      { policies: aPolicySet([agentPolicy({ modes: ['Apply'], suspended: true })]) },
      'ScheduleRefused',
      /the kill switch is on \(AgentPolicy\/p: suspended\)/,
    ],
    'in a namespace that policy does not let run': [
      {
        policies: aPolicySet([], {
          refusals: [{ code: 'NamespaceNotEnabled', policy: 'Sentinel', rule: 'x', message: 'not enabled' }],
        }),
      },
      'ScheduleRefused',
      /not enabled/,
    ],
    'whose author is unknown': [
      { playbook: aPlaybook({ schedule: { cron: '@daily' } }) },
      'ScheduleRefused',
      /its author is not known/,
    ],
  };
  for (const [what, [more, reason, message]] of Object.entries(rows))
    it(`does not run ${what}`, () => {
      const found = decideSchedule(facts(more));
      assert.deepEqual([found.status, found.reason], ['False', reason]);
      assert.match(found.message, message);
    });
});
