import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plan, planSpec, playbook } from './decide.fixture.ts';
import { rollsBack } from './rollback.ts';

describe('A run that fails is rolled back', () => {
  const none = { ...plan, spec: { ...planSpec, rollback: { from: 'None' as const } } };
  it('where its plan says so, whatever the Playbook says', () => {
    assert.equal(rollsBack({ plan, playbook: undefined }), true);
    assert.equal(rollsBack({ plan: none, playbook }), false);
  });
  it('where the Playbook says so when the plan is gone, and never when both are', () => {
    assert.equal(rollsBack({ plan: undefined, playbook }), true);
    assert.equal(rollsBack({ plan: undefined, playbook: undefined }), false);
  });
});
