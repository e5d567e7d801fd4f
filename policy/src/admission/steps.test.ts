import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AgentPolicySpec, PlaybookSpec } from '@sentinel/crds';
import { compileCommands } from '../commands/index.ts';
import { asksOf, judgeStep } from './steps.ts';

it('A rule that wants a person asks for one in the checks of a Playbook as well', () => {
  const spec = AgentPolicySpec.parse({ commands: [{ prefix: ['helm'], decision: 'RequireApproval' }] });
  const commands = compileCommands({ name: 'AgentPolicy/p', commands: spec.commands, hostExecutables: undefined });
  const set = {
    policies: [{ kind: 'AgentPolicy' as const, name: 'p', digest: '', spec, commands }],
    environment: undefined,
    refusals: [],
  };
  const playbook = PlaybookSpec.parse({
    category: 'Other',
    description: 'x',
    account: 'a',
    sandbox: { image: 'i' },
    steps: [{ name: 'one', command: ['kubectl', 'get', 'pods'] }],
    verify: [{ name: 'check', command: ['helm', 'list'] }],
  });
  assert.match(asksOf(set, playbook, []).join(), /step 'check': 'helm list' needs approval by 'helm'/);
});

it('A step may set a locale that reads bytes as any does, and asks for others', () => {
  const set = { policies: [], environment: undefined, refusals: [] };
  const decided = (value: string) =>
    [
      { command: ['sort', 'names'], env: [{ name: 'LC_ALL', value }] },
      { command: ['env', `LC_ALL=${value}`, 'sort', 'names'] },
    ].map((step) => judgeStep(set, step).decision);
  assert.deepEqual(['C', 'en_US.UTF-8', 'zh_CN.GBK'].map(decided), [
    ['Allow', 'Allow'],
    ['Allow', 'Allow'],
    ['RequireApproval', 'RequireApproval'],
  ]);
});
