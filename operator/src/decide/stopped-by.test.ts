import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AgentAction } from '@sentinel/crds';
import { stoppedBy } from './stopped-by.ts';

const action = (spec: object, metadata: object = {}) =>
  ({ metadata: { annotations: { 'sentinel.dev/cancelled-by': '{"user":"sid"}' }, ...metadata }, spec }) as unknown as AgentAction;

it('Who cancels an action is told with what they wrote', () => {
  assert.deepEqual(stoppedBy({ action: action({ cancelled: true, cancelComment: 'wrong cluster' }), deletedBy: undefined }), {
    why: 'the action was cancelled by sid',
    actor: 'sid',
    comment: 'wrong cluster',
  });
  const deleted = action({ cancelled: true, cancelComment: 'x' }, { deletionTimestamp: 'now' });
  assert.equal(stoppedBy({ action: deleted, deletedBy: 'dan' })?.comment, undefined);
  assert.equal(stoppedBy({ action: action({ cancelled: false }), deletedBy: undefined }), undefined);
});
