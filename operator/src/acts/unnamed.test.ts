import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ActKind } from '@sentinel/crds';
import type { Delta, KubeObject } from '@sentinel/kube';
import { changeOf } from './unnamed.ts';

const object = (generation: number, spec: object = {}, more: object = {}) =>
  ({ apiVersion: '', kind: '', metadata: { name: 'x', uid: 'u', generation }, spec, ...more }) as KubeObject;
const retired = { status: { outbox: { records: [{ transition: 'Retired' }] } } };
const on = { suspended: true };

const rows: readonly [what: string, kind: ActKind, delta: Delta<KubeObject>, expected: string | undefined][] = [
  ['a policy appears', 'AgentPolicy', { type: 'add', object: object(1) }, 'PolicyCreated'],
  ['a policy is edited', 'AgentPolicy', { type: 'update', object: object(2), old: object(1) }, 'PolicyEdited'],
  ['a policy is suspended', 'AgentPolicy', { type: 'update', object: object(2, on), old: object(1) }, 'PolicySuspended'],
  ['a policy is lifted', 'ClusterAgentPolicy', { type: 'update', object: object(2), old: object(1, on) }, 'PolicyLifted'],
  ['the status of a policy changes', 'AgentPolicy', { type: 'update', object: object(1), old: object(1) }, undefined],
  ['a policy is gone', 'ClusterAgentPolicy', { type: 'delete', object: object(1) }, 'PolicyDeleted'],
  ['a Playbook is edited', 'Playbook', { type: 'update', object: object(2), old: object(1) }, undefined],
  ['a Playbook is gone', 'Playbook', { type: 'delete', object: object(1) }, 'PlaybookDeleted'],
  ['an action is gone', 'AgentAction', { type: 'delete', object: object(1) }, 'ActionDeleted'],
  ['an action is gone that was kept long enough', 'AgentAction', { type: 'delete', object: object(1, {}, retired) }, undefined],
];

describe('The act that a change must have', () => {
  for (const [what, kind, delta, expected] of rows)
    it(`when ${what}: ${expected ?? 'none'}`, () => assert.equal(changeOf(kind, delta)?.transitions[0], expected));
});
