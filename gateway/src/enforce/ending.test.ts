import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction } from '@sentinel/crds';
import type { Parent } from '@sentinel/policy';
import type { GatheredFacts } from './gather-facts.ts';
import { endingOf } from './permission.ts';

const parent: Parent = {
  name: 'whole',
  uid: 'p',
  requester: { user: 'agent', groups: [] },
  mode: 'Apply',
  end: undefined,
  cancelled: false,
  lineage: [],
};

describe('A part of another action', () => {
  // An operator that lies leaves the lineage out of the status; the uid is what the gateway read in the rehearsal.
  const action = { metadata: { name: 'part' }, spec: { mode: 'Apply', cancelled: false }, status: {} } as AgentAction;
  const ending = (of: Parent | undefined, uid: string | undefined) => endingOf({ action, parent: of } as GatheredFacts, uid);

  it('goes on with it', () => assert.equal(ending(parent, 'p'), undefined));
  it('ends with it, whatever the status says of its lineage', () => {
    assert.match(ending({ ...parent, cancelled: true }, 'p') ?? '', /its parent action 'whole' was cancelled/);
    assert.match(ending(undefined, 'p') ?? '', /no longer exists/);
    assert.match(ending({ ...parent, uid: 'another of its name' }, 'p') ?? '', /no longer exists/);
  });
  it('is undefined without a parent', () => assert.equal(ending(undefined, undefined), undefined));
});
