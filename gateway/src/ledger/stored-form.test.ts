import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { AnyObject } from '@sentinel/kube';
import type { ClaimRequest } from './claim.ts';
import { isBlockedOtherwise } from './claim.ts';
import { claimName, claimObject, endObject, readAction, readClaim } from './claim-object.ts';
import { fromPlain, pack, toPlain, unpack } from './codec.ts';
import type { Sending } from './entry.ts';

describe('A payload of the ledger', () => {
  // What does not compress, so that it takes several parts.
  const value = { text: randomBytes(1_200_000).toString('base64'), absent: undefined };

  it('comes back as it was, from parts that one object each can hold', () => {
    const { digest, parts } = pack(value);
    assert.ok(parts.length > 1 && parts.every(({ length }) => length <= 700 * 1024));
    assert.deepEqual(unpack(digest, parts), { text: value.text });
  });

  const { digest, parts } = pack(value);
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = parts;
  const altered = Buffer.from(first);
  altered[100] = (altered[100] ?? 0) ^ 1;
  const broken: Record<string, readonly Buffer[]> = {
    'without a part': parts.slice(1),
    'without its last part': parts.slice(0, -1),
    'without any part': [],
    'whose parts are in another order': [second, first, ...parts.slice(2)],
    'with a part twice': [first, ...parts],
    'with a bit that changed': [altered, ...parts.slice(1)],
  };
  for (const [what, given] of Object.entries(broken))
    it(`is not read ${what}`, () => assert.throws(() => unpack(digest, given), /an entry of the ledger is not complete/));

  it('is not unpacked into more than was ever packed', () => {
    const bomb = gzipSync(Buffer.alloc(129 * 1024 * 1024, ' '));
    assert.throws(() => unpack(createHash('sha256').update(bomb).digest('hex'), [bomb]), /larger than/);
  });

  it('keeps a write as it was sent, its bytes included', () => {
    const body = Buffer.from([0, 255, 10, 200]);
    const sending = {
      request: { version: 'v1', base: 'pods', body, query: new Map([['fieldManager', 'kubectl']]) },
      preconditions: { uid: 'u' },
      change: [],
      promised: null,
    } as unknown as Sending;
    const { digest: of, parts: kept } = pack(toPlain(sending));
    assert.deepEqual(fromPlain(unpack(of, kept)), sending);
  });
});

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
