import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction } from '@sentinel/crds';
import { conclude, type Finding, type Moment, parseReport } from '@sentinel/findings';
import { poisons } from '@sentinel/findings/testing';
import { clusterLines, readLines } from '../logs/index.ts';
import { aDeployment, ago, anEvent, NOW } from '../objects.fixture.ts';
import {
  actionFindings,
  actionMoments,
  changeBeforeTrouble,
  decisionMoments,
  eventMoments,
  hasOnlyRead,
  isActive,
  logMoments,
  rolloutMoments,
} from './index.ts';

const window = { from: NOW - 3_600_000, to: NOW };
const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd', controller: true };
const replicaSet = (minutes: number, revision: string) => ({
  ...aDeployment(),
  kind: 'ReplicaSet',
  metadata: {
    name: `web-${revision}`,
    namespace: 'shop',
    creationTimestamp: ago(minutes),
    ownerReferences: [owner],
    annotations: { 'deployment.kubernetes.io/revision': revision },
  },
});
const digest = `sha256:${'0'.repeat(64)}`;

/** An action that ada approved and that was rolled back. */
function anAction(status: object = {}, words = 'Set another image', metadata: object = {}): AgentAction {
  const record = (sequence: number, minutes: number, transition: string, actor: string, summary: string) => ({
    sequence,
    previous: digest,
    hash: digest,
    time: ago(minutes),
    transition,
    actor,
    summary,
    action: 'a',
  });
  return {
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'AgentAction',
    metadata: { name: 'set-image-1', namespace: 'shop', creationTimestamp: ago(30), ...metadata },
    spec: { intent: { summary: words }, playbookRef: { name: 'set-image' } },
    status: {
      conditions: [
        { type: 'Succeeded', status: 'False', reason: 'RolledBack', message: 'verification failed', lastTransitionTime: ago(20) },
      ],
      finishedAt: ago(20),
      decisions: [
        { user: 'ada', decision: 'approve', time: ago(28), plan: digest, comment: words, counts: true },
        { user: 'bob', decision: 'approve', time: ago(27), plan: digest, counts: false, why: 'he is the requester' },
      ],
      outbox: {
        sequence: 2,
        exported: 0,
        head: digest,
        records: [record(1, 26, 'RunStarted', 'operator', 'the run began'), record(2, 20, 'Ended', 'operator', words)],
      },
      ...status,
    },
  } as unknown as AgentAction;
}
const brief = (moments: readonly Moment[]) =>
  moments.map(
    ({ time, source, object, actor, text }) =>
      `${time.slice(11, 16)} ${source} ${object.kind}/${object.name} ${actor ?? '-'} ${text}`,
  );
const checks = (findings: readonly Finding[]) => findings.map(({ severity, check }) => `${severity} ${check}`);

describe('A timeline', () => {
  it('has Warning Events, where they were seen first and last', () =>
    assert.deepEqual(brief(eventMoments([anEvent(), anEvent({ type: 'Normal' })], window)), [
      '11:40 Event Pod/web-5d4f-abcde - BackOff: Back-off restarting failed container',
      '11:50 Event Pod/web-5d4f-abcde - BackOff: Back-off restarting failed container',
    ]));
  it('has the rollouts of the window', () =>
    assert.deepEqual(brief(rolloutMoments([replicaSet(25, '2'), replicaSet(600, '1')], window)), [
      '11:35 Rollout Deployment/web - revision 2 began',
    ]));
  it('has the first error of each kind', () => {
    const log = readLines(`${ago(15)} ERROR a\n${ago(14)} ERROR a\n${ago(90)} ERROR b`, 'p', 'c');
    const subject = { kind: 'Deployment', name: 'web' };
    assert.deepEqual(brief(logMoments(subject, clusterLines(log), window)), ['11:45 Log Deployment/web - ERROR a']);
  });
  it('has the transitions of actions, with who caused them', () =>
    assert.deepEqual(brief(actionMoments([anAction()], window)), [
      '11:34 Action AgentAction/set-image-1 operator RunStarted: the run began',
      '11:40 Action AgentAction/set-image-1 operator Ended: Set another image',
    ]));
  it('has the decisions, with who decided what, and whether it counts', () =>
    assert.deepEqual(brief(decisionMoments([anAction()], window)), [
      '11:32 Decision AgentAction/set-image-1 ada approve: Set another image',
      '11:33 Decision AgentAction/set-image-1 bob approve (does not count: he is the requester)',
    ]));
  it('leaves out Events about actions, which repeat their records', () =>
    assert.deepEqual(eventMoments([anEvent({ regarding: { kind: 'AgentAction', name: 'x' } })], window), []));
  it('leaves out actions that have only read', () => {
    const state = (reason: string, more: object = {}) =>
      anAction({ conditions: [{ type: 'Succeeded', reason }], decisions: [], finishedAt: undefined, ...more });
    const rows: [AgentAction, boolean][] = [
      [state('NoEffect', { finishedAt: ago(1) }), true],
      [state('Rehearsing'), true],
      [state('AwaitingApproval', { plan: {} }), false],
      [state('Rehearsing', { decisions: [{}] }), false],
      [state('Denied', { finishedAt: ago(1) }), false],
      [anAction(), false],
    ];
    for (const [action, expected] of rows) assert.equal(hasOnlyRead(action), expected);
  });
  it('leaves out actions that did not move in the window', () => {
    assert.equal(isActive(anAction(), window), true);
    assert.equal(
      isActive(anAction({ finishedAt: ago(600), outbox: undefined }, 'x', { creationTimestamp: ago(600) }), window),
      false,
    );
  });
});

