import { createHash } from 'node:crypto';
import { annotations, digestOf, namespaces, PLAYBOOK_UID_LABEL, type Playbook, SCHEDULE_ACCOUNT } from '@sentinel/crds';
import { type AnyObject, keyOf } from '@sentinel/kube';
import { cronOfJob, timesOf } from '@sentinel/policy';

/** How a Job finds out for which time it was started: the controller of CronJobs ends its name with the minutes since the epoch. */
export const JOB_NAME_VARIABLE = 'SENTINEL_SCHEDULE_JOB';
export const PLAYBOOK_VARIABLE = 'SENTINEL_SCHEDULE_PLAYBOOK';

const USER = 65532;

/** The CronJob of a Playbook with a schedule. `suspended` says why it is; it is not when left out. */
export interface CronJobInput {
  readonly playbook: Playbook;
  readonly image: string;
  readonly suspended?: string | undefined;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

/** The name of the CronJob of a Playbook, by its `NAMESPACE/NAME`. A CronJob may have at most 52 characters. */
export const cronJobName = (playbook: string): string =>
  `playbook-${createHash('sha256').update(playbook).digest('hex').slice(0, 40)}`;

/** Renders the CronJob of a Playbook. Throws an error if its schedule is not valid. */
export function renderCronJob({ playbook, image, suspended, now }: CronJobInput): AnyObject {
  const { schedule } = playbook.spec;
  if (!schedule) throw new Error('a CronJob needs a schedule');
  const key = keyOf(playbook);
  const spec = {
    schedule: cronOfJob(timesOf(schedule, playbook), now),
    timeZone: schedule.timeZone,
    suspend: suspended !== undefined,
    startingDeadlineSeconds: schedule.startingDeadlineSeconds,
    // Overlap is judged on actions: a Job only files one, and ends in seconds.
    concurrencyPolicy: 'Allow',
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 1,
    jobTemplate: {
      metadata: { labels: labelsOf(playbook), annotations: { [annotations.playbook]: key } },
      spec: {
        backoffLimit: 3,
        activeDeadlineSeconds: schedule.startingDeadlineSeconds,
        ttlSecondsAfterFinished: 3600,
        template: { metadata: { labels: labelsOf(playbook) }, spec: podSpec(key, image) },
      },
    },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {
      name: cronJobName(key),
      namespace: namespaces.schedules,
      labels: labelsOf(playbook),
      annotations: {
        [annotations.playbook]: key,
        [annotations.suspendedBecause]: suspended ?? '',
        [annotations.renderedDigest]: digestOf(spec),
      },
    },
    spec,
  };
}

/** Whether a CronJob is as the operator would write it. Nobody else can change one. */
export function isUpToDate(found: AnyObject, wanted: AnyObject): boolean {
  const names = [annotations.playbook, annotations.suspendedBecause, annotations.renderedDigest];
  return (
    names.every((name) => found.metadata.annotations?.[name] === wanted.metadata.annotations?.[name]) &&
    found.metadata.labels?.[PLAYBOOK_UID_LABEL] === wanted.metadata.labels?.[PLAYBOOK_UID_LABEL]
  );
}

const labelsOf = ({ metadata }: Playbook) => ({
  'app.kubernetes.io/managed-by': 'sentinel',
  'app.kubernetes.io/component': 'schedule',
  [PLAYBOOK_UID_LABEL]: metadata.uid ?? '',
});

function podSpec(playbook: string, image: string): object {
  return {
    restartPolicy: 'Never',
    serviceAccountName: SCHEDULE_ACCOUNT,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'schedule',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: ['schedule'],
        env: [
          { name: PLAYBOOK_VARIABLE, value: playbook },
          {
            name: JOB_NAME_VARIABLE,
            valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" } },
          },
        ],
        resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  };
}
