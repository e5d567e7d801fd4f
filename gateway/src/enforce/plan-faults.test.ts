import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ActionPlan, type AgentAction, digestOf } from '@sentinel/crds';
import { changesBetween } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import { request } from '../effect/request.fixture.ts';
import { recordingDigest, type SealedRecording } from '../rehearse/sealed-recording.ts';
import { planFaults } from './plan-faults.ts';

const effect = describeEffect(request(), {
  name: 'web',
  uid: 'u',
  changes: changesBetween({ spec: { replicas: 1 } }, { spec: { replicas: 2 } }),
});
const recording: SealedRecording = {
  action: { namespace: 'shop', name: 'fix', uid: 'a', generation: 3 },
  job: 'rehearsal-1',
  account: 'remediator',
  effects: [effect],
  shown: [{ ...effect, index: 0 }],
  reads: ['get deployments.apps'],
  notObservable: ['A list showed the live state.'],
};
const action = { metadata: { name: 'fix', namespace: 'shop', uid: 'a', generation: 3 }, spec: { mode: 'Apply' } } as AgentAction;
const spec = {
  action: { name: 'fix', uid: 'a', generation: 3 },
  account: 'remediator',
  recording: { job: 'rehearsal-1', digest: recordingDigest(recording) },
  effects: [{ ...effect, index: 0 }],
  notObservable: ['A list showed the live state.'],
} as unknown as ActionPlan['spec'];
const faults = (more: object = {}, asked: object = {}, kept: SealedRecording | undefined = recording) =>
  planFaults({ ...action, ...asked } as AgentAction, { spec: { ...spec, ...more } } as ActionPlan, kept).join('; ');

describe('A plan that an operator made', () => {
  it('is believed when it is what the gateway recorded', () => assert.equal(faults(), ''));
  const harmless = { ...effect, index: 0, change: [{ path: '/metadata/labels/note', after: '"harmless"' }] };
  const forged: Readonly<Record<string, readonly [object, object, RegExp]>> = {
    'for another account': [{ account: 'root' }, {}, /names the account 'root', but 'remediator' was rehearsed/],
    'that shows a harmless change beside the digest of another': [{ effects: [harmless] }, {}, /not those that were recorded/],
    'with another digest of a change': [
      { effects: [{ ...effect, index: 0, changeDigest: digestOf('evil') }] },
      {},
      /not those that were recorded/,
    ],
    'with an effect more': [{ effects: [...spec.effects, { ...effect, index: 1 }] }, {}, /not those that were recorded/],
    'that says of itself that it can be restored': [
      { effects: [{ ...effect, index: 0, reversible: false }] },
      {},
      /not those that were recorded/,
    ],
    'for another action': [{ action: { ...spec.action, uid: 'b' } }, {}, /for another action/],
    'for another generation': [{}, { metadata: { ...action.metadata, generation: 4 } }, /another generation/],
    'for a dry-run': [{}, { spec: { mode: 'DryRun' } }, /is a DryRun/],
    'with the recording of another rehearsal': [
      { recording: { ...spec.recording, job: 'rehearsal-2' } },
      {},
      /recording of another rehearsal/,
    ],
    'with another recording': [{ recording: { job: 'rehearsal-1', digest: digestOf('x') } }, {}, /another recording/],
    'that leaves out what was not observable': [{ notObservable: [] }, {}, /leaves out what could not be observed/],
    'that leaves out one gap of two': [{ notObservable: ['Another one.'] }, {}, /leaves out what could not be observed/],
    'that keeps to itself what was not announced': [{ undeclared: ['x'] }, {}, /not announced/],
    'without a recording': [{ recording: undefined }, {}, /names no recording/],
  };
  for (const [name, [more, asked, message]] of Object.entries(forged))
    it(`is not believed ${name}`, () => assert.match(faults(more, asked), message));
  it('is not believed when the gateway keeps no recording', () =>
    assert.match(planFaults(action, { spec } as ActionPlan, undefined).join(), /names no recording/));
});
