import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conclude, type Finding, parseReport } from '@sentinel/findings';
import { poisons } from '@sentinel/findings/testing';
import { aDeployment, ago, anEvent, aPod, NOW } from '../objects.fixture.ts';
import {
  budgetFindings,
  claimFindings,
  eventFindings,
  jobFindings,
  nodeFindings,
  phaseFindings,
  podFindings,
  quotaFindings,
  workloadFindings,
} from './index.ts';

const HOUR = 3_600_000;
const brief = (findings: readonly Finding[]) =>
  findings.map(({ severity, check, object }) => `${severity} ${check} ${object.kind}/${object.name}`);
const an = (kind: string, rest: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'x', namespace: 'shop', creationTimestamp: ago(60), ...metadata },
  ...rest,
});
const waiting = (reason: string) => aPod({}, {}, { state: { waiting: { reason, message: 'why' } } });
const scheduled = (reason: string) => ({
  phase: 'Pending',
  containerStatuses: [],
  conditions: [{ type: 'PodScheduled', status: 'False', reason, message: '0/3 nodes are available' }],
});
const ready = (minutes: number) => ({ conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(minutes) }] });
const ended = (reason: string, minutes: number) => ({ terminated: { reason, exitCode: 137, finishedAt: ago(minutes) } });

describe('The health of Pods', () => {
  const web = 'Deployment/web';
  const rows: [string, Parameters<typeof podFindings>[0][number], string[]][] = [
    ['a Pod that is well', aPod(), []],
    ['a Pod that has completed', aPod({ phase: 'Succeeded' }), []],
    ['a crash loop', waiting('CrashLoopBackOff'), [`Critical pod-crash-looping ${web}`]],
    ['an image that does not exist', waiting('ImagePullBackOff'), [`Critical pod-image-pull ${web}`]],
    ['an image name that is wrong', waiting('InvalidImageName'), [`Critical pod-image-pull ${web}`]],
    ['a missing ConfigMap', waiting('CreateContainerConfigError'), [`Critical pod-container-config ${web}`]],
    ['a container that is just created', waiting('ContainerCreating'), []],
    ['a reason that is a property of every object', waiting('constructor'), []],
    ['no node', aPod(scheduled('Unschedulable')), [`Critical pod-unschedulable ${web}`]],
    ['a scheduling gate', aPod(scheduled('SchedulingGated')), []],
    ['not ready for ten minutes', aPod(ready(10)), [`Warning pod-not-ready ${web}`]],
    ['not ready for a minute', aPod(ready(1)), []],
    ['out of memory', aPod({}, {}, { lastState: ended('OOMKilled', 10), restartCount: 1 }), [`Warning pod-out-of-memory ${web}`]],
    ['out of memory two hours ago', aPod({}, {}, { lastState: ended('OOMKilled', 120), restartCount: 1 }), []],
    ['many restarts', aPod({}, {}, { lastState: ended('Error', 20), restartCount: 9 }), [`Warning pod-restarting ${web}`]],
    [
      'a crash loop between two restarts',
      aPod({}, {}, { state: ended('Error', 0), restartCount: 1 }),
      [`Critical pod-crash-looping ${web}`],
    ],
    [
      'a crash loop that just runs',
      aPod({}, {}, { lastState: ended('Error', 1), restartCount: 3 }),
      [`Critical pod-crash-looping ${web}`],
    ],
    ['one restart', aPod({}, {}, { lastState: ended('Error', 1), restartCount: 1 }), []],
    ['evicted', aPod({ phase: 'Failed', reason: 'Evicted' }), [`Warning pod-failed ${web}`]],
    ['deleted an hour ago', aPod({}, { deletionTimestamp: ago(60) }), [`Warning pod-stuck-terminating ${web}`]],
    ['deleted just now', aPod({}, { deletionTimestamp: ago(1) }), []],
    [
      'a Pod without an owner',
      { ...waiting('CrashLoopBackOff'), metadata: { name: 'p', namespace: 'shop' } },
      ['Critical pod-crash-looping Pod/p'],
    ],
    [
      'a failed Pod of a Job, which is reported with the Job',
      aPod(
        { phase: 'Failed' },
        { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'j', controller: true }] },
      ),
      [],
    ],
  ];
  for (const [name, pod, expected] of rows) it(`finds ${name}`, () => assert.deepEqual(brief(podFindings([pod], NOW)), expected));

  it('is one finding for a workload, with the number of its Pods', () => {
    const many = Array.from({ length: 100 }, (_, at) =>
      aPod({}, { name: `web-${at}` }, { state: { waiting: { reason: 'CrashLoopBackOff' } } }),
    );
    const [finding, ...rest] = podFindings(many, NOW);
    assert.deepEqual([finding?.count, finding?.evidence.length, rest.length], [100, 3, 0]);
  });
});

