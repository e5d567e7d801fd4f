import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ACT_SEAL_DETAIL, ACTS_HEAD, type Act, digestOf, type JournaledAct, verifyChain } from '@sentinel/crds';
import type { AnyObject, KubeObject } from '@sentinel/kube';
import { CONFIRM_WITHIN_MS } from './judge-act.ts';
import { ActRecorder } from './record-acts.ts';
import { readTrail } from './trail.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const spec = { suspended: true };

/** An act as the webhook wrote it down, with its number. */
const act = (number: number, more: Partial<Act> = {}): JournaledAct => ({
  transitions: ['PolicySuspended'],
  time: new Date(NOW).toISOString(),
  user: 'ada',
  uid: '',
  groups: [],
  kind: 'AgentPolicy',
  namespace: 'shop',
  name: 'p',
  object: 'u',
  generation: number,
  digest: digestOf(spec),
  sealed: { number, previous: `sha256:${number - 1}`, facts: 'f', key: 'k', seal: 's' },
  ...more,
});

function recorderOf(acts: Readonly<Record<string, JournaledAct>>, live: { generation: number; spec: object }) {
  const journal = {
    [ACTS_HEAD]: 'kept',
    ...Object.fromEntries(Object.entries(acts).map(([id, one]) => [id, JSON.stringify(one)])),
  };
  const state: { journal: Record<string, string>; trail: Record<string, string>; now: number } = { journal, trail: {}, now: NOW };
  const map = (name: string, data: object): AnyObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, uid: name },
    data,
  });
  const policy = { metadata: { name: 'p', uid: 'u', generation: live.generation }, spec: live.spec } as unknown as KubeObject;
  const client: Record<string, unknown> = {
    until: () => client,
    get: async (_: unknown, { name }: { name: string }) => {
      if (name === 'sentinel-acts') return map(name, { ...state.journal });
      return name === 'sentinel-acts-trail' ? map(name, { ...state.trail }) : policy;
    },
    replace: async (_: unknown, object: AnyObject) => {
      state.trail = object.data as Record<string, string>;
    },
    patch: async (_: unknown, __: unknown, { data }: { data: Record<string, null> }) => {
      for (const id of Object.keys(data)) delete state.journal[id];
    },
  };
  const events: string[] = [];
  const recorder = new ActRecorder({
    client: client as never,
    sink: undefined,
    events: {
      record: async ({ reason }: { reason: string }) => {
        events.push(reason);
        return { ok: true };
      },
    } as never,
    logger: { warn: () => {} } as never,
    clock: { now: () => state.now } as never,
  });
  const told = () => {
    const { records, sequence, head } = readTrail(state.trail);
    assert.deepEqual(verifyChain(records, { sequence, hash: head }), []);
    return records.map(({ transition, details = [] }) => {
      const sealed = details.find(({ name }) => name === ACT_SEAL_DETAIL)?.value;
      return `${transition} ${sealed === undefined ? '-' : (JSON.parse(sealed) as { number: number }).number}`;
    });
  };
  return { state, recorder, told, events };
}

describe('The recorder of acts', () => {
  it('records what is sealed in the order of the numbers, and leaves the last number alone', async () => {
    const { state, recorder, told } = recorderOf({ b: act(2), a: act(1), c: act(3) }, { generation: 4, spec: {} });
    await recorder.reconcile(new AbortController().signal);
    assert.deepEqual(told(), ['PolicySuspended 1', 'PolicySuspended 2', 'PolicySuspended 3']);
    assert.deepEqual(Object.keys(state.journal), [ACTS_HEAD]);
  });

  it('lets the others wait behind one that is not seen yet, and then reports all', async () => {
    const later = act(2, { generation: 1, digest: digestOf(spec) });
    const { state, recorder, told } = recorderOf({ a: act(1, { generation: 9 }), b: later }, { generation: 1, spec });
    assert.notEqual(await recorder.reconcile(new AbortController().signal), undefined);
    assert.deepEqual(told(), []);
    state.now += CONFIRM_WITHIN_MS;
    await recorder.reconcile(new AbortController().signal);
    assert.deepEqual(told(), ['PolicySuspended 1', 'PolicySuspended 2']);
  });

  it('tells that an act was asked for again, because its number must not be missing', async () => {
    const again = act(2, { generation: 1 });
    const { recorder, told, events, state } = recorderOf({ a: act(1), b: again }, { generation: 2, spec });
    await recorder.reconcile(new AbortController().signal);
    assert.deepEqual(told(), ['PolicySuspended 1', 'ActRepeated 2']);
    assert.deepEqual(events, ['PolicySuspended']);
    assert.deepEqual(Object.keys(state.journal), [ACTS_HEAD]);
  });

  it('records an entry once, also where it could not be taken out', async () => {
    const acts = { a: act(1) };
    const { state, recorder, told } = recorderOf(acts, { generation: 2, spec });
    await recorder.reconcile(new AbortController().signal);
    state.journal.a = JSON.stringify(acts.a);
    await recorder.reconcile(new AbortController().signal);
    assert.deepEqual(told(), ['PolicySuspended 1']);
  });

  it('does not let what the operator wrote down itself wait for what is sealed', async () => {
    const { sealed: _, ...own } = act(1, { transitions: ['PolicyCreated'], user: 'unknown', digest: digestOf({}) });
    const { recorder, told } = recorderOf({ x: own, a: act(1, { generation: 9 }) }, { generation: 1, spec: {} });
    assert.ok(await recorder.reconcile(new AbortController().signal), 'nothing waits');
    assert.deepEqual(told(), ['PolicyCreated -']);
  });
});
