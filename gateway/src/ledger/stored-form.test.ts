import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnyObject } from '@sentinel/kube';
import type { ClaimRequest } from './claim.ts';
import { isBlockedOtherwise } from './claim.ts';
import { claimName, claimObject, endObject, readAction, readClaim } from './claim-object.ts';

describe('The claim of a run', () => {
  const action = { namespace: 'shop', name: 'restart', uid: 'a1' };
  const plan = { digest: 'sha256:aa', effects: 2, risk: 'High', rollback: 'PreImages', checks: 1 } as const;
  const request: ClaimRequest = {
    jobUid: 'j1',
    podUid: 'p1',
    replica: { address: '10.0.0.7', process: 'x' },
    action,
    account: 'remediator',
    now: 1_700_000_000_000,
  };
  const stored = (data: object): AnyObject =>
    ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'claim-j1', resourceVersion: '7' }, data }) as unknown as AnyObject;

  it('has one name for an action, whatever Job or plan asks for it, and that of its end is the same', () => {
    const name = claimName({ ...request, plan });
    assert.match(name, /^claim-[0-9a-f]{40}$/);
    assert.equal(claimName({ ...request, jobUid: 'j2', plan: { ...plan, digest: 'sha256:bb' } }), name);
    assert.equal(endObject(action, request.replica, 1).metadata.name, name);
    // Another action that has the name of one that is gone.
    assert.notEqual(claimName({ ...request, action: { ...action, uid: 'a2' }, plan }), name);
  });

  it('of a rehearsal or of checks is one for each Job', () => {
    assert.deepEqual([claimName(request), claimName({ ...request, jobUid: 'j2', verifies: 'j1' })], ['claim-j1', 'claim-j2']);
    assert.equal('sentinel.dev/ledger' in claimObject(request).metadata.labels, false);
    assert.equal(claimObject({ ...request, plan }).metadata.labels['sentinel.dev/ledger'], 'open-run');
  });

  it('is read as it was written', () => {
    const { metadata, data } = claimObject({ ...request, plan });
    assert.deepEqual(readClaim({ ...stored(data), metadata: { ...metadata, resourceVersion: '7' } }), {
      name: metadata.name,
      action,
      account: 'remediator',
      job: 'j1',
      pod: 'p1',
      replica: '10.0.0.7',
      process: 'x',
      blocked: undefined,
      blockedByUnknown: false,
      plan: 'sha256:aa',
      effects: 2,
      risk: 'High',
      rollback: 'PreImages',
      checks: 1,
      verifies: undefined,
      closed: false,
      endedWell: false,
      rollingBack: false,
      over: undefined,
      claimedAt: 1_700_000_000_000,
      version: '7',
    });
    assert.equal(readClaim(stored(claimObject({ ...request, verifies: 'j0' }).data)).verifies, 'j0');
  });

  it('of an action that has ended is closed, and has no plan', () => {
    const claim = readClaim(stored(endObject(action, request.replica, 5).data));
    assert.deepEqual([claim.closed, claim.plan, claim.action, claim.claimedAt, claim.job], [true, undefined, action, 5, 'none']);
  });

  it('of an older version says nothing of checks', () => {
    const { checks: _, ...older } = claimObject({ ...request, plan }).data as Record<string, string>;
    assert.equal(readClaim(stored(older)).checks, undefined);
  });

  const { data } = claimObject({ ...request, plan });
  for (const field of ['job', 'pod', 'replica', 'process', 'account', 'action', 'actionUid'])
    it(`is not read without ${field}`, () => {
      for (const value of [undefined, ''])
        assert.throws(() => readClaim(stored({ ...data, [field]: value })), /the claim claim-j1 cannot be parsed/);
    });
  it('is not read from an object without data, nor for an action without its namespace', () => {
    assert.throws(() => readClaim({ ...stored({}), data: undefined }), /cannot be parsed/);
    for (const name of ['restart', '/restart', 'shop/']) assert.equal(readAction({ action: name, actionUid: 'a1' }), undefined);
  });

  it('says for which reason it is blocked', () => {
    const blocked = (more: object) => readClaim(stored({ ...data, ...more }));
    assert.equal(isBlockedOtherwise(blocked({})), false);
    assert.equal(isBlockedOtherwise(blocked({ blocked: 'x', blockedBy: 'OutcomeUnknown' })), false);
    assert.equal(isBlockedOtherwise(blocked({ blocked: 'x' })), true);
    assert.equal(isBlockedOtherwise(blocked({ blocked: 'x', blockedBy: 'Other' })), true);
  });
});
