import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { action, decision, facts, NOW, policies } from './decide.fixture.ts';
import { decideOnReview } from './review.ts';

const MINUTE = 60_000;

describe('An approval that runs out while its run is held back', () => {
  const frozen = policies({ freeze: [{ schedule: '0 12 * * *', duration: '12h', reason: 'holidays' }] });
  const held = (minutes: number, of = action('Starting', { approvals: decision() })) =>
    decideOnReview(facts(of, { policies: frozen, now: NOW + minutes * MINUTE }));

  it('is looked at when it does, not when the hold ends', () => {
    const step = held(1);
    assert.equal(step.kind, 'Wait');
    assert.equal(step.kind === 'Wait' && step.requeueAfterMs, 58 * MINUTE);
    assert.match((step.kind === 'Wait' && step.why) || '', /nothing starts before .*: holidays/);
  });

  it('is what its end says', () => {
    const step = held(60);
    assert.deepEqual([step.kind, step.kind === 'End' && step.state], ['End', 'Expired']);
    assert.match((step.kind === 'End' && step.message) || '', /^approved by ada, but the approval expired/);
  });

  it('says how many approvals were given if they were not enough', () => {
    const two = policies({ approvals: [{ upToRisk: 'High', approvals: 2, expiresAfter: '1h' }] });
    const of = action('AwaitingApproval', { approvals: decision() });
    const step = decideOnReview(facts(of, { policies: two, now: NOW + 57 * MINUTE }));
    assert.match(
      (step.kind === 'End' && step.message) || JSON.stringify(step),
      /^1 of 2 approvals were given within 1h\. Create the action again\./,
    );
  });

  it('is told from an action on which nobody decided', () => {
    const step = held(60, action('AwaitingApproval'));
    assert.match((step.kind === 'End' && step.message) || '', /^nobody decided within 1h\./);
  });
});
