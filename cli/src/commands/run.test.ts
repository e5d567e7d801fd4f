import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AgentActionSpec } from '@sentinel/crds';
import { ok, refusal, runAgainst } from '../../test/fake-cluster.ts';
import { actionFor, parameter } from './run.ts';

const run = ['run', 'set-image', '--summary', 'Set the image'];

describe('run', () => {
  it('creates an action whose name begins with that of the Playbook', () => {
    const action = actionFor('shop', { playbook: 'set-image' }, { summary: 'Set the image', param: ['image=a=b', 'empty='] });
    assert.match(action.metadata.name, /^set-image-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.deepEqual(action.spec.parameters, [
      { name: 'image', value: 'a=b' },
      { name: 'empty', value: '' },
    ]);
    assert.ok(AgentActionSpec.safeParse(action.spec).success);
  });

  it('keeps a generated name within what an action may be called', () => {
    const { name } = actionFor('shop', { playbook: `${'a'.repeat(93)}-${'b'.repeat(60)}` }, { summary: 's' }).metadata;
    assert.ok(name.length <= 100);
    assert.doesNotMatch(name, /--/);
  });

  it('reads parameters', () => {
    for (const text of ['', '=x', 'name']) assert.throws(() => parameter(text), /NAME=VALUE/);
  });

  const wrong: readonly [name: string, argv: string[], expected: RegExp][] = [
    ['neither a Playbook nor a command', ['run', '--summary', 's'], /name a Playbook, or give a command/],
    ['both a Playbook and a command', [...run, '--', 'kubectl', 'get', 'pods'], /not both/],
    ['two Playbooks', ['run', 'one', 'two', '--summary', 's'], /only one Playbook is allowed; leave out 'two'/],
    [
      'a command without an account',
      ['run', '--summary', 's', '--image', 'i', '--', 'ls'],
      /--account and --image are required when a command follows --/,
    ],
    ['an account for a Playbook', [...run, '--account', 'a'], /a Playbook has its own/],
    [
      'a parameter for a command',
      ['run', '--summary', 's', '--account', 'a', '--image', 'i', '--param', 'a=b', '--', 'ls'],
      /--param is only allowed with a Playbook/,
    ],
    ['an empty person', [...run, '--on-behalf-of', ''], /--on-behalf-of must be the user name of a person/],
    ['no summary', ['run', 'set-image'], /--summary/],
    ['an empty summary', ['run', 'set-image', '--summary', ' '], /1 to 512/],
    ['an unknown mode', [...run, '--mode', 'Force'], /Apply or DryRun/],
    ['a parameter that is given twice', [...run, '--param', 'a=1', '--param', 'a=2'], /given twice/],
    ['a name that no action can have', [...run, '--name', 'A/b'], /is not a valid name for an action/],
    ['a name that is too long', [...run, '--name', 'a'.repeat(101)], /at most 100/],
    ['--timeout without --wait', [...run, '--timeout', '5m'], /--timeout is only allowed with --wait/],
    ['a time that is not valid', [...run, '--wait', '--timeout', 'soon'], /--timeout must be a time/],
    ['an unknown format', [...run, '-o', 'xml'], /no output format 'xml'/],
    ['an unknown flag', [...run, '--force'], /unknown option '--force'/],
    ['an unknown command', ['destroy'], /unknown command 'destroy'/],
  ];
  for (const [name, argv, expected] of wrong)
    it(`refuses ${name}`, async () => {
      const ran = await runAgainst(() => undefined, argv);
      assert.equal(ran.code, 2);
      assert.match(ran.error, expected);
      assert.equal(ran.out, '');
      assert.deepEqual(ran.requests, []);
    });

  it('prints what was created', async () => {
    const ran = await runAgainst(({ body }) => ok(JSON.parse(String(body))), [...run, '--name', 'one', '--mode', 'DryRun']);
    assert.equal(ran.out, 'agentaction.sentinel.dev/one created\n');
    assert.equal((JSON.parse(String(ran.requests[0]?.body)) as { spec: { mode: string } }).spec.mode, 'DryRun');
  });

  it('says for whom the agent acts', async () => {
    const ran = await runAgainst(({ body }) => ok(JSON.parse(String(body))), [...run, '--on-behalf-of', 'bea@acme.io']);
    const { spec } = JSON.parse(String(ran.requests[0]?.body)) as { spec: AgentActionSpec };
    assert.deepEqual(spec.onBehalfOf, { user: 'bea@acme.io' });
    assert.ok(AgentActionSpec.safeParse(spec).success);
  });

  it('files ad-hoc steps, as a part of another action', async () => {
    const own = [
      'run',
      '--summary',
      's',
      '--account',
      'ops',
      '--image',
      'tools',
      '--parent',
      'whole',
      '--',
      'kubectl',
      'get',
      '-o',
      'json',
    ];
    const ran = await runAgainst(({ body }) => ok(JSON.parse(String(body))), own);
    assert.equal(ran.error, '');
    const { spec } = JSON.parse(String(ran.requests[0]?.body)) as { spec: AgentActionSpec };
    assert.deepEqual(spec.steps, [{ name: 'command', command: ['kubectl', 'get', '-o', 'json'] }]);
    assert.deepEqual([spec.account, spec.image, spec.intent.parentAction], ['ops', 'tools', 'whole']);
    assert.ok(AgentActionSpec.safeParse(spec).success);
  });

  it('says when Sentinel is not installed', async () => {
    const ran = await runAgainst(() => refusal(404, 'NotFound', 'the server could not find the requested resource'), run);
    assert.equal(ran.code, 1);
    assert.match(ran.error, /Sentinel is not installed/);
  });
});