describe('The change before the first trouble', () => {
  const trouble = eventMoments([anEvent()], window);
  const rows: [string, Moment[], string | undefined][] = [
    ['is a rollout', [...trouble, ...rolloutMoments([replicaSet(25, '2')], window)], 'Deployment/web'],
    [
      'is the last one',
      [...rolloutMoments([replicaSet(25, '2')], window), ...actionMoments([anAction()], window), ...trouble],
      'Deployment/web',
    ],
    ['is the run of an action', [...actionMoments([anAction()], window), ...trouble], 'AgentAction/set-image-1'],
    ['is nothing that came after it', [...trouble, ...rolloutMoments([replicaSet(5, '2')], window)], undefined],
    ['is nothing without trouble', rolloutMoments([replicaSet(25, '2')], window), undefined],
  ];
  for (const [name, moments, expected] of rows)
    it(name, () => {
      const finding = changeBeforeTrouble(moments);
      assert.equal(finding && `${finding.object.kind}/${finding.object.name}`, expected);
    });
});

describe('The actions of an incident', () => {
  const state = (reason: string, status: object = {}) => ({
    conditions: [{ type: 'Succeeded', reason }],
    decisions: [],
    ...status,
  });
  const rows: [string, AgentAction, string[]][] = [
    ['one that succeeded', anAction(state('Succeeded')), []],
    ['one that found nothing to change', anAction(state('NoEffect')), []],
    ['one that was rolled back', anAction(state('RolledBack')), ['Warning action-not-succeeded']],
    ['one that waits', anAction(state('AwaitingApproval', { finishedAt: undefined })), ['Info action-open']],
    ['a decision that does not count', anAction(), ['Warning action-not-succeeded', 'Info decision-not-counted']],
    [
      'a write whose outcome is unknown',
      anAction(state('Succeeded', { unknownEffects: [{}] })),
      ['Critical action-effect-unknown'],
    ],
    ['a record that was cut', anAction(state('Succeeded', { shortened: ['older audit records'] })), ['Warning record-shortened']],
    ['one without a status', { ...anAction(), status: undefined } as unknown as AgentAction, ['Info action-open']],
  ];
  for (const [name, action, expected] of rows)
    it(`are reported: ${name}`, () => assert.deepEqual(checks(actionFindings([action])), expected));
});

describe('A poisoned text in a record or an Event', () => {
  const read = (text: string) => {
    const actions = [anAction({}, text)];
    const timeline = [
      ...eventMoments([anEvent({ note: text, reason: text.slice(0, 128) })], window),
      ...rolloutMoments([replicaSet(25, '2')], window),
      ...actionMoments(actions, window),
      ...decisionMoments(actions, window),
    ];
    const findings = [...actionFindings(actions), ...[changeBeforeTrouble(timeline) ?? []].flat()];
    const subject = { kind: 'Namespace', name: 'shop' };
    return conclude({
      report: 'IncidentReport',
      subject,
      createdAt: new Date(NOW).toISOString(),
      findings,
      timeline,
      unread: [],
    });
  };
  const plain = read('plain');
  const facts = ({ timeline = [] }: ReturnType<typeof read>) =>
    timeline.map(({ time, source, object, actor }) => [time, source, object.name, actor]);
  for (const [name, poison] of Object.entries({ ...poisons, 'a change that never was': 'RunStarted: the run began' }))
    it(`changes neither who did what nor a finding: ${name}`, () => {
      const report = read(poison);
      assert.deepEqual(checks(report.findings), checks(plain.findings));
      assert.deepEqual(facts(report), facts(plain));
      assert.deepEqual(
        report.findings.map(({ object }) => object),
        plain.findings.map(({ object }) => object),
      );
      assert.deepEqual(parseReport(JSON.stringify(report)), report);
    });
});
