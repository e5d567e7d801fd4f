import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlanDraft } from '@sentinel/crds';
import type { PolicySet } from '@sentinel/policy';
import { aConfigMapEffect, aPolicySet } from '@sentinel/policy/testing';
import type { SealedRecording } from './sealed-recording.ts';
import { bytesToStore, withinQuota } from './store-within-quota.ts';

const policies = aPolicySet();
const effect = (name: string, text: string) => {
  const { index: _, ...made } = aConfigMapEffect({ verb: 'create', name, change: [{ path: '/data', after: text }] });
  return made;
};
const recording = (more: Partial<SealedRecording> = {}): SealedRecording => ({
  action: { namespace: 'shop', name: 'a', uid: 'u', generation: 1 },
  job: 'j',
  sealedAt: 0,
  account: 'remediator',
  effects: [effect('a', 'x'.repeat(5000)), effect('b', 'y'.repeat(5000))],
  notObservable: ['x'],
  draft: { plan: { says: 'x'.repeat(2000) } } as unknown as PlanDraft,
  ...more,
});

describe('What a rehearsal recorded', () => {
  it('is stored whole if there is room for it, its plan and the parts of its plan', () => {
    const parts = [{ number: 1, changes: 'z'.repeat(3000) }] as unknown as NonNullable<SealedRecording['parts']>;
    const whole = recording({ parts });
    const asked: [string, number][] = [];
    const reserve = (_: PolicySet, namespace: string, bytes: number) => void asked.push([namespace, bytes]);
    assert.deepEqual(withinQuota(whole, policies, { reserve }), whole);
    assert.deepEqual(asked, [['shop', bytesToStore(whole)]]);
    assert.ok(bytesToStore(whole) > 10_000 + 2 * (2000 + 3000), `${bytesToStore(whole)}`);
  });

  it('is stored as one effect without content and the reason if there is none, so that it is not taken for no change', () => {
    const { draft, parts, fault, effects, notObservable } = withinQuota(recording(), policies, {
      reserve: () => 'exceeded quota',
    });
    assert.deepEqual([draft, parts, fault], [undefined, undefined, 'there is no room to store it: exceeded quota']);
    const { change: _, ...first } = effect('a', '');
    assert.deepEqual(effects, [first]);
    assert.deepEqual(notObservable, []);
  });

  it('takes no room where it comes to no plan', () => {
    const reserve = () => assert.fail('nothing must be reserved');
    const { draft: _, ...made } = recording();
    const held = withinQuota({ ...made, fault: 'it was edited' }, undefined, { reserve });
    assert.equal(held.fault, 'it was edited');
    assert.ok(JSON.stringify(held).length < 1000);
    assert.deepEqual(withinQuota(recording({ effects: [] }), undefined, { reserve }).effects, []);
  });
});
