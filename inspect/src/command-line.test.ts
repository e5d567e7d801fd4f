import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commands, readCommandLine } from './command-line.ts';
import { withFix } from './make-report.ts';
import { aDeployment } from './objects.fixture.ts';
import { selectorText } from './read/read-workload.ts';
import { newestHash } from './reports/workload-logs.ts';

describe('The command line', () => {
  it('is read', () => {
    const line = readCommandLine([
      'logs',
      '--since=30m',
      '--workload=deployment/web',
      '--namespaces=a,b',
      '--certificates=c',
      '--fix=x=y',
      '--fix=z=w',
    ]);
    assert.equal(line.make, commands.logs);
    assert.deepEqual(
      [line.windowMs, line.workload, line.namespaces, line.certificates],
      [1_800_000, 'deployment/web', ['a', 'b'], ['c']],
    );
    assert.deepEqual(
      [...line.fixes],
      [
        ['x', 'y'],
        ['z', 'w'],
      ],
    );
  });
  it('has no workload if the parameter is empty', () =>
    assert.equal(readCommandLine(['timeline', '--workload=']).workload, undefined));
  for (const [name, argv, message] of [
    ['no command', [], /is not a command/],
    ['a property of every object', ['constructor'], /is not a command/],
    ['an unknown option', ['namespace', '--write'], /--write/],
    ['an argument', ['namespace', 'shop'], /shop/],
    ['no duration', ['namespace', '--since=soon'], /--since must be a duration/],
    ['a duration of years', ['namespace', '--since=999d'], /at most 30 days/],
    ['a fix of a path', ['namespace', '--fix=x=../y'], /--fix must be/],
  ] as const)
    it(`is refused with ${name}`, () => assert.throws(() => readCommandLine(argv), message));
});

describe('A suggestion', () => {
  const finding = {
    check: 'pod-image-pull',
    severity: 'Critical',
    object: { kind: 'Pod', name: 'p' },
    summary: 's',
    evidence: [],
  } as const;
  const one = { ...finding, evidence: [], suggestion: { text: 'Set another image.' } };
  it('names the Playbook that the author named for the check', () =>
    assert.deepEqual(withFix(one, new Map([['pod-image-pull', 'set-image']])).suggestion, {
      text: 'Set another image.',
      playbook: 'set-image',
    }));
  it('names no other one', () => assert.equal(withFix(one, new Map([['job-failed', 'x']])).suggestion?.playbook, undefined));
});

describe('The Pods of a workload', () => {
  it('are selected as the workload selects them', () => {
    const matchExpressions = [
      { key: 'tier', operator: 'In', values: ['a', 'b'] },
      { key: 'old', operator: 'DoesNotExist' },
    ];
    assert.equal(selectorText({ matchLabels: { app: 'web' }, matchExpressions }), 'app=web,tier in (a,b),!old');
  });
  it('are never all Pods of the namespace', () => {
    assert.throws(() => selectorText({}), /empty selector/);
    assert.throws(() => selectorText({ matchExpressions: [{ key: 'a', operator: 'Near' }] }), /is not known/);
  });
  it('are of the newest revision by the number of its ReplicaSet', () => {
    const set = (revision: string, uid = 'd') =>
      aDeployment(
        {},
        {},
        {
          labels: { 'pod-template-hash': `h${revision}` },
          annotations: { 'deployment.kubernetes.io/revision': revision },
          ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid }],
        },
      );
    assert.equal(newestHash(aDeployment(), [set('9'), set('10'), set('11', 'another')]), 'h10');
    assert.equal(newestHash(aDeployment(), []), undefined);
  });
});
