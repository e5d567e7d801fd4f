import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compileCommands } from '../commands/index.ts';
import { aPlaybookSpec } from '../testing/playbook.fixture.ts';
import { agentPolicy, aPolicySet } from '../testing/policies.fixture.ts';
import { asksOf, judgeStep } from './steps.ts';

it('A rule that requires approval requires it in the checks of a Playbook as well', () => {
  const policy = agentPolicy({ commands: [{ prefix: ['helm'], decision: 'RequireApproval' }] });
  const commands = compileCommands({ name: 'AgentPolicy/p', commands: policy.spec?.commands, hostExecutables: undefined });
  const set = aPolicySet([{ ...policy, commands }]);
  const playbook = aPlaybookSpec({
    steps: [{ name: 'one', command: ['kubectl', 'get', 'pods'] }],
    verify: [{ name: 'check', command: ['helm', 'list'] }],
  });
  assert.match(asksOf(set, playbook, {}).join(), /step 'check': 'helm list' needs approval by 'helm'/);
});

it('A step may set a locale that reads bytes as any does, and asks for others', () => {
  const set = aPolicySet();
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
