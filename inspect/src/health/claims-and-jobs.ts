import type { Finding } from '@sentinel/findings';
import { ageOf, conditionOf, DAY, type Job, MINUTE, type Phased, referTo, timeOf } from '../objects.ts';

/** Which PersistentVolumeClaims have no volume. */
export const claimFindings = (claims: readonly Phased[], now: number): Finding[] =>
  claims.flatMap((claim): Finding[] => {
    const object = referTo(claim);
    const evidence = [
      { source: 'Status' as const, text: `phase ${claim.status?.phase}, created ${claim.metadata.creationTimestamp}` },
    ];
    if (claim.status?.phase === 'Lost')
      return [
        {
          check: 'claim-lost',
          severity: 'Critical',
          object,
          summary: 'the volume of the claim no longer exists',
          evidence,
          suggestion: { text: 'Restore the volume from a backup.' },
        },
      ];
    if (claim.status?.phase !== 'Pending' || ageOf(claim.metadata.creationTimestamp, now) < 5 * MINUTE) return [];
    return [
      {
        check: 'claim-pending',
        severity: 'Warning',
        object,
        summary: 'the claim has no volume',
        evidence,
        suggestion: { text: 'Check its storage class and the Events of the claim. Some classes wait for the first Pod.' },
      },
    ];
  });

/** Which Jobs have failed in the last day, and which CronJobs are suspended. */
export const jobFindings = (jobs: readonly Job[], now: number): Finding[] =>
  jobs.flatMap((job): Finding[] => {
    const object = referTo(job);
    if (job.kind === 'CronJob') {
      if (!job.spec?.suspend) return [];
      return [{ check: 'cronjob-suspended', severity: 'Info', object, summary: 'the CronJob is suspended', evidence: [] }];
    }
    const failed = conditionOf(job.status?.conditions, 'Failed');
    if (failed?.status !== 'True' || ageOf(failed.lastTransitionTime, now) > DAY) return [];
    const time = timeOf(failed.lastTransitionTime);
    return [
      {
        check: 'job-failed',
        severity: 'Warning',
        object,
        summary: `the Job has failed (${failed.reason ?? 'no reason'})`,
        ...(time && { lastSeen: time }),
        evidence: [{ source: 'Status', text: failed.message ?? '' }],
        suggestion: { text: 'Read the logs of its Pods, then run it again.' },
      },
    ];
  });