describe('The health of other objects', () => {
  const stalled = { conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'late' }] };
  const quota = (used: string, hard: string) => an('ResourceQuota', { status: { hard: { pods: hard }, used: { pods: used } } });
  const budget = (currentHealthy: number, desiredHealthy: number, disruptionsAllowed: number, expectedPods: number) =>
    an('PodDisruptionBudget', { status: { currentHealthy, desiredHealthy, disruptionsAllowed, expectedPods } });
  const job = (minutes: number) =>
    an('Job', {
      status: {
        conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', lastTransitionTime: ago(minutes) }],
      },
    });
  const node = (conditions: object[], spec = {}) => an('Node', { spec, status: { conditions } });
  const isReady = { type: 'Ready', status: 'True' };
  const daemons = (numberUnavailable: number) => ({
    ...an('DaemonSet', { status: { desiredNumberScheduled: 3, numberUnavailable } }),
  });
  const rows: [string, Finding[], string[]][] = [
    ['a Deployment that is well', workloadFindings([aDeployment()]), []],
    ['a Deployment of no replicas', workloadFindings([aDeployment({ availableReplicas: 0 }, { replicas: 0 })]), []],
    ['a rollout that does not go on', workloadFindings([aDeployment(stalled)]), ['Critical rollout-stalled Deployment/web']],
    ['no replica', workloadFindings([aDeployment({ availableReplicas: 0 })]), ['Critical workload-unavailable Deployment/web']],
    [
      'one replica too few',
      workloadFindings([aDeployment({ availableReplicas: 1 })]),
      ['Warning workload-unavailable Deployment/web'],
    ],
    [
      'a change that nobody has seen',
      workloadFindings([aDeployment({}, {}, { generation: 2 })]),
      ['Warning rollout-not-observed Deployment/web'],
    ],
    ['a paused rollout', workloadFindings([aDeployment({}, { paused: true })]), ['Info rollout-paused Deployment/web']],
    ['a DaemonSet that is well', workloadFindings([daemons(0)]), []],
    ['a DaemonSet that misses a Pod', workloadFindings([daemons(1)]), ['Warning workload-unavailable DaemonSet/x']],
    ['a budget that is met', budgetFindings([budget(3, 2, 1, 3)]), []],
    ['a budget that is not met', budgetFindings([budget(1, 2, 0, 3)]), ['Warning budget-not-met PodDisruptionBudget/x']],
    ['a budget that blocks drains', budgetFindings([budget(2, 2, 0, 2)]), ['Info budget-blocks-drains PodDisruptionBudget/x']],
    ['a budget without Pods', budgetFindings([budget(0, 0, 0, 0)]), ['Info budget-without-pods PodDisruptionBudget/x']],
    ['a quota with room', quotaFindings([quota('5', '10')]), []],
    ['a quota that is nearly used', quotaFindings([quota('9500m', '10')]), ['Info quota-nearly-exhausted ResourceQuota/x']],
    ['a quota that is used up', quotaFindings([quota('1Gi', '1024Mi')]), ['Warning quota-exhausted ResourceQuota/x']],
    ['a quota that forbids', quotaFindings([quota('0', '0')]), []],
    ['a quota that cannot be read', quotaFindings([quota('1', 'many')]), ['Warning quota-unreadable ResourceQuota/x']],
    [
      'a claim without a volume',
      claimFindings([an('PersistentVolumeClaim', { status: { phase: 'Pending' } })], NOW),
      ['Warning claim-pending PersistentVolumeClaim/x'],
    ],
    [
      'a claim that lost its volume',
      claimFindings([an('PersistentVolumeClaim', { status: { phase: 'Lost' } })], NOW),
      ['Critical claim-lost PersistentVolumeClaim/x'],
    ],
    ['a claim with a volume', claimFindings([an('PersistentVolumeClaim', { status: { phase: 'Bound' } })], NOW), []],
    ['a Job that failed', jobFindings([job(30)], NOW), ['Warning job-failed Job/x']],
    ['a Job that failed two days ago', jobFindings([job(2880)], NOW), []],
    [
      'a CronJob that is suspended',
      jobFindings([an('CronJob', { spec: { suspend: true } })], NOW),
      ['Info cronjob-suspended CronJob/x'],
    ],
    ['a node that is well', nodeFindings([node([isReady])]), []],
    ['a node that is not ready', nodeFindings([node([{ ...isReady, status: 'Unknown' }])]), ['Critical node-not-ready Node/x']],
    ['a node that reports nothing', nodeFindings([node([])]), ['Critical node-not-ready Node/x']],
    [
      'a node with a full disk',
      nodeFindings([node([isReady, { type: 'DiskPressure', status: 'True' }])]),
      ['Warning node-pressure Node/x'],
    ],
    ['a cordoned node', nodeFindings([node([isReady], { unschedulable: true })]), ['Info node-cordoned Node/x']],
    [
      'a namespace that does not end',
      phaseFindings([an('Namespace', {}, { deletionTimestamp: ago(60) })], NOW),
      ['Warning namespace-stuck-terminating Namespace/x'],
    ],
    ['a Warning Event', eventFindings([anEvent()], HOUR, NOW), ['Warning event-warning Pod/web-5d4f-abcde']],
    [
      'a Warning Event that was seen once',
      eventFindings([anEvent({ deprecatedCount: 1 })], HOUR, NOW),
      ['Info event-warning Pod/web-5d4f-abcde'],
    ],
    ['an Event before the window', eventFindings([anEvent({ deprecatedLastTimestamp: ago(90) })], HOUR, NOW), []],
    ['a Normal Event', eventFindings([anEvent({ type: 'Normal' })], HOUR, NOW), []],
  ];
  for (const [name, findings, expected] of rows) it(`finds ${name}`, () => assert.deepEqual(brief(findings), expected));
});

