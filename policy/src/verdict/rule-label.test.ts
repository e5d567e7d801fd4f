import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ruleLabel } from './rule-label.ts';

describe('The label of a rule', () => {
  const labels: Record<string, string> = {
    modes: 'modes',
    'commands[3]': 'commands',
    'commands.unmatched': 'commands',
    'dangerous.rm-rf': 'dangerous',
    'kubernetes[0]': 'kubernetes',
    'limits.storage': 'limits.storage',
    'limits.perDay': 'limits.perDay',
    'limits.revisions': 'limits.revisions',
    'reasons.approvals.ticket': 'reasons',
    'limits.something-else': 'limits',
    'protected own-kinds': 'protected.own-kinds',
    'protected something-else': 'protected',
    'identity.agents.requireOnBehalfOf': 'identity',
    'playbooks.trustedOnly': 'playbooks',
    'sandboxes are shared between namespaces': 'limits.sandboxes',
    'storage is shared between namespaces': 'limits.storage',
    'freeze[12]': 'freeze',
  };
  for (const [rule, label] of Object.entries(labels))
    it(`is ${label} for '${rule}'`, () => assert.equal(ruleLabel({ rule }), label));

  it('is never what somebody chose', () => {
    assert.equal(ruleLabel({ rule: 'parameters[my-secret]' }), 'parameters');
    for (const rule of ['', 'x[1]', 'someName', '../etc', 'constructor', 'toString']) assert.equal(ruleLabel({ rule }), 'other');
  });
});
