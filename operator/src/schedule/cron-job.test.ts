import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { timesOf } from '@sentinel/policy';
import { cronJobName, isUpToDate, renderCronJob } from './cron-job.ts';
import { aScheduledPlaybook } from './schedule.fixture.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const render = (schedule: object = {}, suspended?: string, image = 'sentinel:1') =>
  renderCronJob({ playbook: aScheduledPlaybook(schedule), image, suspended, now });

describe('The CronJob of a Playbook', () => {
  it('has a name that is short enough, and another one for each Playbook', () => {
    assert.equal(cronJobName('shop/fix').length, 49);
    assert.notEqual(cronJobName('shop/fix'), cronJobName('shop-fix/x'));
  });

  it('has the times of the schedule, and one container that files', () => {
    const { metadata, spec } = render({ cron: '30 2 * * *', timeZone: 'Europe/Berlin', startingDeadlineSeconds: 60 });
    assert.equal(metadata.namespace, 'sentinel-schedules');
    assert.equal(metadata.annotations?.['sentinel.dev/playbook'], 'shop/fix');
    const { jobTemplate, ...times } = spec as { jobTemplate: { spec: { template: { spec: { containers: object[] } } } } };
    assert.deepEqual(times, {
      schedule: '30 2,3 * * *',
      timeZone: 'Europe/Berlin',
      suspend: false,
      startingDeadlineSeconds: 60,
      concurrencyPolicy: 'Allow',
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
    });
    assert.equal(jobTemplate.spec.template.spec.containers.length, 1);
  });

  it('starts later by what jitter adds for this Playbook', () => {
    const { delay } = timesOf({ cron: '0 * * * *', timeZone: 'Etc/UTC', jitter: '30m' }, aScheduledPlaybook());
    const { spec } = render({ cron: '0 * * * *', jitter: '30m' });
    assert.equal((spec as { schedule: string }).schedule, `${delay} * * * *`);
  });

  it('is suspended with the reason', () => {
    const { metadata, spec } = render({}, 'the kill switch is on');
    assert.equal((spec as { suspend: boolean }).suspend, true);
    assert.equal(metadata.annotations?.['sentinel.dev/suspended-because'], 'the kill switch is on');
  });

  it('is written again only if something changed', () => {
    assert.equal(isUpToDate(render(), render()), true);
    assert.equal(isUpToDate(render(), render({}, 'x')), false);
    assert.equal(isUpToDate(render(), render({ cron: '@daily' })), false);
    assert.equal(isUpToDate(render(), render({}, undefined, 'sentinel:2')), false);
  });
});