describe('A poisoned text of the cluster', () => {
  const read = (text: string) =>
    conclude({
      report: 'NamespaceHealth',
      subject: { kind: 'Namespace', name: 'shop' },
      createdAt: new Date(NOW).toISOString(),
      unread: [],
      findings: [
        ...podFindings(
          [
            aPod(
              {},
              {},
              {
                state: { waiting: { reason: 'CrashLoopBackOff', message: text } },
                lastState: { terminated: { message: text, exitCode: 1 } },
              },
            ),
          ],
          NOW,
        ),
        ...podFindings([aPod({ phase: 'Failed', message: text })], NOW),
        ...workloadFindings([aDeployment({ conditions: [{ type: 'Progressing', status: 'False', message: text }] })]),
        ...eventFindings([anEvent({ note: text }), anEvent({ note: text, type: 'Normal' })], HOUR, NOW),
      ],
    });
  const plain = read('plain');
  for (const [name, poison] of Object.entries(poisons))
    it(`changes no finding: ${name}`, () => {
      const report = read(poison);
      assert.deepEqual(brief(report.findings), brief(plain.findings));
      assert.equal(report.conclusion, 'Critical');
      assert.deepEqual(parseReport(JSON.stringify(report)), report);
    });
  for (const [name, poison] of Object.entries(poisons))
    it(`causes no finding in a healthy namespace: ${name}`, () => {
      const findings = [
        ...podFindings(
          [aPod({ message: poison, reason: poison }, {}, { state: { waiting: { reason: poison, message: poison } } })],
          NOW,
        ),
        ...eventFindings([anEvent({ type: 'Normal', note: poison, reason: poison })], HOUR, NOW),
      ];
      assert.deepEqual(findings, []);
    });
});
