import assert from 'node:assert/strict';
import { it } from 'node:test';
import { playbookFaults } from '../admission/playbook-faults.ts';
import { aPlaybookSpec } from '../testing/playbook.fixture.ts';

const scheduled = (schedule: object, more: object = {}) =>
  playbookFaults(aPlaybookSpec({ ...more, schedule: { cron: '@daily', ...schedule } }));

it('A schedule is valid, or each fault names its path', () => {
  assert.deepEqual(scheduled({}), []);
  assert.deepEqual(scheduled({ cron: '0 0 30 2 *', timeZone: 'Europe/Nowhere' }), [
    "`schedule.cron`: '0 0 30 2 *' never matches: no month that it names has such a day",
    "`schedule.timeZone`: 'Europe/Nowhere' must be a name of the time zone database, such as 'Europe/Berlin'",
  ]);
  assert.deepEqual(scheduled({ cron: 'TZ=UTC @daily' }), [
    "`schedule.cron`: 'TZ=UTC @daily' must not contain a time zone; set `timeZone` instead",
  ]);
});

it('The parameters of a schedule are those that the Playbook accepts', () => {
  const parameters = [{ name: 'size', type: 'Integer', required: true }];
  assert.deepEqual(scheduled({}, { parameters }), ["`schedule.parameters`: parameter 'size' is required"]);
  assert.deepEqual(scheduled({ parameters: [{ name: 'size', value: '3' }] }, { parameters }), []);
  assert.deepEqual(scheduled({ parameters: [{ name: 'colour', value: 'red' }] }), [
    "`schedule.parameters`: parameter 'colour' is not declared; declared: none",
  ]);
});
